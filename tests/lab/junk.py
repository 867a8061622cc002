#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Floods an interface with IGMP messages of one type, and prints the frames per second.

usage: junk.py INTERFACE TYPE SOURCE DESTINATION SECONDS
"""

import ipaddress
import socket
import struct
import sys
import time

from frames import checksum


def message(kind, source, destination):
    igmp = bytes([kind, 0, 0, 0]) + ipaddress.ip_address("239.1.1.1").packed
    igmp = igmp[:2] + struct.pack("!H", checksum(igmp)) + igmp[4:]
    header = struct.pack("!BBHHHBBH4s4s4s", 0x46, 0xC0, 24 + len(igmp), 0, 0, 1, socket.IPPROTO_IGMP,
                         0, source.packed, destination.packed, b"\x94\x04\0\0")
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    mac = b"\x01\x00\x5e" + bytes([destination.packed[1] & 0x7F]) + destination.packed[2:]
    return (mac + b"\x02\x00\x00\x00\x00\x50\x08\x00" + header + igmp).ljust(60, b"\0")


def main():
    interface, kind, source, destination, seconds = sys.argv[1:]
    data = message(int(kind, 0), ipaddress.ip_address(source), ipaddress.ip_address(destination))
    start, sent = time.monotonic(), 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((interface, 0))
        while (elapsed := time.monotonic() - start) < float(seconds):
            for _ in range(64):
                try:
                    raw.send(data)
                except OSError:  # the queue is full
                    time.sleep(0.0001)
            sent += 64
    print(int(sent / elapsed))


if __name__ == "__main__":
    main()
