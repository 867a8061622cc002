#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""sluiced --user: a root parent, and a daemon without privileges but for those of its ports."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time

from control_fixture import NOBODY
from daemon_fixture import BASE, PATIENCE, SLUICED, Daemon, Skip, contains, equal, run, run_tests, test, wait_until

CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_ADMIN, CAP_NET_RAW = 6, 7, 8, 12, 13
CAP_KILL, CAP_SYS_ADMIN, CAP_DAC_OVERRIDE = 5, 21, 1


class UserDaemon(Daemon):
    """Its process is the root parent."""

    def __init__(self, *args, **kwargs):
        if os.geteuid() != 0:
            raise Skip("needs root")
        super().__init__(*args, args=("--user", "nobody"), owner=NOBODY, **kwargs)

    def write(self, *args):
        os.environ["RUNTIME_DIRECTORY"] = self.env["RUNTIME_DIRECTORY"] = self.dir  # not /run/sluice
        super().write(*args)

    def start(self):
        super().start()
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as file:
            self.daemon = int(file.read())


def statuses(pid):
    with open("/proc/%d/status" % pid) as file:
        return {key: value.strip() for key, value in (line.split(":", 1) for line in file)}


def capabilities(pid, name):
    bits = int(statuses(pid)[name], 16)
    return {bit for bit in range(64) if bits >> bit & 1}


def has_ended(pid):
    try:
        return statuses(pid)["State"].startswith("Z")
    except FileNotFoundError:
        return True


def wait_joined(d):
    wait_until(lambda: all(group["state"] == "joined" for group in d.shown("groups")), "the reports")


def last_kinds(d):
    return [kind for kind, of in d.records() if of == "239.1.1.1"][-2:]


@test("the daemon runs as the user, with the capabilities of its ports and no way to others")
def capabilities_of_both():
    with UserDaemon() as d:
        of = statuses(d.daemon)
        equal(of["Uid"].split(), [str(NOBODY)] * 4)
        equal((of["NoNewPrivs"], of["Seccomp"]), ("1", "2"))
        mine = capabilities(os.getpid(), "CapPrm")
        for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            equal((name, capabilities(d.daemon, name)), (name, {CAP_NET_ADMIN, CAP_NET_RAW} & mine))
        equal(capabilities(d.daemon, "CapBnd"), set())
        parent = capabilities(d.process.pid, "CapPrm")
        assert not parent & {CAP_KILL, CAP_DAC_OVERRIDE}, parent
        assert parent >= {CAP_SETGID, CAP_SETUID, CAP_SETPCAP}, parent
        equal(capabilities(d.process.pid, "CapBnd"), parent)
        equal(len(os.listdir("/proc/%d/task" % d.process.pid)), 1)
        equal(d.stop(), 0)


@test("promise 4: SIGTERM to the parent leaves all groups on the wire, and its exit status is the daemon's")
def terminate():
    for number in (signal.SIGTERM, signal.SIGINT):
        with UserDaemon() as d:
            d.ok("join", "239.2.2.2")
            wait_joined(d)
            equal(d.stop(number), 0)
            assert has_ended(d.daemon)
            assert not os.path.exists(d.socket), "the socket is left behind"
            equal(last_kinds(d), [3, 3])


@test("SIGHUP to the parent reloads")
def reload():
    with UserDaemon() as d:
        d.write("  - {name: more}\nmemberships:\n  - {group: 239.1.1.1, to: [more]}\n  - {group: 239.3.3.3}\n")
        d.reload()
        equal(d.groups(), {"239.1.1.1": ["more"], "239.3.3.3": []})
        equal(d.stop(), 0)


@test("a mistake in the configuration, or a device that fails, is one line and status 1")
def mistakes():
    for extra, base, words in (("foo: 1\n", BASE, "foo: unknown key"),
                               ("", BASE.replace("net_null0,no-rx=1", "net_nothing7"), "net_nothing7")):
        with UserDaemon("", start=False) as d:
            d.write(extra, base)
            result = run(SLUICED, "--user", "nobody", "--config", d.file)
            equal((result.returncode, result.stdout, len(result.stderr.splitlines())), (1, "", 1))
            contains(result.stderr, words)


@test("the parent ends as the daemon does, and a new one takes over after kill -9")
def killed():
    with UserDaemon() as d:
        os.kill(d.daemon, signal.SIGKILL)
        equal(d.process.wait(PATIENCE), -signal.SIGKILL)
        d.start()
        equal(set(d.groups()), {"239.1.1.1", "232.1.1.1"})
        equal(d.stop(), 0)


@test("a daemon whose parent is killed leaves its groups and ends")
def orphaned():
    with UserDaemon() as d:
        wait_joined(d)
        d.process.kill()
        d.process.wait()
        wait_until(lambda: has_ended(d.daemon), "the end")
        contains(d.said(), "leaving all groups")
        equal(last_kinds(d), [3, 3])


