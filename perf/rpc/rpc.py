#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a call on the control socket of sluiced costs.

usage: rpc.py SLUICED [ROUNDS]

Two daemons run beside each other, one with 1,000 groups and one with 200,000. Each round measures both, one after
the other; the medians over all rounds are printed. The time is what the control thread runs, as the scheduler
counts it, so that neither this script nor another program on the machine is part of it.

page	group.list with a limit of 100: the first page, and the one that follows it
join	1,000 joins of new groups, as one batch and as 1,000 pipelined calls, on the same daemon
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """
socket: {dir}/socket
eal: ["--no-huge", "--no-shconf", "-m", "160", "--no-pci", "--no-telemetry", "--lcores", "0@0,1@1"]
lcores: {{control: 0, workers: [1]}}
ports:
  - {{name: in0, device: "net_null0,no-rx=1"}}
interfaces:
  - {{name: tv, port: in0, addresses: [10.9.0.2/24]}}
"""
FEW, MANY, JOINS, LIMIT = 1000, 200000, 1000, 100


def call(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def line(message):
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def group(network, number):
    return "239.%d.%d.%d" % (network + number // 65536, number // 256 % 256, number % 256)


class Daemon:
    def __init__(self, sluiced, groups):
        self.directory = tempfile.TemporaryDirectory(prefix="sluice-rpc-")
        with open(self.directory.name + "/yaml", "w") as file:
            file.write(CONFIGURATION.format(dir=self.directory.name))
        self.process = subprocess.Popen(
            [sluiced, "--config", self.directory.name + "/yaml", "--log-level", "error"],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.directory.name + "/socket")
        for first in range(0, groups, 1000):
            self.ask(line([call(i, "group.join", group=group(1, i)) for i in range(first, first + 1000)]))

    def close(self):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()

    def ran(self):
        """Seconds that the control thread has run."""
        with open("/proc/%d/task/%d/schedstat" % (self.process.pid, self.process.pid)) as file:
            return int(file.read().split()[0]) / 1e9

    def ask(self, request, answers=1):
        """Sends the request and waits for so many lines. Returns the seconds it ran, and the last part."""
        begin = self.ran()
        sent = 0
        while answers > 0:
            # The daemon does not read on while its answers wait, so that both go on in turns.
            if sent < len(request):
                sent += self.socket.send(request[sent:sent + 65536])
                if sent < len(request):
                    try:
                        part = self.socket.recv(1 << 20, socket.MSG_DONTWAIT)
                        answers -= part.count(b"\n")
                    except BlockingIOError:
                        pass
                    continue
            part = self.socket.recv(1 << 20)
            assert part, "the daemon has hung up"
            answers -= part.count(b"\n")
        time.sleep(0.001)  # until it sleeps, when its time is counted
        return self.ran() - begin, part

    def pages(self):
        first, text = self.ask(line(call(1, "group.list", limit=LIMIT)))
        after = int(text[text.rindex(b':') + 1:].strip(b"}\n"))
        second, _ = self.ask(line(call(1, "group.list", limit=LIMIT, after=after)))
        return {"first": first, "second": second}

    def joins(self):
        joins = [call(i, "group.join", group=group(100, i)) for i in range(JOINS)]
        leaves = line([call(i, "group.leave", group=group(100, i)) for i in range(JOINS)])
        seconds = {}
        for way in ("batch", "pipelined"):
            request = line(joins) if way == "batch" else b"".join(line(join) for join in joins)
            seconds[way], _ = self.ask(request, 1 if way == "batch" else JOINS)
            self.ask(leaves)
        return seconds


def main():
    sluiced, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    daemons = {FEW: Daemon(sluiced, FEW), MANY: Daemon(sluiced, MANY)}
    seen = {}
    try:
        # Pages first: joins and leaves cause later work, such as repeats, which must not count as theirs.
        for measure in (Daemon.pages, Daemon.joins):
            for _ in range(rounds):
                for groups, daemon in daemons.items():
                    for what, seconds in measure(daemon).items():
                        seen.setdefault((groups, what), []).append(seconds)
    finally:
        for daemon in daemons.values():
            daemon.close()
    medians = {key: statistics.median(values) for key, values in seen.items()}
    for what in ("first", "second"):
        few, many = medians[FEW, what], medians[MANY, what]
        print("page, %-6s %7.3f ms with %d groups, %7.3f ms with %d: %.2f times" % (
            what, few * 1e3, FEW, many * 1e3, MANY, many / few))
    for groups in (FEW, MANY):
        batch, single = medians[groups, "batch"], medians[groups, "pipelined"]
        print("join, %6d groups: %6.2f us in a batch of %d, %6.2f us pipelined: %.2f times" % (
            groups, batch / JOINS * 1e6, JOINS, single / JOINS * 1e6, batch / single))


main()
