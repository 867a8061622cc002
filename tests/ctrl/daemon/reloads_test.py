#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reloads that take long, that are interrupted, and that are many."""

import os
import re
import signal
import time

from control_fixture import Client, group, memory_mib
from daemon_fixture import BASE, FREED_IS_FREE, PATIENCE, SANITIZED, Daemon, Skip, contains, equal, run_tests, test, wait_until
from ptrace_fixture import stopped, threads

MANY = 5000 if SANITIZED else 20000  # memberships, which take some turns


def memberships(first, n):
    return "memberships:\n" + "".join("  - {group: %s}\n" % group(i) for i in range(first, first + n))


@test("the reports of a reload that spans turns leave together at its end")
def together():
    with Daemon("") as d:
        d.write(memberships(0, MANY))
        d.send(signal.SIGHUP)
        seen = set()
        while True:
            n = len(d.records())
            if d.reloads() > 0:
                break
            seen.add(n)
            time.sleep(0.001)
        # The file may be read while they are written.
        assert len(seen - {0}) <= 2, seen
        contains(d.said(), "reload: done: +%d memberships" % MANY)
        wait_until(lambda: len({of for _, of in d.records()}) == MANY, "the reports")
        equal(d.stop(), 0)


@test("clients are answered and join while a reload is applied, and nothing of theirs is lost")
def meanwhile():
    with Daemon(memberships(0, MANY)) as d:
        d.write("  - {name: more}\n" + memberships(MANY, MANY), BASE.replace("port: out0}", "port: out0, vlan: 7}"))
        client = Client(d)
        client.call("group.join", group="239.200.0.0", to=["packager"])
        d.send(signal.SIGHUP)
        joined = 0
        while d.reloads() == 0:
            joined += 1
            client.call("group.join", group="239.200.%d.%d" % (joined >> 8, joined & 255), to=["packager"])
        contains(d.said(), "reload: done: +%d -%d memberships, +2 -1 outputs" % (MANY, MANY))
        groups = d.groups()
        equal(len(groups), MANY + joined + 1)
        for i in range(joined + 1):
            equal(groups["239.200.%d.%d" % (i >> 8, i & 255)], ["packager"])
        assert joined > 3, joined
        equal(d.stop(), 0)


@test("a second SIGHUP during a reload is followed by one more reload, with the file as it is then")
def again():
    with Daemon("") as d:
        d.write(memberships(0, MANY))
        d.send(signal.SIGHUP)
        wait_until(lambda: threads(d.process.pid, "sluice-config"), "the thread")
        d.write(memberships(MANY, 1))
        for _ in range(5):
            d.send(signal.SIGHUP)
        wait_until(lambda: d.groups() == {group(MANY): []}, "the second file")
        equal(d.stop(), 0)
        contains(d.said(), "info: reload: another one follows the one that is ")
        assert 2 <= d.reloads() <= 3, d.said()


@test("SIGTERM during a reload leaves what was joined until then, and ends")
def terminated():
    with Daemon("  - {name: old}\n" + memberships(0, 10)) as d:
        d.write("  - {name: new}\n" + memberships(10, 5 * MANY))
        d.send(signal.SIGHUP)
        client = Client(d)
        wait_until(lambda: len(client.call("group.list", limit=50)["groups"]) > 20, "the first of them")
        equal(d.reloads(), 0)
        equal(d.stop(), 0)
        equal(d.reloads(), 0)


@test("a file that is not read to its end holds neither clients nor SIGTERM")
def not_read():
    if SANITIZED:
        raise Skip("the stopped thread may hold a lock of AddressSanitizer")
    with Daemon("") as d:
        d.write(memberships(0, 5 * MANY))
        d.send(signal.SIGHUP)
        wait_until(lambda: threads(d.process.pid, "sluice-config"), "the thread")
        with stopped(threads(d.process.pid, "sluice-config")[0]):
            d.ok("join", "239.9.9.9")
            equal(d.groups(), {"239.9.9.9": []})
            d.send(signal.SIGHUP)
            wait_until(lambda: "another one follows the one that is read" in d.said(), "the second one")
            d.send(signal.SIGTERM)
            # A traced thread does not end before its tracer lets it.
            wait_until(lambda: [of for kind, of in d.records() if kind == 3] == ["239.9.9.9"] * 2, "the leaves")
        equal(d.process.wait(PATIENCE), 0)


@test("a file with many mistakes is reported in 100 lines")
def mistakes():
    with Daemon("") as d:
        d.write("memberships:\n" + "".join("  - {group: 10.1.1.%d}\n" % i for i in range(200)))
        d.reload()
        equal(len(re.findall("is not a multicast", d.said())), 100)
        contains(d.said(), "error: reload: 100 more mistakes\n")
        contains(d.said(), "error: reload: nothing is changed\n")


@test("1,000 reloads leak neither descriptors nor memory nor mbufs")
def leaks():
    first, all = (20, 120) if SANITIZED else (100, 1100)
    files = [
        "  - {name: a}\n" + memberships(0, 200) + "limits: {groups: 300, sources_per_filter: 64}\n",
        "  - {name: b, port: out0, vlan: 5}\n" + memberships(100, 200) + "protocol: {robustness: 3}\n",
        "limits: {groups: 250}\n",
        "memberships: [{group: nonsense}]\n",
    ]
    with Daemon("", env=FREED_IS_FREE) as d:
        client = Client(d)
        d.ok("join", "239.9.9.9", "--to", "packager")

        def use():
            wait_until(lambda: not threads(d.process.pid, "sluice-config"), "the end of the thread")
            return (len(os.listdir("/proc/%d/fd" % d.process.pid)), client.call("control.stats")["mbufs"]), memory_mib(d)

        for n in range(all):
            if n == first:
                files_at_first, memory_at_first = use()
            d.write(files[n % len(files)])
            d.reload()
        files_at_last, memory_at_last = use()
        print("# descriptors and mbufs %s, then %s; %.1f, then %.1f MiB" %
              (files_at_first, files_at_last, memory_at_first, memory_at_last))
        equal(files_at_last, files_at_first)
        assert memory_at_last <= memory_at_first + (4 if SANITIZED else 1), (memory_at_first, memory_at_last)
        equal(d.stop(), 0)


if __name__ == "__main__":
    raise SystemExit(run_tests())