@contextlib.contextmanager
def hugepages_set_aside():
    path = "/proc/sys/vm/nr_hugepages"
    if os.geteuid() != 0:
        raise Skip("needs root")
    with open(path) as file:
        before = int(file.read())
    with open(path, "w") as file:
        file.write(str(before + 8))
    try:
        with open(path) as file:
            if int(file.read()) == 0:
                raise Skip("this machine has no hugepages")
        yield
    finally:
        with open(path, "w") as file:
            file.write(str(before))


@test("hugepages that the user may not use are one line that says what to do")
def hugepages():
    with hugepages_set_aside(), UserDaemon("", start=False) as d:
        d.write("", BASE.replace('"--no-huge", ', "").replace('"160"', '"8"'))
        os.mkdir(d.dir + "/huge")
        script = 'mount -t hugetlbfs -o mode=755 none %s/huge && exec "$@"' % d.dir
        result = run("unshare", "--mount", "sh", "-c", script, "sh", SLUICED, "--user", "nobody", "--config", d.file)
        equal((result.returncode, len(result.stderr.splitlines())), (1, 1))
        contains(result.stderr, "may not create files on hugetlbfs")


@test("systemd hears the parent, and the watchdog is the daemon's")
def notify():
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as at:
        at.bind(directory + "/notify")
        at.settimeout(PATIENCE)
        at.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        heard = []

        def hear(text, process):
            while text not in heard:
                message, control, _, _ = at.recvmsg(4096, socket.CMSG_SPACE(12))
                equal(struct.unpack("3i", control[0][2])[0], process.pid)
                heard.append(message)

        # systemd names the process that it starts.
        environment = "NOTIFY_SOCKET=%s/notify WATCHDOG_USEC=300000 WATCHDOG_PID=$$" % directory
        with UserDaemon(start=False) as d:
            d.process = subprocess.Popen(
                ["sh", "-c", environment + ' exec "$@"', "sh", SLUICED, "--config", d.file, "--user", "nobody"],
                stdout=subprocess.PIPE, stderr=open(d.log, "a"), text=True)
            for text in (b"READY=1\nSTATUS=Running", b"WATCHDOG=1"):
                hear(text, d.process)
            children = open("/proc/%d/task/%d/children" % (d.process.pid, d.process.pid)).read()
            os.kill(int(children), signal.SIGSTOP)
            at.setblocking(False)
            time.sleep(0.2)
            try:
                while at.recv(4096):
                    pass
            except BlockingIOError:
                pass
            at.settimeout(2)
            try:
                raise AssertionError("the parent feeds the watchdog: %r" % at.recv(4096))
            except TimeoutError:
                pass
            at.settimeout(PATIENCE)
            os.kill(int(children), signal.SIGCONT)
            d.process.stdout.readline()
            equal(d.stop(), 0)
            hear(b"STOPPING=1\nSTATUS=Leaving all groups", d.process)


@test("Control-C in a terminal is one signal for the daemon: it waits for the last leaves")
def terminal():
    with UserDaemon() as d:
        assert os.getsid(d.daemon) != os.getsid(d.process.pid)
        wait_joined(d)
        equal(d.stop(signal.SIGINT), 0)
        equal(last_kinds(d), [3, 3])


@test("--user: without root, with an unknown user, and with the present user, who needs no root for these ports")
def usage():
    with UserDaemon(start=False) as d:
        result = run(SLUICED, "--user", "no-such-user", "--config", d.file)
        equal((result.returncode, result.stderr), (1, "sluiced: --user no-such-user: there is no such user\n"))

        def as_nobody():
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        result = run(SLUICED, "--user", "root", "--config", d.file, preexec_fn=as_nobody)
        equal((result.returncode, result.stderr), (1, "sluiced: --user root: only root can become another user\n"))
        memif = '  - {{name: m0, device: "net_memif0,role=server,socket={dir}/m0.sock,socket-abstract=no"}}\n'
        d.write("memberships: [{group: 239.1.1.1}]\n",
                BASE.replace("interfaces:\n", memif + "interfaces:\n").replace("160", "320"))
        d.process = subprocess.Popen([SLUICED, "--user", "nobody", "--config", d.file], stdout=subprocess.PIPE,
                                     stderr=open(d.log, "a"), text=True, preexec_fn=as_nobody)
        equal(d.process.stdout.readline(), "ready\n")
        equal(capabilities(d.process.pid, "CapPrm"), set())
        equal(set(d.groups()), {"239.1.1.1"})
        equal({port["driver"] for port in d.shown("ports")}, {"net_pcap", "net_null", "net_memif"})
        equal(d.stop(), 0)


if __name__ == "__main__":
    raise SystemExit(run_tests())
