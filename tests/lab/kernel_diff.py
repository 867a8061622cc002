# SPDX-License-Identifier: BSD-3-Clause
"""Plays kernel_cases.py to kernel sockets, in real time, and to kernel_driver, in virtual time, and
compares step by step. Runs in a network namespace of its own; see kernel_diff.sh.

The host draws random delays, so the driver is asked with many seeds: what the kernel sent must be
what some seed sends. Records are counted; those of source lists count for each source, since
repeats of one change may fall into the next.
"""

import collections
import ipaddress
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from kernel_cases import all_cases
from kernel_wire import ethernet_address, read

SEEDS = 200
LEAD_MS = 300  # until the first step
LONG = 20  # sources beyond which only their number counts in a cut list

JOIN, BLOCK, UNBLOCK, LEAVE, JOIN_SOURCE, LEAVE_SOURCE, FILTER = 42, 43, 44, 45, 46, 47, 48
OPTIONS = {"join": JOIN, "leave": LEAVE, "block": BLOCK, "unblock": UNBLOCK,
           "join_source": JOIN_SOURCE, "leave_source": LEAVE_SOURCE}


def storage(address):
    address = ipaddress.ip_address(address)
    if address.version == 4:
        packed = struct.pack("=HH4s", socket.AF_INET, 0, address.packed)
    else:
        packed = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, address.packed, 0)
    return packed.ljust(128, b"\0")


class Kernel:
    """Kernel sockets on one veth; the other end hears and queries."""

    def __init__(self, case, number):
        self.family = case.family
        self.level = socket.IPPROTO_IP if case.family == socket.AF_INET else socket.IPPROTO_IPV6
        self.host, self.peer = f"h{number}", f"r{number}"
        run("ip", "link", "add", self.host, "type", "veth", "peer", "name", self.peer)
        for device in (self.host, self.peer):
            run("ip", "link", "set", device, "mtu", str(case.mtu))
        if case.family == socket.AF_INET6:
            for name, value in (("disable_ipv6", 0), ("accept_dad", 0), ("dad_transmits", 0)):
                run("sysctl", "-qw", f"net.ipv6.conf.{self.host}.{name}={value}")
        else:
            run("ip", "address", "add", "10.77.0.1/24", "dev", self.host)
        for device in (self.peer, self.host):
            run("ip", "link", "set", device, "up")
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.wire.bind((self.peer, 0))
        self.index = socket.if_nametoindex(self.host)
        self.sockets = {}

    def call(self, name, session, group, sources):
        sock = self.sockets.get(session)
        if sock is None:
            sock = self.sockets[session] = socket.socket(self.family, socket.SOCK_DGRAM)
        head = struct.pack("=II", self.index, 0) + storage(group)
        try:
            if name in ("include", "exclude"):
                head += struct.pack("=II", name == "include", len(sources))
                sock.setsockopt(self.level, FILTER, head + b"".join(map(storage, sources)))
            else:
                tail = b"".join(map(storage, sources))
                sock.setsockopt(self.level, OPTIONS[name], head + tail)
        except OSError as error:
            return error.errno
        return 0

    def close(self, session):
        self.sockets.pop(session).close()

    def send(self, packet):
        source, kind = b"\2\0\0\0\0\1", b"\x08\0" if packet[0] >> 4 == 4 else b"\x86\xdd"
        at, length = (16, 4) if packet[0] >> 4 == 4 else (24, 16)
        destination = ethernet_address(packet[at : at + length])
        self.wire.send(destination + source + kind + packet)

    def hear(self, until):
        """Yields (time, records) of the host's frames until that time."""
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.wire], [], [], left)[0]:
                return
            frame, address = self.wire.recvfrom(2048)
            if address[2] != socket.PACKET_OUTGOING and frame[12:14] in (b"\x08\0", b"\x86\xdd"):
                yield time.monotonic(), read(frame[14:])

    def close_all(self):
        for session in list(self.sockets):
            self.close(session)
        self.wire.close()


def run(*command):
    subprocess.run(command, check=True)


def schedule(case):
    """(ms, step number, action) of the whole case, and the end of each step."""
    actions, ends, now = [], [], LEAD_MS
    for number, step in enumerate(case.steps):
        actions += [(now + a[0], number, a[1:]) for a in step.actions]
        now += step.window_ms
        ends.append(now)
    return actions, ends


def normal(records, groups):
    """Records as a set with counts."""
    counts = collections.Counter()
    for kind, group, sources in records:
        if group not in groups:
            continue
        if kind in ("ALLOW", "BLOCK", "IS_IN", "TO_IN") and (kind[0] in "AB" or len(sources) > LONG):
            counts.update((kind, group, source) for source in sources)
        elif len(sources) > LONG:
            counts[kind, group, len(sources)] += 1
        else:
            counts[kind, group, sources] += 1
    return frozenset(counts.items())


