#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The seccomp filter of a running daemon: it is on for each thread, and refuses what it should. The calls are
made on threads of the daemon by ptrace."""

import errno
import signal

from daemon_fixture import PATIENCE, SLUICED, Daemon, Skip, equal, run_tests, test
from ptrace_fixture import all_stopped, call, can_call, stopped, threads

# System calls of x86-64
MMAP, SOCKET, CLONE, EXECVE, INOTIFY_INIT1, BPF = 9, 41, 56, 59, 294, 321
PROT_READ, PROT_WRITE, PROT_EXEC, MAP_PRIVATE, MAP_ANONYMOUS = 1, 2, 4, 2, 32
AF_KEY, AF_UNIX, SOCK_RAW, SOCK_STREAM = 15, 1, 3, 1
SIGCHLD = 17


def status(daemon, thread, key):
    with open("/proc/%d/task/%d/status" % (daemon.process.pid, thread)) as file:
        return [line.split()[1] for line in file if line.startswith(key + ":")][0]


def need_calls():
    if not can_call():
        raise Skip("ptrace_fixture.py knows the registers of x86-64 only")


@test("the filter is on for each thread, and none can get new privileges")
def each_thread():
    with Daemon() as d:
        found = threads(d.process.pid, "")
        assert len(found) >= 3, found
        for thread in found:
            equal((status(d, thread, "Seccomp"), status(d, thread, "NoNewPrivs")), ("2", "1"))
        equal(d.stop(), 0)


@test("calls that the daemon does not need fail with EPERM on each thread, and are logged once")
def refused():
    need_calls()
    calls = {
        "a watch of files": (INOTIFY_INIT1, 0),
        "a program for the kernel": (BPF, 0, 0, 0),
        "a process": (CLONE, SIGCHLD, 0, 0, 0, 0),
        "a socket of another family": (SOCKET, AF_KEY, SOCK_RAW, 2),
        "memory that is writable and executable":
            (MMAP, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, 2**64 - 1, 0),
    }
    with open(SLUICED, "rb") as program:
        if b"__asan_init" in program.read():
            del calls["a process"], calls["memory that is writable and executable"]  # LeakSanitizer needs them
    with Daemon(refused_calls=True) as d:
        with all_stopped(d.process.pid) as found:
            for thread in found:
                for what, args in calls.items():
                    equal((what, call(thread, *args)), (what, -errno.EPERM))
        for number in {args[0] for args in calls.values()}:
            equal(d.said().count("error: sandbox: refused system call %d\n" % number), 1)
        # The same calls with other arguments.
        with all_stopped(d.process.pid) as found:
            assert call(found[0], SOCKET, AF_UNIX, SOCK_STREAM, 0) > 0
            assert call(found[0], MMAP, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 2**64 - 1, 0) > 0
        equal(set(d.groups()), {"239.1.1.1", "232.1.1.1"})
        equal(d.stop(), 0)


@test("a call that starts a program ends the daemon")
def killed():
    need_calls()
    with Daemon() as d:
        worker = threads(d.process.pid, "rte-worker")[0]
        with stopped(worker):
            try:
                raise AssertionError("it lives, result %d" % call(worker, EXECVE, 0, 0, 0))
            except ProcessLookupError:
                pass
        equal(d.process.wait(PATIENCE), -signal.SIGSYS)


if __name__ == "__main__":
    raise SystemExit(run_tests())
