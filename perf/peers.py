#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares a worker of Sluice with other programs on DPDK that do the same.

All programs receive the same repeated capture on the same core, in buffers of the same size. They drop
the frames, or send them by one or two ports that discard them. All are started, and take turns: one
runs while the others are stopped. The frames of a turn are read from the port counters on DPDK's
telemetry socket, in the same way for each program.
"""
import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

START_SECONDS = 20  # until a program answers and has received frames
SETTLE_SECONDS = 0.05  # the start of a turn, which is not measured
TURN_SECONDS = 0.2
GROUPS = ("239.1.0.1", "1000")
# The groups of DPDK's ipv4_multicast that go to its ports 2 and 3 among others.
EXAMPLE_GROUPS = ("224.0.0.112", "4")
OUTPUT = "net_null{},no-rx=1"
TARGETS = {"replicate2.ipv4_multicast": 2.5}

# Included before the source of the example. The null ports used here do not support the segments that
# the example requests, and do not need them. Its buffers get the size of those of the other programs.
EXAMPLE_HEADER = """
#include <rte_ethdev.h>
#undef RTE_ETH_TX_OFFLOAD_MULTI_SEGS
#define RTE_ETH_TX_OFFLOAD_MULTI_SEGS 0
#include <rte_mbuf.h>
#undef RTE_MBUF_DEFAULT_BUF_SIZE
#define RTE_MBUF_DEFAULT_BUF_SIZE 320
"""


class Failure(Exception):
    """A program did not run."""


class Program:
    """A program that is stopped between its turns. It receives by the first of its ports."""

    def __init__(self, name, command, devices, options, scratch, ports=None, lcores="0@0,1@1"):
        self.name = name
        self.ports = ports or range(len(devices))
        self.log = os.path.join(scratch, name + ".log")
        eal = ["--no-huge", "--no-shconf", "-m", "256", "--no-pci", "--file-prefix", name]
        eal += ["--lcores", lcores]
        for device in devices:
            eal += ["--vdev", device]
        with open(self.log, "w") as log:
            # testpmd ends with its standard input.
            self.process = subprocess.Popen(
                [command, *eal, "--", *options], stdin=subprocess.PIPE, stdout=log, stderr=log,
                env=dict(os.environ, RUNTIME_DIRECTORY=scratch))
        self.path = os.path.join(scratch, "dpdk", name, "dpdk_telemetry.v2")
        self.socket = None

    def fail(self, what):
        with open(self.log) as log:
            raise Failure(f"{self.name} {what}\n{log.read()}")

    def wait(self):
        """Waits until the program sends frames, and stops it."""
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, KeyError, TypeError):
                if not self.socket:
                    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    connection.settimeout(START_SECONDS)
                    connection.connect(self.path)
                    connection.recv(1024)
                    self.socket = connection
                if self.frames(self.ports[-1]) > 0:
                    self.process.send_signal(signal.SIGSTOP)
                    return
            time.sleep(0.02)
        self.fail("does not run")

    def frames(self, port):
        """Returns the number of frames received by the first port, or sent by another one."""
        self.socket.send(f"/ethdev/stats,{port}".encode())
        stats = json.loads(self.socket.recv(16384))["/ethdev/stats"]
        return stats["ipackets" if port == self.ports[0] else "opackets"]

    def turn(self):
        """Runs the program for one turn. Returns nanoseconds per frame."""
        self.process.send_signal(signal.SIGCONT)
        time.sleep(SETTLE_SECONDS)
        counts, times = [], []
        for seconds in (TURN_SECONDS, 0):
            before = time.monotonic()
            counts.append(self.frames(self.ports[0]))
            times.append((before + time.monotonic()) / 2)
            time.sleep(seconds)
        self.process.send_signal(signal.SIGSTOP)
        return 1e9 * (times[1] - times[0]) / (counts[1] - counts[0])

    def check(self):
        """Checks that every port has sent the received frames, except for the most recent ones."""
        self.process.send_signal(signal.SIGCONT)
        counts = [self.frames(port) for port in self.ports]
        if min(counts) < 0.98 * counts[0]:
            self.fail(f"lost frames: {counts[0]} received, {counts[1:]} sent")

    def end(self):
        if self.socket:
            self.socket.close()
        self.process.send_signal(signal.SIGCONT)
        # A shell starts background processes, and so their children, with SIGINT ignored.
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()


class Run:
    """The programs of a run and their results."""

    def __init__(self, options, scratch):
        self.build, self.rounds, self.scratch = options.build, options.rounds, scratch
        self.result = {"quartiles": {}, "ns": {}, "at least": {}, "not measured": {}}
        self.missed = False

    def capture(self, name, first, groups):
        path = os.path.join(self.scratch, name + ".pcap")
        subprocess.run(
            [os.path.join(self.build, "sluice-load"), "--first", first, "--groups", groups,
             "--order", "uniform", "--count", "1000", "net_pcap0,tx_pcap=" + path],
            check=True, stdout=subprocess.DEVNULL)
        return f"net_pcap0,rx_pcap={path},infinite_rx=1"

    def sluice(self, name, source, outputs, *options):
        devices = [source] + [OUTPUT.format(i) for i in range(outputs)]
        return Program(name, os.path.join(self.build, "sluice-pcap"), devices, options, self.scratch)

    def testpmd(self, mode, source, outputs):
        command = shutil.which("dpdk-testpmd")
        if not command:
            self.skip(f"testpmd {mode}", "there is no dpdk-testpmd (Debian package dpdk-dev)")
            return None
        devices = [source] + [OUTPUT.format(i) for i in range(outputs)]
        return Program(mode, command, devices,
                       ["--forward-mode=" + mode, "--mbuf-size=320", "--total-num-mbufs=8192",
                        "--no-lsc-interrupt"], self.scratch)

    def example(self, source, folder):
        name = "ipv4_multicast"
        if not folder:
            self.skip("replicate2." + name, "no --ipv4-multicast DIR with the source of the example")
            return None
        header, command = (os.path.join(self.scratch, name + end) for end in (".h", ".bin"))
        with open(header, "w") as file:
            file.write(EXAMPLE_HEADER)
        flags = {what: subprocess.run(["pkg-config", what, "libdpdk"], check=True, text=True,
                                      stdout=subprocess.PIPE).stdout.split()
                 for what in ("--cflags", "--libs")}
        subprocess.run(["cc", "-O3", "-DALLOW_EXPERIMENTAL_API", *flags["--cflags"], "-include", header,
                        os.path.join(folder, "main.c"), "-o", command, *flags["--libs"]], check=True)
        # The example does not use ports 0 and 1. Ports 2 and 3 are the outputs, 4 is the source.
        devices = ["net_null0", "net_null1", OUTPUT.format(2), OUTPUT.format(3), source]
        return Program(name, command, devices, ["-p", "1c", "-q", "3"], self.scratch,
                       ports=(4, 2, 3), lcores="0@1")

    def skip(self, name, why):
        self.result["not measured"][name] = why
        print(f"{name}: not measured: {why}")

    def turns(self, bench, programs):
        """Runs the programs in turns. Returns {name of the program: nanoseconds per frame of each turn}."""
        programs = [program for program in programs if program]
        times = {program.name: [] for program in programs}
        try:
            for program in programs:
                program.wait()
            for _ in range(self.rounds):
                for program in programs:
                    times[program.name].append(program.turn())
            for program in programs:
                program.check()
        finally:
            for program in programs:
                program.end()
        for name, ns in times.items():
            low, median, high = statistics.quantiles(ns, method="inclusive")
            self.result["ns"][f"{bench}.{name}"] = {"1k": [low, median, high]}
            print(f"  {bench + '.' + name:24} {median:9.2f} ns ({low:.2f} to {high:.2f}), "
                  f"{1e3 / median:.2f} M frames/s")
        return times

    def ratio(self, name, theirs, ours):
        """Records the ratio of their time to ours."""
        low, median, high = statistics.quantiles(
            [a / b for a, b in zip(theirs, ours)], method="inclusive")
        self.result[name] = {"1k": median}
        self.result["quartiles"][name] = {"1k": [low, high]}
        text = f"{name:28} {median:7.2f} ({low:.2f} to {high:.2f})"
        if name in TARGETS:
            good = median >= TARGETS[name]
            self.missed |= not good
            self.result["at least"][name] = {"1k": TARGETS[name]}
            text += f"  at least {TARGETS[name]:.2f} {'good' if good else 'MISSED'}"
        print(text, flush=True)

    def peers(self):
        """Drops, counts, and forwards the frames of 1,000 groups to one port and to two. The peers are
        testpmd, which reads no header, and a loop that only parses."""
        source = self.capture("groups", *GROUPS)
        times = self.turns("peers", [
            self.testpmd("rxonly", source, 0),
            self.sluice("parse", source, 0, "parse"),
            self.sluice("nothing", source, 0),
            self.sluice("count", source, 0, "count", *GROUPS),
            self.testpmd("io", source, 1),
            self.sluice("forward1", source, 1, "forward", *GROUPS),
            self.sluice("forward2", source, 2, "forward", *GROUPS),
        ])
        self.ratio("drop.parse", times["parse"], times["nothing"])
        if "rxonly" in times:
            self.ratio("drop.rxonly", times["rxonly"], times["nothing"])
            self.ratio("forward1.io", times["io"], times["forward1"])

    def replicate(self, folder):
        """Forwards to two ports. The peer is DPDK's ipv4_multicast, which writes a new Ethernet header."""
        source = self.capture("example", *EXAMPLE_GROUPS)
        times = self.turns("replicate2", [
            self.example(source, folder),
            self.sluice("floor", source, 2, "send"),
            self.sluice("copy", source, 2, "copy"),
            self.sluice("rewrite", source, 2, "rewrite", *EXAMPLE_GROUPS),
            self.sluice("forward", source, 2, "forward", *EXAMPLE_GROUPS),
        ])
        if "ipv4_multicast" in times:
            self.ratio("replicate2.ipv4_multicast", times["ipv4_multicast"], times["rewrite"])
            self.ratio("replicate2.unrewritten", times["ipv4_multicast"], times["forward"])
            self.ratio("replicate2.copy", times["ipv4_multicast"], times["copy"])
            self.ratio("replicate2.floor", times["ipv4_multicast"], times["floor"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="folder of sluice-load and sluice-pcap")
    parser.add_argument("--scratch", required=True, help="empty folder")
    parser.add_argument("--json", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--ipv4-multicast", metavar="DIR", help="examples/ipv4_multicast of DPDK")
    parser.add_argument("name", nargs="+", choices=("peers", "replicate"))
    options = parser.parse_args()
    run = Run(options, options.scratch)
    try:
        if "peers" in options.name:
            run.peers()
        if "replicate" in options.name:
            run.replicate(options.ipv4_multicast)
    except (Failure, subprocess.CalledProcessError) as failure:
        print(f"peers.py: {failure}", file=sys.stderr)
        return 2
    with open(options.json, "w") as file:
        json.dump(run.result, file, indent=2)
    return 1 if run.missed else 0


if __name__ == "__main__":
    sys.exit(main())