def play_kernel(case, number, groups):
    """Per step: (records, errors)."""
    kernel = Kernel(case, number)
    actions, ends = schedule(case)
    records = [[] for _ in case.steps]
    results = [[] for _ in case.steps]
    for _ in kernel.hear(time.monotonic() + 1.5):
        pass  # what it says when it comes up
    start = time.monotonic()

    def listen(until_ms):
        for at, heard in kernel.hear(start + until_ms / 1000):
            ms = (at - start) * 1000
            step = next((i for i, end in enumerate(ends) if ms < end), None)
            if step is not None:
                records[step] += heard

    for at, step, (name, *arguments) in actions:
        listen(at)
        # On a busy machine the rest comes later rather than closer together.
        start += max(0, time.monotonic() - start - at / 1000 - 0.005)
        if name == "packet":
            kernel.send(*arguments)
        elif name == "close":
            kernel.close(*arguments)
        else:
            results[step].append(kernel.call(name, *arguments))
    listen(ends[-1])
    kernel.close_all()
    return [(normal(r, groups), tuple(e)) for r, e in zip(records, results)]


def play_driver(driver, case, groups):
    """Per step: the set of (records, errors) over the seeds."""
    actions, ends = schedule(case)
    outcomes = [set() for _ in case.steps]
    with tempfile.TemporaryFile("w+") as script:
        for at, _, (name, *arguments) in actions:
            if name == "packet":
                words = [arguments[0].hex()]
            elif name == "close":
                words = arguments
            else:
                words = [*arguments[:2], *arguments[2]]
            print(at, name, *words, file=script)
        print(ends[-1], "end", file=script, flush=True)
        script.seek(0)
        address = ("10.77.0.1", "24") if case.family == socket.AF_INET else ("fe80::1", "64")
        output = subprocess.run([driver, *address, str(case.mtu), str(SEEDS)], stdin=script,
                                stdout=subprocess.PIPE, text=True, check=True).stdout
    for seed in output.split("seed ")[1:]:
        records = [[] for _ in case.steps]
        results = [[] for _ in case.steps]
        for line in seed.splitlines()[1:]:
            at, what, value = line.split()
            step = next((i for i, end in enumerate(ends) if int(at) < end), None)
            if what == "result":
                results[step].append(int(value))
            elif step is not None:
                records[step] += read(bytes.fromhex(value))
        for outcome, r, e in zip(outcomes, records, results):
            outcome.add((normal(r, groups), tuple(e)))
    return outcomes


def allowed(step, seen, ours, groups):
    """What the LNX numbers of the step let pass."""
    records, errors = seen
    if step.errors:
        if errors != (step.errors[1],) or any(e != (step.errors[0],) for _, e in ours):
            return False
    elif all(errors != e for _, e in ours):
        return False
    if step.kernel is not None:
        return records == normal(step.kernel, groups)
    return any(records == r for r, _ in ours)


def show(outcome):
    records, errors = outcome
    lines = [f"{count} x {kind} {group} {sources}" for (kind, group, sources), count in sorted(
        records, key=str)]
    return "; ".join(lines[:12] or ["silence"]) + (f" errors {errors}" if any(errors) else "")


class Comparison:
    def __init__(self, driver, case, number):
        self.case, self.lines, self.good = case, [], True
        self.thread = threading.Thread(target=self.compare, args=(driver, number))
        self.thread.start()

    def compare(self, driver, number):
        case = self.case
        groups = {a[3] for s in case.steps for a in s.actions if len(a) == 5}
        self.good = False
        kernel = play_kernel(case, number, groups)
        ours = play_driver(driver, case, groups)
        self.good = True
        for step, seen, outcomes in zip(case.steps, kernel, ours):
            if seen in outcomes:
                continue
            if step.lnx and allowed(step, seen, outcomes, groups):
                self.lines.append(f"# {step.lnx}: {step.title}")
                continue
            self.good = False
            self.lines.append(f"# differs: {step.title}")
            self.lines.append(f"#   kernel: {show(seen)}")
            self.lines += [f"#   ours:   {show(o)}" for o in list(outcomes)[:3]]


def main():
    cases = [c for c in all_cases() if len(sys.argv) < 3 or sys.argv[2] in c.name]
    comparisons = [Comparison(sys.argv[1], c, i) for i, c in enumerate(cases)]
    for number, comparison in enumerate(comparisons, 1):
        comparison.thread.join()
        family = "IGMP" if comparison.case.family == socket.AF_INET else "MLD"
        verdict = "ok" if comparison.good else "not ok"
        print(f"{verdict} {number} - {family} {comparison.case.name}")
        print(*comparison.lines, sep="\n", end="\n" if comparison.lines else "")
    print(f"1..{len(comparisons)}")
    return not all(c.good for c in comparisons)


sys.exit(main())
