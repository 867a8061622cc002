#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A worker that stands still, held from outside by ptrace: control goes on, it is reported, and the watchdog
of the service manager is not fed."""

import json
import os
import signal
import socket
import subprocess
import tempfile

from daemon_fixture import PATIENCE, SLUICE, Daemon, contains, equal, run_tests, test, wait_until
from ptrace_fixture import stopped, threads

WATCHDOG_US = 300000


def worker_of(daemon):
    workers = threads(daemon.process.pid, "lcore-worker") or threads(daemon.process.pid, "rte-worker")
    equal(len(workers), 1)
    return workers[0]


def stalled_ms(daemon):
    return daemon.shown("workers")[0]["stalled_ms"]


def hear(notify, text):
    """Waits for a message of the daemon to the service manager."""
    heard = []
    while text not in heard:
        heard.append(notify.recv(4096))
    return heard


@test("reliability: a stalled worker is reported, control answers, and it recovers")
def recovers():
    with Daemon() as d:
        watcher = subprocess.Popen([SLUICE, "--socket", d.socket, "--json", "watch"], text=True,
                                   stdout=subprocess.PIPE)
        equal(stalled_ms(d), None)
        with stopped(worker_of(d)):
            wait_until(lambda: "error: worker on lcore 1 is stalled" in d.said(), "the report")
            assert stalled_ms(d) >= 1000
            contains(d.ok("show", "workers"), "STALLED")
            # Each of them needs a grace period; the first one may wait for a second.
            for n in range(20):
                d.ok("join", "239.7.7.%d" % n)
            for n in range(20):
                d.ok("leave", "239.7.7.%d" % n)
            d.write("  - {name: more}\nmemberships:\n  - {group: 239.1.1.1, to: [more]}\n")
            d.reload()
            equal(d.groups(), {"239.1.1.1": ["more"]})
        wait_until(lambda: "info: worker on lcore 1 runs again" in d.said(), "the recovery")
        wait_until(lambda: stalled_ms(d) is None, "the statistics")
        events = []
        while len(events) < 2:
            event = json.loads(watcher.stdout.readline())
            if event["event"] == "worker":
                events.append((event["lcore"], event["stalled"]))
        equal(events, [(1, True), (1, False)])
        equal(d.stop(), 0)
        watcher.communicate(timeout=PATIENCE)
        kinds = [kind for kind, of in d.records() if of == "239.1.1.1"]
        equal(kinds[-2:], [3, 3])


@test("reliability: the watchdog is fed by control and workers, and not while one of them stands still")
def watchdog():
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(directory + "/notify")
        notify.settimeout(PATIENCE)
        env = {"NOTIFY_SOCKET": directory + "/notify", "WATCHDOG_USEC": str(WATCHDOG_US)}
        with Daemon(env=env) as d:
            for _ in range(3):
                hear(notify, b"WATCHDOG=1")
            with stopped(worker_of(d)):
                hear(notify, b"STATUS=A worker is stalled")
                notify.settimeout(10 * WATCHDOG_US / 1e6)
                try:
                    raise AssertionError("told: %r" % notify.recv(4096))
                except TimeoutError:
                    pass
                notify.settimeout(PATIENCE)
            hear(notify, b"STATUS=Running")
            hear(notify, b"WATCHDOG=1")
            # The whole process: nobody feeds, and nobody is called stalled afterwards.
            d.send(signal.SIGSTOP)
            wait_until(lambda: open("/proc/%d/stat" % d.process.pid).read().rsplit(") ", 1)[1][0] == "T", "the stop")
            notify.setblocking(False)
            try:
                while notify.recv(4096):
                    pass
            except BlockingIOError:
                pass
            notify.settimeout(5)
            try:
                raise AssertionError("told: %r" % notify.recv(4096))
            except TimeoutError:
                pass
            notify.settimeout(PATIENCE)
            d.send(signal.SIGCONT)
            heard = hear(notify, b"WATCHDOG=1")
            equal(set(heard), {b"WATCHDOG=1"})
            equal(d.said().count("is stalled"), 1)
            equal(d.stop(), 0)
    with Daemon(env={"WATCHDOG_USEC": str(WATCHDOG_US), "WATCHDOG_PID": str(os.getpid())}) as d:
        equal(d.stop(), 0)


@test("reliability: SIGTERM ends a daemon with a stalled worker, which says that its ports stay as they are")
def ends():
    with Daemon() as d:
        with stopped(worker_of(d)):
            d.send(signal.SIGTERM)
            # A traced thread does not end before its tracer lets it.
            wait_until(lambda: "error: a worker is stalled: ended without closing the ports" in d.said(), "the end")
        equal(d.process.wait(PATIENCE), 1)


if __name__ == "__main__":
    raise SystemExit(run_tests())
