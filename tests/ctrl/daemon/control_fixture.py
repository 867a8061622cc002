# SPDX-License-Identifier: BSD-3-Clause
"""Clients of a daemon's control socket, line by line, and what the daemon uses meanwhile."""

import contextlib
import json
import os
import socket

from daemon_fixture import PATIENCE, Skip

NOBODY = 65534


@contextlib.contextmanager
def user(uid, gid=NOBODY, groups=()):
    """Sockets connect as another user. sluiced sees who connected, whoever uses the socket later."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    before = os.getgroups()
    os.setgroups(list(groups))
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


class Client:
    def __init__(self, daemon, path=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path or daemon.socket)
        self.lines = self.socket.makefile("r")

    def send(self, value):
        text = value if isinstance(value, str) else json.dumps(value)
        self.socket.sendall(text.encode() + b"\n")

    def read(self):
        line = self.lines.readline()
        assert line, "the daemon has closed the connection"
        return json.loads(line)

    def call(self, method, **params):
        self.send(request(method, **params))
        answer = self.read()
        assert "result" in answer, answer
        return answer["result"]

    def ask(self, method, **params):
        """The result or the error, which may be the daemon's last word, said before it was asked."""
        with contextlib.suppress(BrokenPipeError):
            self.send(request(method, **params))
        answer = self.read()
        return answer.get("result"), answer.get("error")

    def refused(self, method, **params):
        """The name of the error and its text."""
        _, error = self.ask(method, **params)
        assert error, "%s %s is not refused" % (method, params)
        return error["data"]["errno"], error["message"]

    def close(self):
        self.lines.close()
        self.socket.close()


def request(method, id=1, **params):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def notification(method, **params):
    return {"jsonrpc": "2.0", "method": method, "params": params}


def group(number):
    return "239.%d.%d.%d" % (1 + (number >> 16), number >> 8 & 255, number & 255)


def join(client, n, **params):
    for first in range(0, n, 5000):
        client.send([request("group.join", group=group(i), **params)
                     for i in range(first, min(n, first + 5000))])
        for answer in client.read():
            assert "result" in answer, answer


def cpu_seconds(daemon):
    with open("/proc/%d/task/%d/schedstat" % (daemon.process.pid, daemon.process.pid)) as file:
        return int(file.read().split()[0]) / 1e9


def memory_mib(daemon):
    with open("/proc/%d/status" % daemon.process.pid) as file:
        for line in file:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
