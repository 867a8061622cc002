#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The client of the control socket in a program without DPDK, against a real sluiced.

usage: client_test.py SLUICED SLUICE CONFIGURATIONS PROGRAM (in TAP)
"""

import json
import os
import socket
import subprocess
import sys
import threading

PROGRAM = sys.argv.pop()
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from daemon_fixture import PATIENCE, Daemon, equal, run, run_tests, test, wait_until  # noqa: E402

TO_IN, TO_EX = 3, 4  # RFC 9776 section 4.2.13
GROUP = "239.1.1.7"


class Program:
    """PROGRAM on a control socket, which executes commands line by line."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [PROGRAM, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def tell(self, command):
        self.process.stdin.write(command + "\n")

    def says(self, *lines):
        equal([self.process.stdout.readline().rstrip("\n") for _ in lines], list(lines))

    def end(self):
        self.process.stdin.close()
        equal(self.process.wait(timeout=PATIENCE), 0)


class Proxy:
    """Forwards the bytes of one connection and records the methods that are called."""

    def __init__(self, path, daemon):
        self.methods = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.daemon = daemon
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.daemon)
        threading.Thread(target=self.answers, args=(server, client), daemon=True).start()
        for line in client.makefile():
            self.methods.append(json.loads(line)["method"])
            server.sendall(line.encode())
        server.close()

    @staticmethod
    def answers(server, client):
        while data := server.recv(65536):
            client.sendall(data)


@test("the program needs no library of DPDK, and has no function of it")
def no_dpdk():
    needed = run("readelf", "-d", PROGRAM).stdout
    assert "libjansson" in needed, needed
    libraries = run("ldd", PROGRAM).stdout
    assert "libc.so" in libraries, libraries
    symbols = run("nm", PROGRAM).stdout
    assert " connection_call" in symbols, symbols
    for text in (needed, libraries):
        assert "librte" not in text, text
    equal([line for line in symbols.splitlines() if " rte_" in line], [])


@test("promise 4: a program without DPDK joins and gets events; when it ends its groups are left")
def join_and_leave():
    with Daemon("") as d, Program(d.socket) as program:
        program.says("open 0")
        program.tell("join_async " + GROUP)
        program.says("join_async %s 0" % GROUP, "event pending %s 0" % GROUP,
                     "event joined %s 0" % GROUP)
        program.tell("join 239.1.1.8")
        program.says("join 239.1.1.8 0", "event pending 239.1.1.8 0", "event joined 239.1.1.8 0")
        equal(sorted(d.groups()), [GROUP, "239.1.1.8"])
        program.tell("leave " + GROUP)
        program.says("ended " + GROUP, "leave %s 0" % GROUP, "event left %s 0" % GROUP)
        program.tell("leave " + GROUP)
        program.says("leave %s EADDRNOTAVAIL" % GROUP)
        program.tell("join 232.1.1.1")
        program.says("join 232.1.1.1 EINVAL")
        program.end()
        wait_until(lambda: d.groups() == {}, "the leave at the end of the program")
        d.stop()
        equal(list(dict.fromkeys(d.records())),  # without the repeats
              [(TO_EX, GROUP), (TO_EX, "239.1.1.8"), (TO_IN, GROUP), (TO_IN, "239.1.1.8")])


@test("when sluiced ends, the groups are reported as lost, and calls fail")
def daemon_goes():
    with Daemon("") as d, Program(d.socket) as program:
        program.says("open 0")
        program.tell("join_async " + GROUP)
        program.says("join_async %s 0" % GROUP, "event pending %s 0" % GROUP,
                     "event joined %s 0" % GROUP)
        d.process.kill()
        program.says("event error %s EPIPE" % GROUP, "event error all EPIPE")
        program.tell("join " + GROUP)
        program.says("join %s EPIPE" % GROUP)
        program.end()


@test("without sluiced the program gets an error")
def nobody():
    with Program("/nonexistent/sluice.sock") as program:
        program.says("open ENOENT")


@test("each leave is a single request")
def one_request():
    with Daemon("") as d:
        proxy = Proxy(d.dir + "/proxy", d.socket)
        with Program(d.dir + "/proxy") as program:
            program.says("open 0")
            program.tell("join " + GROUP)
            program.says("join %s 0" % GROUP, "event pending %s 0" % GROUP,
                         "event joined %s 0" % GROUP)
            program.tell("join " + GROUP)
            program.says("join %s 0" % GROUP)
            del proxy.methods[:]
            program.tell("leave " + GROUP)
            program.says("leave %s 0" % GROUP)
            program.tell("leave " + GROUP)
            program.says("ended " + GROUP, "leave %s 0" % GROUP, "event left %s 0" % GROUP)
            equal(proxy.methods, ["group.leave", "group.leave"])
            program.end()


if __name__ == "__main__":
    sys.exit(run_tests())
