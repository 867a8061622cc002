#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Calls a control socket every 5 ms, as an innocent client, and prints its longest wait in ms on
SIGTERM.

usage: wait.py SOCKET
"""

import signal
import socket
import sys
import time


def main():
    longest, stopped = 0, []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(sys.argv[1])
        lines = control.makefile("rb")
        while not stopped:
            time.sleep(0.005)
            begin = time.monotonic()
            control.sendall(b'{"jsonrpc":"2.0","id":1,"method":"version"}\n')
            assert b'"result"' in lines.readline()
            longest = max(longest, time.monotonic() - begin)
    print("%.1f" % (longest * 1000))


if __name__ == "__main__":
    main()
