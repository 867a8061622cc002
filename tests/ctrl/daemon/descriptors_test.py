#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients that take all descriptors of the daemon. What is asserted is CPU time and what the daemon
writes, which the load of the machine does not change."""

import os
import resource
import time

from control_fixture import Client, NOBODY, cpu_seconds, request, user
from daemon_fixture import Daemon, SLUICE, contains, equal, run_tests, test, wait_until

FILES = 64
KEPT = 16
REFUSED = "EMFILE: the limit of open files is reached, user %d is refused" % NOBODY


def open_files(daemon):
    return len(os.listdir("/proc/%d/fd" % daemon.process.pid))


def attach_until_refused(client):
    """Returns the sessions that could be attached, and the error of the next."""
    sessions = []
    while True:
        sessions.append(client.call("session.open")["session"])
        client.send(request("session.attach", session=sessions[-1], ring_size=64))
        answer = client.read()
        if "error" in answer:
            return sessions, answer["error"]
        assert len(sessions) < FILES, "no end of descriptors"


def is_calm(daemon):
    """Little CPU time, no flood in the log."""
    before = cpu_seconds(daemon)
    time.sleep(2)
    used = cpu_seconds(daemon) - before
    size = os.path.getsize(daemon.log)
    print("# %.2f s of CPU time in 2 s, %d bytes of log" % (used, size))
    assert used < 1, "%.2f s of CPU time in 2 s" % used
    assert size < 20000, "%d bytes of log" % size


@test("reliability 2: sessions that attach leave descriptors for operators, and the error is EMFILE")
def _():
    with Daemon(extra="", files=FILES) as daemon:
        client = Client(daemon)
        client.call("version")
        at_first = open_files(daemon)
        sessions, error = attach_until_refused(client)
        equal(error["data"]["errno"], "EMFILE")
        contains(error["message"], "EMFILE: memif at ")
        assert open_files(daemon) <= FILES - KEPT + 1, open_files(daemon)
        others = [Client(daemon) for _ in range(KEPT // 2)]
        for other in others:
            other.call("version")
        daemon.reload()
        contains(daemon.said(), "reload: done")
        for session in sessions:
            client.call("session.close", session=session)
        wait_until(lambda: open_files(daemon) == at_first + len(others), "the end of the shares")
        attach_until_refused(client)
        equal(daemon.stop(), 0)


@test("reliability 2: beyond the last descriptor clients wait, the daemon does not spin, and all are served later")
def _():
    with Daemon(extra="", files=FILES) as daemon:
        client = Client(daemon)
        attach_until_refused(client)
        crowd = [Client(daemon) for _ in range(3 * KEPT)]
        wait_until(lambda: open_files(daemon) == FILES, "the last descriptor")
        is_calm(daemon)
        client.call("version")
        for other in crowd:
            other.send(request("version"))
        contains(daemon.said(), "clients have to wait: EMFILE: Too many open files")
        for other in crowd:
            other.read()
            other.close()
        client.call("version")
        equal(daemon.stop(), 0)


@test("reliability 2: another user cannot take the descriptors of operators, and gets EMFILE")
def _():
    with Daemon(extra="", files=FILES) as daemon:
        os.chmod(daemon.dir, 0o755)
        os.chmod(daemon.socket, 0o666)
        with user(NOBODY):
            crowd = [Client(daemon) for _ in range(FILES)]
        errors = [error for _, error in (client.ask("version") for client in crowd) if error]
        assert len(errors) >= KEPT, errors
        for error in errors:
            equal(error["data"]["errno"], "EMFILE")
            equal(error["message"], REFUSED)
        with user(NOBODY):
            if os.access(SLUICE, os.X_OK, effective_ids=True):
                told = daemon.sluice("show", "ports")
                # LeakSanitizer adds that it cannot stop the threads of another user.
                equal((told.returncode, told.stderr.splitlines()[0]), (1, "sluice: " + REFUSED))
        daemon.ok("show", "ports")
        is_calm(daemon)
        for client in crowd:
            client.close()
        with user(NOBODY):
            wait_until(lambda: Client(daemon).ask("version")[0], "a place for others")
        equal(daemon.stop(), 0)


@test("reliability 2: the soft limit of open files is raised to the hard one")
def _():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, soft), hard))
    try:
        daemon = Daemon(extra="")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with daemon:
        equal(resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE), (hard, hard))


if __name__ == "__main__":
    raise SystemExit(run_tests())
