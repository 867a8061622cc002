#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients that try to block the control thread. The assertions are about CPU time, which does not
depend on the load of the machine."""

import contextlib
import json
import os
import signal
import time

from control_fixture import Client, cpu_seconds, group, join, memory_mib, notification, request
from daemon_fixture import Daemon, PATIENCE, SANITIZED, contains, equal, run_tests, test, wait_until

TURN_MAX_US = 5000 * (4 if SANITIZED else 1)
MEMORY_MAX_MIB = 8 * (4 if SANITIZED else 1)  # 4 MB as text, the rest as parsed requests
# Memory that AddressSanitizer keeps back after it was freed is not the daemon's.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
GROUPS = 1000


def turns_are_short(daemon):
    client = Client(daemon)
    stats = client.call("control.stats")
    client.close()
    print("# longest turn %d us of CPU time in %d turns" % (stats["turn_cpu_max_us"], stats["turns"]))
    assert stats["turn_cpu_max_us"] <= TURN_MAX_US, stats


def measure(scenario):
    """Whether the turns of a scenario are short in one of five attempts. Where memory is used first, a virtual
    machine may take milliseconds for one page fault, above all of a huge page."""
    for attempt in range(5):
        with Daemon(extra="", huge_pages=False) as daemon:
            scenario(daemon)
            try:
                turns_are_short(daemon)
                return
            except AssertionError:
                if attempt == 4:
                    raise


LISTS = "[" + ",".join([json.dumps(notification("group.list"))] * 18000) + "]"


@test("reliability 1: a line of 18,000 lists delays neither clients nor SIGTERM")
def _():
    with Daemon(extra="") as daemon:
        join(Client(daemon), GROUPS)
        hostile = Client(daemon)
        hostile.send(LISTS)
        time.sleep(0.2)
        for _ in range(20):
            Client(daemon).call("version")
        turns_are_short(daemon)
        daemon.send(signal.SIGTERM)
        wait_until(lambda: "leaving all groups" in daemon.said(), "the end")
        equal(daemon.process.wait(PATIENCE), 0)


@test("reliability 1: the work of a client ends when it disconnects")
def _():
    with Daemon(extra="") as daemon:
        join(Client(daemon), GROUPS)
        innocent = Client(daemon)

        def calls():
            """The CPU time of 100 calls. The work of others has a part in each turn that answers one."""
            before = cpu_seconds(daemon)
            for _ in range(100):
                innocent.call("version")
            return cpu_seconds(daemon) - before

        alone = calls()
        before = cpu_seconds(daemon)
        hostile = Client(daemon)
        hostile.send(LISTS)
        wait_until(lambda: cpu_seconds(daemon) - before > 0.05, "the work")
        beside = calls()
        hostile.close()
        innocent.call("version")
        after = calls()
        print("# CPU time of 100 calls: %.3f s alone, %.3f s beside lists, %.3f s after their end"
              % (alone, beside, after))
        assert beside > 2 * alone + 0.1, "the lists were listed before their client ended"
        assert after < alone + (beside - alone) / 4, "%.3f s of CPU time after the end" % after


@test("reliability 1: twelve hostile clients at once, no turn beyond 5 ms of CPU time")
def _():
    big = "[" + ",".join(["[]"] * 300000) + "]"

    def scenario(daemon):
        join(Client(daemon), 20000)
        lines = [
            LISTS, LISTS,
            json.dumps(request("group.list")),
            json.dumps([request("group.list")] * 100),
            json.dumps(request("session.list")),
            big, "[" * 200000, "{" * 1000000,
            json.dumps(request("group.filter", group="239.9.9.9", mode="exclude",
                               sources=["10.1.%d.%d" % (i >> 8, i & 255) for i in range(2000)])),
            json.dumps([notification("session.open", name="s%d" % i) for i in range(10000)]),
            json.dumps([notification(method, group="239.8.8.8") for method in ["group.join", "group.leave"] * 5000]),
            json.dumps([request("version")] * 10000),
        ]
        clients = [Client(daemon) for _ in lines]
        for client, line in zip(clients, lines):
            client.send(line[:(1 << 20) - 1])
        longest = 0
        end = time.monotonic() + 3
        innocent = Client(daemon)
        while time.monotonic() < end:
            begin = time.monotonic()
            innocent.call("version")
            longest = max(longest, time.monotonic() - begin)
            time.sleep(0.01)
        print("# longest wait of an innocent client %.1f ms" % (longest * 1000))
        for client in clients:
            client.close()

    measure(scenario)


@test("reliability 1: lists and joins with 1,000 interfaces and 4,000 outputs take short turns")
def _():
    with Daemon(extra="", start=False) as daemon:
        with open(daemon.file, "a") as file:
            file.writelines("  - {name: o%d, port: out0}\n" % i for i in range(4000))
        with open(daemon.file) as file:
            text = file.read()
        vlans = "".join("  - {name: v%d, port: in0, vlan: %d, addresses: [10.8.0.2/24]}\n" % (i, i)
                        for i in range(1, 1000))
        with open(daemon.file, "w") as file:
            file.write(text.replace("outputs:\n", vlans + "outputs:\n", 1))
        daemon.start()
        client = Client(daemon)
        for method, key, n in [("interface.list", "interfaces", 1000), ("output.list", "outputs", 4001),
                               ("querier.list", "queriers", 2000), ("drop.list", "drops", 1000)]:
            rows = client.call(method)[key]
            assert len(rows) == n or (method == "drop.list" and len(rows) > n), (method, len(rows))
        turns_are_short(daemon)
        client.call("group.join", group="239.1.1.1", interface="tv", to=["o%d" % i for i in range(3000, 4000)])
        turns_are_short(daemon)


@test("reliability 1: a connection with 100,000 groups is closed in short turns")
def _():
    with Daemon(extra="") as daemon:
        client = Client(daemon)
        session = client.call("session.open")["session"]
        join(client, 100000, session=session)
        other = Client(daemon)
        before = other.call("control.stats")["turn_cpu_max_us"]
        client.close()
        wait_until(lambda: len(other.call("session.list")["sessions"]) == 1, "the end of the session")
        wait_until(lambda: all(g["state"] == "leaving" for g in other.call("group.list", limit=5)["groups"]),
                   "the leave")
        after = other.call("control.stats")["turn_cpu_max_us"]
        print("# longest turn %d us of CPU time before the end, %d after" % (before, after))
        # All at once takes 60 ms and more.
        assert after <= max(before, TURN_MAX_US), "a turn of %d us" % after
        equal(daemon.stop(), 0)


@test("reliability 1: a reload that replaces 30,000 memberships and 1,000 outputs takes short turns")
def _():
    def write(daemon, name, first):
        daemon.write("".join("  - {name: %s%d, port: out0}\n" % (name, i) for i in range(1000)) + "memberships:\n"
                     + "".join("  - {group: %s, to: [%s%d]}\n" % (group(i), name, i % 1000)
                               for i in range(first, first + 30000)))

    def scenario(daemon):
        write(daemon, "a", 0)
        daemon.reload()
        contains(daemon.said(), "reload: done: +30000 memberships, +1000 outputs")
        write(daemon, "b", 30000)
        before = daemon.reloads()
        daemon.send(signal.SIGHUP)
        longest = 0
        innocent = Client(daemon)
        while daemon.reloads() == before:
            begin = time.monotonic()
            innocent.call("version")
            longest = max(longest, time.monotonic() - begin)
            time.sleep(0.01)
        print("# longest wait of an innocent client %.1f ms" % (longest * 1000))
        contains(daemon.said(), "reload: done: +30000 -30000 memberships, +1000 -1000 outputs")

    measure(scenario)


@test("reliability 1: a session of 30,000 groups is bound and attached in short turns")
def _():
    def scenario(daemon):
        client = Client(daemon)
        session = client.call("session.open")["session"]
        join(client, 30000, session=session)
        client.call("session.bind", session=session, udp_port=5000)
        client.call("session.attach", session=session, ring_size=64)
        client.call("session.close", session=session)

    measure(scenario)


@test("the changes of a batch that spans turns are reported together")
def _():
    with Daemon(extra="") as daemon:
        client = Client(daemon)
        # The lists take some ms between the join and the leave of the batch.
        join(Client(daemon), 300)
        wait_until(lambda: len(daemon.records()) >= 600, "the repeats")
        seen = len(daemon.records())
        calls = [notification("group.join", group="239.200.0.1")]
        calls += [notification("group.list")] * 3
        calls += [notification("group.leave", group="239.200.0.1"), request("version")]
        client.send(calls)
        client.read()
        time.sleep(0.1)
        assert not any("239.200.0.1" == to for _, to in daemon.records()[seen:]), \
            "a join that the same batch undoes is on the wire"


@test("reliability 4: unread answers take at most 4 MB, and the rest of a batch gets ENOBUFS")
def _():
    with Daemon(extra="") as daemon:
        join(Client(daemon), 5000)
        before = memory_mib(daemon)
        clients = [Client(daemon) for _ in range(10)]
        for client in clients:
            client.send([request("group.list", id=i) for i in range(100)])
        time.sleep(1)
        Client(daemon).call("version")
        answers = clients[0].read()
        equal([answer["id"] for answer in answers], list(range(100)))
        assert "result" in answers[0] and "result" in answers[1]
        equal(answers[-1]["error"]["data"]["errno"], "ENOBUFS")
        grown = memory_mib(daemon) - before
        assert grown < 10 * MEMORY_MAX_MIB, "%.0f MiB for 10 clients" % grown


@test("reliability 4: a subscriber that does not read loses events and gets their number")
def _():
    with Daemon(extra="") as daemon:
        subscriber, client = Client(daemon), Client(daemon)
        subscriber.call("event.subscribe")
        for _ in range(4):
            join(client, 10000)
            client.send([notification("group.leave", group=group(i)) for i in range(10000)] + [request("version")])
            client.read()
        told = 0
        client.call("group.join", group="239.77.0.1")
        while True:
            event = subscriber.read()["params"]
            told += event.get("count", 1)
            if event["event"] == "dropped":
                break
        assert event["count"] > 1000, event
        subscriber.call("version")
        client.call("group.join", group="239.77.0.2")
        equal(subscriber.read()["params"]["group"], "239.77.0.2")


@test("reliability 4: all connections together hold no more than control.buffered_bytes, and others are answered")
def _():
    with Daemon(extra="control: {buffered_bytes: 2097152}\n") as daemon:
        join(Client(daemon), 5000)
        before = memory_mib(daemon)
        clients = [Client(daemon) for _ in range(20)]
        for client in clients:
            client.send([request("group.list", id=i) for i in range(100)])
        time.sleep(1)
        innocent = Client(daemon)
        innocent.send([request("group.list", id=i, limit=100) for i in range(2)])
        assert all("result" in answer for answer in innocent.read()), "an innocent client is not answered"
        grown = memory_mib(daemon) - before
        assert grown < 20 * MEMORY_MAX_MIB / 4, "%.0f MiB for 20 clients" % grown
        # A client that reads takes no memory, whatever the others hold.
        innocent.call("group.list")
        refused = 0
        for client in clients:
            answers = client.read()
            equal([answer["id"] for answer in answers], list(range(100)))
            refused += "error" in answers[0]
            equal(answers[-1]["error"]["data"]["errno"], "ENOBUFS")
        assert refused > 10, "%d of 20 got nothing" % refused
        # They have read, so that there is room again.
        innocent.send([request("group.list", limit=5000)])
        assert "result" in innocent.read()[0]


@test("API-41: a change in a batch beyond the limit is done and answered, or refused and not done")
def _():
    with Daemon(extra="control: {buffered_bytes: 1048576}\n") as daemon:
        client = Client(daemon)
        join(client, 500)
        size = len(json.dumps(client.call("group.list"), separators=(",", ":")))
        joins = [request("group.join", group="239.9.9.9")] * 5000
        # The line counts as well, and 64 KiB of each connection do not.
        lists = (1048576 + 65536 - len(json.dumps(joins))) // size
        client.send([request("group.list")] * lists + joins)
        answers = client.read()[lists:]
        done = sum("result" in answer for answer in answers)
        assert 0 < done < 5000, done
        equal(client.call("group.get", group="239.9.9.9", interface="tv", session="cli")["joins"], done)


@test("reliability 4: long lines that never end hold no more than control.buffered_bytes")
def _():
    with Daemon(extra="control: {buffered_bytes: 2097152}\n") as daemon:
        clients = [Client(daemon) for _ in range(20)]
        for client in clients:
            client.socket.settimeout(0.1)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
                client.socket.sendall(b"[" + b" " * 1000000)
        other = Client(daemon)
        other.call("version")
        refused = 0
        for client in clients:
            with contextlib.suppress(TimeoutError):
                answer = client.read()
                equal(answer["error"]["data"]["errno"], "ENOBUFS")
                contains(answer["error"]["message"], "control.buffered_bytes")
                refused += 1
        assert refused >= 16, "%d of 20 are refused" % refused
        for client in clients:
            client.close()
        other.send([request("version", id="x" * 40000)] * 10)
        assert all("result" in answer for answer in other.read())


@test("reliability 4: subscribers that do not read lose events, and all together hold no more than the limit")
def _():
    with Daemon(extra="control: {buffered_bytes: 2097152}\n") as daemon:
        subscribers, client = [Client(daemon) for _ in range(16)], Client(daemon)

        def join_and_leave():
            for method in ["group.join", "group.leave"]:
                for first in range(0, 10000, 2000):
                    client.send([notification(method, group=group(i)) for i in range(first, first + 2000)])
            client.call("version")

        join_and_leave()
        before = memory_mib(daemon)
        for subscriber in subscribers:
            subscriber.call("event.subscribe")
        for _ in range(2):
            join_and_leave()
        grown = memory_mib(daemon) - before
        print("# %.0f MiB for 16 subscribers" % grown)
        assert grown < 2 * MEMORY_MAX_MIB, "%.0f MiB for 16 subscribers" % grown
        client.send([request("group.list", limit=100, id=i) for i in range(10)])
        assert all("result" in answer for answer in client.read())
        for subscriber in subscribers:
            told = 0
            while True:
                event = subscriber.read()["params"]
                told += event.get("count", 1)
                if event["event"] == "dropped":
                    break
            equal(told, 2 * 10000 * 3)  # pending, joined, left


if __name__ == "__main__":
    raise SystemExit(run_tests())
