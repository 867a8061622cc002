#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What sluiced and sluice write goes nowhere: closed streams, a reader that has stopped or gone, a full disk."""

import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile
import time

from control_fixture import Client
from daemon_fixture import BASE, PATIENCE, SLUICE, SLUICED, Daemon, Skip, contains, equal, run, run_tests, test, wait_until

JOINED = {"239.1.1.1", "232.1.1.1"}


def start(daemon, **streams):
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **streams}
    daemon.process = subprocess.Popen([SLUICED, "--config", daemon.file], env=daemon.env, **streams)
    wait_until(lambda: os.path.exists(daemon.socket), "the socket")
    # It answers once it is ready.
    subprocess.run([SLUICE, "--socket", daemon.socket, "show", "groups"], stdout=subprocess.DEVNULL, check=True,
                   timeout=4 * PATIENCE)
    equal(set(daemon.groups()), JOINED)


def end(daemon):
    daemon.process.terminate()
    equal(daemon.process.wait(4 * PATIENCE), 0)


def closing(numbers):
    return lambda: [os.close(number) for number in numbers]


@contextlib.contextmanager
def small_disk(size):
    """A folder on a disk with `size` bytes."""
    if os.geteuid() != 0:
        raise Skip("needs root for a tmpfs")
    with tempfile.TemporaryDirectory(prefix="sluice-disk-") as directory:
        made = run("mount", "-t", "tmpfs", "-o", "size=%d" % size, "sluice-test", directory)
        if made.returncode != 0:
            raise Skip("cannot mount a tmpfs: " + made.stderr)
        try:
            yield directory
        finally:
            equal(run("umount", directory).returncode, 0)


def fill(directory):
    with open(directory + "/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def log_lines(daemon, n):
    """Makes the daemon write lines."""
    for _ in range(n):
        Client(daemon).call("version")
        daemon.send(signal.SIGHUP)
        time.sleep(0.01)
        equal(set(daemon.groups()), JOINED)


@test("closed standard streams are no other file of the daemon, which works without them")
def closed_streams():
    for numbers in (1,), (2,), (0, 1, 2):
        with Daemon(start=False) as d:
            start(d, preexec_fn=closing(numbers))
            for number in numbers:
                equal((numbers, number, os.readlink("/proc/%d/fd/%d" % (d.process.pid, number))),
                      (numbers, number, "/dev/null"))
            log_lines(d, 1)
            end(d)


@test("a reader of the log that has stopped does not stop the daemon, and gets the number of lost lines later")
def stopped_reader():
    with Daemon(start=False) as d:
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        start(d, stderr=writer)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b".")
        os.set_blocking(writer, True)
        log_lines(d, 3)
        contains(os.read(reader, 65536).decode(), "info: ready on")
        log_lines(d, 1)
        wait_until(lambda: "lines could not be written" in os.read(reader, 65536).decode(), "the number of lost lines")
        os.close(reader)
        log_lines(d, 2)
        end(d)
        os.close(writer)


@test("a log on a full disk loses lines only, and goes on when there is room")
def full_disk():
    with small_disk(65536) as disk, Daemon(start=False) as d:
        path = disk + "/log"
        with open(path, "a") as log:
            start(d, stderr=log)
            fill(disk)
            # What is left of the last block takes some lines.
            for _ in range(200):
                before = os.path.getsize(path)
                log_lines(d, 1)
                if os.path.getsize(path) == before:
                    break
            else:
                raise AssertionError("the disk is never full")
            os.unlink(disk + "/filler")
            log_lines(d, 1)
            end(d)
        with open(path) as log:
            lines = log.read().splitlines()
        lost = [line for line in lines if "lines could not be written and are lost" in line]
        assert lost and lost[0].startswith("warning: "), lines[-5:]
        equal(lines[-1], "info: leaving all groups")


@test("a port that writes to a file on a full disk harms nothing else")
def full_disk_port():
    with small_disk(65536) as disk, Daemon(start=False) as d:
        fill(disk)
        d.write("memberships: [{group: 239.1.1.1}, {group: 232.1.1.1, sources: [10.9.0.50]}]\n",
                BASE.replace("{dir}/wire.pcap", disk + "/wire.pcap"))
        start(d)
        log_lines(d, 3)
        d.ok("join", "239.2.2.2")
        end(d)


@test("a full disk where the socket should be is the reason that the start names")
def full_disk_socket():
    if os.geteuid() != 0:
        raise Skip("needs root for a tmpfs")
    with tempfile.TemporaryDirectory(prefix="sluice-disk-") as disk, Daemon(start=False) as d:
        equal(run("mount", "-t", "tmpfs", "-o", "nr_inodes=1", "sluice-test", disk).returncode, 0)
        try:
            d.write("", BASE.replace("{dir}/run/sluice.sock", disk + "/sluice.sock"))
            result = run(SLUICED, "--config", d.file)
            equal(result.returncode, 1)
            equal(result.stderr, "sluiced: %s/sluice.sock: No space left on device\n" % disk)
        finally:
            run("umount", disk)


@test("sluice ends with 4 if its output cannot be written")
def command_output():
    with Daemon() as d:
        for args in (["show", "groups"], ["--json", "show", "groups"], ["--help"]):
            for streams in ({"stdout": open("/dev/full", "w")}, {"preexec_fn": closing([1])}):
                result = subprocess.run([SLUICE, "--socket", d.socket, *args], stderr=subprocess.PIPE, text=True,
                                        timeout=PATIENCE, **streams)
                equal((args, result.returncode), (args, 4))
                contains(result.stderr, "sluice: standard output: ")
        # Nothing to write: nothing is lost.
        equal(subprocess.run([SLUICE, "--socket", d.socket, "join", "239.2.2.2"], preexec_fn=closing([0, 1, 2]),
                             timeout=PATIENCE).returncode, 0)
        equal(set(d.groups()), JOINED | {"239.2.2.2"})


@test("sluice watch ends with 4 if its output cannot be written, and when its reader has gone")
def watch_output():
    with Daemon() as d:
        reader, writer = os.pipe()
        watches = [subprocess.Popen([SLUICE, "--socket", d.socket, "watch"], stdout=stdout, stderr=subprocess.DEVNULL)
                   for stdout in (open("/dev/full", "w"), writer)]
        os.close(writer)
        os.close(reader)

        def ended():
            d.ok("join", "239.1.1.9")
            d.ok("leave", "239.1.1.9")
            return all(watch.poll() is not None for watch in watches)

        wait_until(ended, "the end")
        equal([watch.returncode for watch in watches], [4, 4])


if __name__ == "__main__":
    raise SystemExit(run_tests())
