# SPDX-License-Identifier: BSD-3-Clause
"""Runs kernel_cases.py on kernel sockets, in real time, and on kernel_driver, in virtual time, and
compares them step by step. Runs in a network namespace of its own; see kernel_diff.sh.

The driver gets the times at which the kernel was called, which on a busy machine are later than
planned. The host draws random delays, so it runs with many seeds, and with more of them as long as no
seed gave the records that the kernel sent in some step. Records are counted. Those of source lists
are counted per source, since repeats of one change may fall into the next.
"""

import bisect
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

SEEDS = 200  # per run of the driver
ROUNDS = 20
LEAD_MS = 300  # until the first step
LONG = 20  # sources; of longer lists that were cut, only the number is compared

SO_TIMESTAMPNS = 35
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
    """Kernel sockets on one veth; the other end receives reports and sends queries."""

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
        self.wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
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
        """Yields (time, records) of the host's frames until that time. The time of a frame is the
        kernel's, however late it is read here."""
        while select.select([self.wire], [], [], max(0, until - time.time()))[0]:
            frame, ancillary, _, address = self.wire.recvmsg(2048, 64)
            if address[2] != socket.PACKET_OUTGOING and frame[12:14] in (b"\x08\0", b"\x86\xdd"):
                seconds, ns = struct.unpack("=qq", ancillary[0][2])
                yield seconds + ns / 1e9, read(frame[14:])

    def close_all(self):
        for session in list(self.sockets):
            self.close(session)
        self.wire.close()


def run(*command):
    subprocess.run(command, check=True)


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


def by_step(ends, groups, frames, results):
    """Per step: (records, errors)."""
    records = [[] for _ in ends]
    errors = [[] for _ in ends]
    for at, heard in frames:
        if at < ends[-1]:
            records[bisect.bisect(ends, at)] += heard
    for at, error in results:
        errors[bisect.bisect(ends, at)].append(error)
    return [(normal(r, groups), tuple(e)) for r, e in zip(records, errors)]


def play_kernel(case, number, groups):
    """Returns what it sent per step, the script of the actions, and the end of each step in ms."""
    kernel = Kernel(case, number)
    script, ends, frames, results = [], [], [], []
    for _ in kernel.hear(time.time() + 1.5):
        pass  # what it sends when the device comes up
    origin = time.time()

    def listen(until_ms):
        for at, heard in kernel.hear(origin + until_ms / 1000):
            frames.append(((at - origin) * 1000, heard))

    now = LEAD_MS
    for step in case.steps:
        for at, name, *arguments in step.actions:
            listen(now + at)
            # On a busy machine this action and the rest come later.
            now = max(now, int((time.time() - origin) * 1000) - at)
            script.append((now + at, name, *arguments))
            if name == "packet":
                kernel.send(*arguments)
            elif name == "close":
                kernel.close(*arguments)
            else:
                results.append((now + at, kernel.call(name, *arguments)))
        now += step.window_ms
        ends.append(now)
    listen(now)
    kernel.close_all()
    return by_step(ends, groups, frames, results), script, ends


def write_script(script, end, file):
    for at, name, *arguments in script:
        if name == "packet":
            words = [arguments[0].hex()]
        elif name == "close":
            words = arguments
        else:
            words = [*arguments[:2], *arguments[2]]
        print(at, name, *words, file=file)
    print(end, "end", file=file, flush=True)


def play_driver(driver, case, groups, script, ends):
    """Yields the outcomes of some seeds: per step the set of (records, errors)."""
    address = ("10.77.0.1", "24") if case.family == socket.AF_INET else ("fe80::1", "64")
    with tempfile.TemporaryFile("w+") as file:
        write_script(script, ends[-1], file)
        for first in range(1, SEEDS * ROUNDS, SEEDS):
            file.seek(0)
            command = [driver, *address, str(case.mtu), str(first), str(SEEDS)]
            output = subprocess.run(command, stdin=file, stdout=subprocess.PIPE, text=True,
                                    check=True).stdout
            outcomes = [set() for _ in ends]
            for seed in output.split("seed ")[1:]:
                frames, results = [], []
                for line in seed.splitlines()[1:]:
                    at, what, value = line.split()
                    if what == "result":
                        results.append((int(at), int(value)))
                    else:
                        frames.append((int(at), read(bytes.fromhex(value))))
                for outcome, one in zip(outcomes, by_step(ends, groups, frames, results)):
                    outcome.add(one)
            yield outcomes


def allowed(step, seen, ours, groups):
    """Whether the LNX numbers of the step allow the difference."""
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
        kernel, script, ends = play_kernel(case, number, groups)
        ours = [set() for _ in case.steps]
        for outcomes in play_driver(driver, case, groups, script, ends):
            for one, more in zip(ours, outcomes):
                one |= more
            verdicts = [seen in one or step.lnx and allowed(step, seen, one, groups)
                        for step, seen, one in zip(case.steps, kernel, ours)]
            if all(verdicts):
                break
        self.good = all(verdicts)
        for step, seen, one, verdict in zip(case.steps, kernel, ours, verdicts):
            if not verdict:
                self.lines.append(f"# differs: {step.title}")
                self.lines.append(f"#   kernel: {show(seen)}")
                self.lines += [f"#   ours:   {show(o)}" for o in list(one)[:3]]
            elif seen not in one:
                self.lines.append(f"# {step.lnx}: {step.title}")


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
