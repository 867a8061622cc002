#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""kill -9 at random moments: of clients in the middle of their calls, and of sluiced while it starts and
runs. SLUICE_RELIABILITY=1 kills more of them."""

import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
import traceback

from control_fixture import Client, cpu_seconds, memory_mib, notification, request
from daemon_fixture import FREED_IS_FREE, PATIENCE, SANITIZED, Daemon, contains, equal, run_tests, test, wait_until

LONG = os.environ.get("SLUICE_RELIABILITY") == "1"
CLIENTS = 6000 if LONG else 400
DAEMONS = 100 if LONG else 10
AT_ONCE = 8
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
TO_IN, TO_EX, ALLOW, BLOCK = 3, 4, 5, 6  # RFC 9776 section 4.2.13


def figure(name, value, unit):
    print("# figure: %s: %s %s" % (name, value, unit))


# ---- Clients -----------------------------------------------------------------------------------


def random_call(dice):
    group = "239.50.%d.%d" % (dice.randrange(4), dice.randrange(256))
    sources = ["10.0.0.%d" % i for i in range(dice.randrange(4))]
    return dice.choice([
        lambda: request("group.join", group=group, **({"sources": sources} if sources else {})),
        lambda: request("group.join", group=group, to=["packager"]),
        lambda: request("group.leave", group=group),
        lambda: request("group.filter", group=group, mode="exclude", sources=sources),
        lambda: request("group.block", group=group, sources=["10.0.0.9"]),
        lambda: request("session.open"),
        lambda: request("group.list"),
        lambda: request("session.list"),
        lambda: request("event.subscribe"),
        lambda: request("session.send", group=group, payload="00" * 40),
    ])()


def attach(control, lines, session):
    """The memif of a session, with a hello that is perhaps not the last word."""
    control.sendall(json.dumps(request("session.attach", id="attach", session=session, ring_size=64)).encode() + b"\n")
    while True:
        answer = json.loads(lines.readline())  # or one to an earlier call, or an event
        if isinstance(answer, dict) and answer.get("id") == "attach":
            break
    if "error" in answer:
        return None
    memif = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    memif.connect(answer["result"]["socket"])
    memif.recv(1000)
    with contextlib.suppress(OSError):
        memif.send(bytes([2]) + bytes(127))
    return memif


def be_client(path, dice):
    """Calls without end, in a session of the connection. Each line may be cut by the kill."""
    control = socket.socket(socket.AF_UNIX)
    control.connect(path)
    lines = control.makefile("rb")
    control.sendall(json.dumps(request("session.open")).encode() + b"\n")
    session = json.loads(lines.readline())["result"]["session"]
    memif = None
    while True:
        calls = [random_call(dice) for _ in range(dice.choice([1, 1, 2, 20]))]
        for call in calls:
            if call["method"].startswith("group.") and call["method"] != "group.list":
                call["params"]["session"] = session
            if call["method"] == "session.send":
                call["params"]["session"] = session
        text = (json.dumps(calls if len(calls) > 1 else calls[0]) + "\n").encode()
        cut = dice.randrange(len(text))
        control.sendall(text[:cut])
        control.sendall(text[cut:])
        if dice.random() < 0.5:
            lines.readline()
        if memif is None and dice.random() < 0.1:
            memif = attach(control, lines, session)


def spawn_client(daemon, seed):
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        signal.alarm(PATIENCE)
        be_client(daemon.socket, random.Random(seed))
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def descriptors(daemon):
    return len(os.listdir("/proc/%d/fd" % daemon.process.pid))


def kill_clients(daemon, n, dice):
    for _ in range(n // AT_ONCE):
        clients = [spawn_client(daemon, dice.random()) for _ in range(AT_ONCE)]
        for client in clients:
            time.sleep(dice.random() ** 2 * 0.02)
            os.kill(client, signal.SIGKILL)
        for client in clients:
            _, status = os.waitpid(client, 0)
            equal(os.WTERMSIG(status), signal.SIGKILL)


def nothing_left(daemon):
    sessions = {session["name"] for session in daemon.shown("sessions")}
    return sessions <= {"config", "cli"} and set(daemon.groups()) == {"239.1.1.1", "232.1.1.1"}


@test("reliability: clients are killed in the middle of their calls: their groups are left, nothing leaks")
def clients():
    dice = random.Random(SEED)
    print("# seed %d" % SEED)
    with Daemon(env=FREED_IS_FREE) as d:
        # What grows once, by as many clients as there are at once.
        kill_clients(d, CLIENTS // 4, dice)
        wait_until(lambda: nothing_left(d), "the end of the sessions")
        files, memory = descriptors(d), memory_mib(d)
        kill_clients(d, CLIENTS, dice)
        wait_until(lambda: nothing_left(d), "the end of the sessions")
        wait_until(lambda: descriptors(d) <= files, "the end of descriptors, %d before" % files)
        grown = memory_mib(d) - memory
        figure("clients killed in the middle of calls", CLIENTS + CLIENTS // 4, "clients")
        figure("memory that %d killed clients left" % CLIENTS, "%.1f" % grown, "MiB")
        figure("descriptors that %d killed clients left" % CLIENTS, descriptors(d) - files, "descriptors")
        assert grown < 8, "%.1f MiB more" % grown
        equal([name for name in os.listdir(d.dir + "/run") if name != "sluice.sock"], [])
        client = Client(d)
        client.call("group.join", group="239.7.7.7")
        equal(d.stop(), 0)
        # The state on the wire: each group that was joined is left.
        last = {}
        for kind, group in d.records():
            last[group] = kind
        joined = [group for group, kind in last.items() if kind not in (TO_IN, BLOCK)]
        equal(joined, [])
        assert len(last) > 100, "only %d groups were on the wire" % len(last)


# ---- The daemon --------------------------------------------------------------------------------

GROUPS = 500
MANY = "memberships:\n" + "".join("  - {group: 239.2.%d.%d}\n" % (i >> 8, i & 255) for i in range(GROUPS))


def on_the_wire(daemon):
    return os.path.exists(daemon.dir + "/wire.pcap") and \
        len({group for kind, group in daemon.records() if kind == TO_EX}) == GROUPS


@test("reliability: a daemon that was killed at a random moment starts again, with all memberships on the wire")
def daemons():
    dice = random.Random(SEED)
    with Daemon(MANY, start=False) as d:
        for _ in range(DAEMONS):
            d.process = d.spawn()
            time.sleep(dice.random() * (2 if SANITIZED else 0.5))
            d.process.kill()
            d.process.wait()
            d.process.stdout.close()
        d.start()
        contains(d.ok("join", "239.7.7.7") + "joined", "joined")
        d.process.kill()
        d.process.wait()
        os.unlink(d.dir + "/wire.pcap")
        begin = time.monotonic()
        d.start()
        wait_until(lambda: on_the_wire(d), "the reports")
        took, used = time.monotonic() - begin, cpu_seconds(d)
        figure("daemons killed", DAEMONS + 1, "daemons")
        figure("from the restart to all %d memberships on the wire" % GROUPS, "%.0f" % (took * 1000), "ms")
        figure("CPU time of the restart", "%.0f" % (used * 1000), "ms")
        # Without waiting for the CPU it takes no longer than that.
        assert used < (10 if SANITIZED else 1), "%.2f s of CPU time" % used
        equal(len(d.groups()), GROUPS)
        equal(os.listdir(d.dir + "/run"), ["sluice.sock"])
        equal(d.stop(), 0)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    raise SystemExit(run_tests())
