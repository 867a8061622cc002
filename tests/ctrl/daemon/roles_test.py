#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who may do what on the control socket: roles, the read-only socket, quotas, idle connections."""

import os
import socket
import stat
import time

from control_fixture import Client, NOBODY, group, request, user
from daemon_fixture import Daemon, MEMBERSHIPS, Skip, contains, equal, run_tests, test, wait_until

ALICE, BOB, OPERATOR = 40001, 40002, 40003
OPERATORS = 40010
BELONGS = "belongs to operators, which are root, the owner of the socket and the group control.operators"


def control(**keys):
    texts = {key: value if isinstance(value, str) else "{%s}" % ", ".join("%s: %d" % item for item in value.items())
             for key, value in keys.items()}
    return "control: {%s}\n" % ", ".join("%s: %s" % item for item in texts.items())


def daemon(extra="", **keys):
    """A daemon that any user may connect to."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    new = Daemon(start=False)
    new.write(control(mode="0666", **keys).replace("{dir}", new.dir) + extra)
    new.start()
    os.chmod(new.dir, 0o755)
    return new


def as_user(d, uid, groups=(), path=None):
    with user(uid, groups=groups):
        return Client(d, path)


def eperm(client, text, method, **params):
    errno, message = client.refused(method, **params)
    equal(errno, "EPERM")
    contains(message, text)


def edquot(client, text, method, **params):
    errno, message = client.refused(method, **params)
    equal(errno, "EDQUOT")
    contains(message, text)


def permissions(path):
    status = os.stat(path)
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


@test("reliability 6: the sockets have their owner, group and mode, whatever the umask")
def _():
    before = os.umask(0o077)
    try:
        d = daemon(owner=str(ALICE), group=str(OPERATORS), read_only_socket="{dir}/run/reader")
    finally:
        os.umask(before)
    with d:
        equal(permissions(d.socket), (0o666, ALICE, OPERATORS))
        equal(permissions(d.dir + "/run/reader"), (0o666, ALICE, OPERATORS))
        os.chmod(d.dir + "/run", 0o755)  # the umask holds for the directory
        client = as_user(d, ALICE)
        client.call("session.open", name="s")
        attached = client.call("session.attach", session="s", ring_size=64)["socket"]
        equal(permissions(attached), (0o666, ALICE, OPERATORS))
        equal(d.stop(), 0)
        equal(os.listdir(d.dir + "/run"), [])


@test("reliability 6: root, the owner and the members of the group are operators, others are not")
def _():
    with daemon(extra=MEMBERSHIPS, owner=str(ALICE), operators=str(OPERATORS)) as d:
        for client in [Client(d), as_user(d, ALICE), as_user(d, OPERATOR, groups=[1, OPERATORS]),
                       as_user(d, OPERATOR, groups=[*range(100000, 100300), OPERATORS])]:
            client.call("group.join", group="239.7.7.7", session="config")
            client.call("group.join", group="239.7.7.7")
            equal({s["name"] for s in client.call("session.list")["sessions"]}, {"config", "cli"})
        for client in [as_user(d, BOB), as_user(d, OPERATOR, groups=[1])]:
            eperm(client, "session config " + BELONGS, "group.join", group="239.7.7.8", session="config")
            eperm(client, "session cli " + BELONGS, "group.leave", group="239.7.7.7", session="cli")
            equal(client.call("session.list")["sessions"], [])
        equal(d.groups()["239.7.7.7"], [])


@test("reliability 6: the names config and cli, and cli-UID of others, are kept")
def _():
    with daemon() as d:
        client = as_user(d, ALICE)
        eperm(client, "session cli " + BELONGS, "session.open", name="cli")
        eperm(client, "session cli " + BELONGS, "group.join", group="239.7.7.8", session="cli")
        eperm(client, "session config " + BELONGS, "group.join", group="239.7.7.8", session="config")
        eperm(client, "session cli-%d is kept for the user of this number" % BOB,
              "session.open", name="cli-%d" % BOB)
        client.call("group.join", group="239.7.7.8")
        equal([(s["name"], s["user"], len(s["memberships"])) for s in client.call("session.list")["sessions"]],
              [("cli-%d" % ALICE, ALICE, 1)])
        Client(d).call("group.join", group="239.7.7.9")
        equal({s["name"]: s["user"] for s in d.shown("sessions")},
              {"config": None, "cli-%d" % ALICE: ALICE, "cli": None})


@test("reliability 6: nobody uses or sees the session of another user, except operators")
def _():
    with daemon() as d:
        alice, bob = as_user(d, ALICE), as_user(d, BOB)
        number = alice.call("session.open")["session"]
        alice.call("session.open", name="news")
        for session in [number, "news"]:
            alice.call("group.join", group="239.7.7.7", session=session)
        methods = [
            ("group.join", {"group": "239.1.1.1"}), ("group.leave", {"group": "239.7.7.7"}),
            ("group.block", {"group": "239.7.7.7", "sources": ["10.0.0.1"]}),
            ("group.unblock", {"group": "239.7.7.7", "sources": ["10.0.0.1"]}),
            ("group.filter", {"group": "239.7.7.7", "mode": "include"}),
            ("group.get", {"group": "239.7.7.7", "interface": "tv"}),
            ("session.bind", {"udp_port": 1}), ("session.attach", {}), ("session.settle", {}),
            ("session.stats", {}), ("session.close", {}),
        ]
        for session in [number, "news"]:
            text = "session %s belongs to user %d: only this user and operators may use it" % (session, ALICE)
            for method, params in methods:
                eperm(bob, text, method, session=session, **params)
        eperm(bob, "belongs to user %d" % ALICE, "session.open", name="news")
        equal(bob.call("session.list")["sessions"], [])
        equal(len(alice.call("session.list")["sessions"]), 2)
        equal(alice.call("group.get", session="news", group="239.7.7.7", interface="tv")["joins"], 1)
        root = Client(d)
        root.call("group.join", group="239.7.7.7", session="news")
        equal(alice.call("group.get", session="news", group="239.7.7.7", interface="tv")["joins"], 2)
        root.call("session.close", session="news")
        root.call("session.close", session=number)


@test("reliability 6: only operators deliver to outputs")
def _():
    with daemon() as d:
        alice = as_user(d, ALICE)
        eperm(alice, "to: outputs belong to operators", "group.join", group="239.7.7.7", to=["packager"])
        eperm(alice, "to: outputs belong to operators", "group.filter", group="239.7.7.7", mode="exclude",
              to=["packager"])
        equal(d.groups(), {})
        alice.call("group.join", group="239.7.7.7", to=[])
        Client(d).call("group.join", group="239.7.7.8", to=["packager"])
        equal(d.groups(), {"239.7.7.7": [], "239.7.7.8": ["packager"]})


@test("reliability 6: the memif of a session accepts the user who attached it and root, and nobody else")
def _():
    def hello(uid, path):
        with user(uid):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as memif:
                memif.settimeout(30)
                memif.connect(path)
                return memif.recv(1000)

    with daemon() as d:
        alice, bob = as_user(d, ALICE), as_user(d, BOB)
        alice.call("session.open", name="a")
        bob.call("session.open", name="b")
        path = alice.call("session.attach", session="a", ring_size=64)["socket"]
        equal(hello(BOB, path), b"")
        assert hello(ALICE, path) and hello(0, path)
        eperm(bob, "is for user %d" % ALICE, "session.attach", session="b", socket=path, ring_size=64)
        alice.call("session.open", name="a2")
        equal(alice.call("session.attach", session="a2", socket=path, ring_size=64)["socket"], path)


@test("reliability 6: the read-only socket shows what there is to everybody and changes nothing for root")
def _():
    with daemon(extra=MEMBERSHIPS, read_only_socket="{dir}/run/reader") as d:
        before = d.groups()
        for uid in [0, ALICE]:
            client = as_user(d, uid, path=d.dir + "/run/reader")
            equal({g["group"] for g in client.call("group.list")["groups"]}, set(before))
            for method in ["interface.list", "port.list", "output.list", "worker.list", "querier.list",
                           "drop.list", "control.stats", "version", "event.subscribe"]:
                client.call(method)
            equal(len(client.call("session.list")["sessions"]), 1 if uid == 0 else 0)
            for method, params in [("group.join", {"group": "239.1.1.2"}), ("group.leave", {"group": "239.1.1.1"}),
                                   ("group.block", {}), ("group.unblock", {}), ("group.filter", {}),
                                   ("session.open", {}), ("session.bind", {}), ("session.attach", {}),
                                   ("session.settle", {}), ("session.send", {}), ("session.close", {})]:
                eperm(client, "%s is refused: this socket is read-only" % method, method, **params)
        equal(d.groups(), before)


@test("reliability 6: quotas of sessions, groups, sources and queued frames, which operators have not")
def _():
    quotas = {"sessions": 3, "groups": 4, "sources": 5, "queued_frames": 256}
    with daemon(quotas=quotas) as d:
        client = as_user(d, ALICE)
        numbers = [client.call("session.open")["session"] for _ in range(2)]
        client.call("session.open", name="named")
        edquot(client, "user %d has 3 sessions and may have 3, see control.quotas" % ALICE, "session.open")
        edquot(client, "sessions", "session.open", name="other")
        edquot(client, "sessions", "group.join", group="239.7.7.7")  # opens the session cli-UID

        for i in range(4):
            client.call("group.join", group=group(i), session=numbers[i % 2])
        client.call("group.join", group=group(0), session=numbers[0])  # again
        edquot(client, "user %d has 4 groups and may have 4" % ALICE, "group.join", group=group(4), session="named")
        edquot(client, "groups", "group.filter", group=group(4), session="named", mode="exclude")
        client.call("group.filter", group=group(4), session="named", mode="include")  # of nothing
        client.call("group.leave", group=group(3), session=numbers[1])
        client.call("group.join", group=group(4), session="named", sources=["10.0.0.1", "10.0.0.2", "10.0.0.3"])

        client.call("group.block", group=group(0), session=numbers[0], sources=["10.0.0.1", "10.0.0.2"])
        edquot(client, "user %d has 5 sources and may have 5" % ALICE,
               "group.join", group=group(4), session="named", sources=["10.0.0.4"])
        edquot(client, "sources", "group.block", group=group(1), session=numbers[1], sources=["10.0.0.1"])
        edquot(client, "sources", "group.filter", group=group(4), session="named", mode="include",
               sources=["10.0.1.%d" % i for i in range(4)])
        client.call("group.filter", group=group(4), session="named", mode="include",
                    sources=["10.0.1.%d" % i for i in range(3)])
        client.call("group.unblock", group=group(0), session=numbers[0], sources=["10.0.0.1"])
        client.call("group.join", group=group(4), session="named", sources=["10.0.0.4"])

        client.call("session.attach", session=numbers[0], ring_size=128)
        edquot(client, "user %d has 128 queued frames and may have 256" % ALICE,
               "session.attach", session="named", ring_size=256)
        client.call("session.attach", session="named", ring_size=128)
        client.call("session.close", session="named")  # gives back all that it held
        client.call("group.join", group=group(9), session=numbers[1], sources=["10.0.0.%d" % i for i in range(1, 5)])
        client.call("session.attach", session=numbers[1], ring_size=128)

        other = as_user(d, BOB)
        other.call("group.join", group=group(0))
        root = Client(d)
        for i in range(10):
            root.call("session.open", name="root%d" % i)
            root.call("group.join", group=group(i), session="root0")
        root.call("session.attach", session="root0", ring_size=512)

        client.close()  # ends what is connected
        again = as_user(d, ALICE)
        wait_until(lambda: again.ask("session.open")[0], "the end of the sessions")
        for i in range(3):
            wait_until(lambda: not again.ask("group.join", group=group(i))[1], "the end of the groups")


@test("reliability 6: many idle connections of others do not keep root out")
def _():
    for quota, places in [(20, 20), (1024, 992)]:
        with daemon(quotas={"connections": quota}) as d:
            with user(NOBODY):
                crowd = [Client(d) for _ in range(1100 if quota > 256 else 300)]
            root = Client(d)
            root.call("version")
            d.ok("show", "groups")
            root.call("group.join", group="239.7.7.7")
            errors = [error["data"]["errno"] for error in (client.ask("version")[1] for client in crowd) if error]
            equal(len(errors), len(crowd) - places)
            equal(set(errors), {"EDQUOT" if quota < 992 else "EMFILE"})
            lines = [line for line in d.said().splitlines() if "user %d" % NOBODY in line]
            assert 0 < len(lines) <= 11, lines
            for client in crowd:
                client.close()
            with user(NOBODY):
                wait_until(lambda: Client(d).ask("version")[0], "a place")


@test("reliability 6: idle connections end, but none with a session or a subscription, or that goes on")
def _():
    with daemon(idle_timeout="0.5") as d:
        idle, half, asked, unread = [as_user(d, ALICE) for _ in range(4)]
        owner, subscriber, busy = [as_user(d, ALICE) for _ in range(3)]
        half.socket.sendall(b'{"jsonrpc"')
        asked.call("version")
        unread.send([request("session.list")] * 10)
        owner.call("session.open")
        subscriber.call("event.subscribe")
        closed = owner.call("session.open")["session"]
        owner.call("session.close", session=closed)
        begin = time.monotonic()
        while time.monotonic() < begin + 2:
            busy.call("version")
            time.sleep(0.05)
        for client in [idle, half, asked]:
            equal(client.lines.readline(), "")
        assert unread.read() and unread.lines.readline() == ""
        for client in [owner, subscriber, busy]:
            client.call("version")


@test("reliability 6: a reload takes over operators and quotas, and names what needs a restart")
def _():
    with daemon(quotas={"sessions": 1}) as d:
        client = as_user(d, OPERATOR, groups=[OPERATORS])
        client.call("session.open", name="mine")
        edquot(client, "sessions", "session.open")
        d.write(control(mode="0666", quotas={"sessions": 2}))
        d.reload()
        client.call("session.open")
        edquot(client, "sessions", "session.open")
        eperm(client, "session cli " + BELONGS, "group.join", group="239.7.7.7", session="cli")
        d.write(control(mode="0666", operators=str(OPERATORS)))
        d.reload()
        client.call("group.join", group="239.7.7.7", session="cli")
        for keys, name in [({"owner": str(BOB)}, "owner"), ({"group": "1"}, "group"), ({"mode": "0600"}, "mode"),
                           ({"read_only_socket": "{dir}/reader"}, "read_only_socket")]:
            d.write(control(**{"mode": "0666", **keys}).replace("{dir}", d.dir))
            d.reload()
            contains(d.said(), "a change of `control.%s` needs a restart, nothing is changed" % name)
        client.call("group.join", group="239.7.7.7", session="cli")
        d.write(control(mode="0666"))
        d.reload()
        eperm(client, "session cli " + BELONGS, "group.join", group="239.7.7.7", session="cli")
        client.call("group.join", group="239.7.7.7", session="mine")


if __name__ == "__main__":
    raise SystemExit(run_tests())
