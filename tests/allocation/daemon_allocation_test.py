#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each allocation that sluiced makes for a request fails in turn. Each request with an id gets one
well-formed answer: the result, or ENOMEM and then nothing has changed. The daemon goes on, and the
same request succeeds afterwards."""

import json
import mmap
import os
import re
import socket
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../ctrl/daemon"))
from daemon_fixture import BASE, MEMBERSHIPS, Daemon, equal, run_tests, test

INJECTOR = os.environ["ALLOCATION_INJECTOR"]
FULL = os.environ.get("ALLOCATION_SWEEP") == "full"
BUDGET = 8  # runs of a request in a short sweep
ALWAYS = 1 << 62
SITES = os.environ.get("ALLOCATION_SITES")


class Injector:
    """The state of the injector in another process."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="sluice-allocation-")
        self.file.truncate(32)
        self.map = mmap.mmap(self.file.fileno(), 32)
        self.env = {"LD_PRELOAD": INJECTOR, "ALLOCATION_STATE": self.file.name,
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def arm(self, first, n):
        self.map[8:16] = struct.pack("Q", 0)
        self.map[0:8] = self.map[24:32] = struct.pack("Q", 0)
        self.map[16:24] = struct.pack("Q", first + n - 1)
        self.map[8:16] = struct.pack("Q", first)

    def disarm(self):
        """Whether an allocation has failed."""
        self.map[8:16] = struct.pack("Q", 0)
        return struct.unpack("Q", self.map[24:32])[0] > 0

    def count(self):
        return struct.unpack("Q", self.map[0:8])[0]


def note(text):
    if SITES:
        with open(SITES, "a") as file:
            file.write("# " + text + "\n")


def numbers(total):
    """The numbers of the allocations that fail, one in each run."""
    stride = 1 if FULL else max(1, -(-total // BUDGET))
    return range(1, total + 1, stride)


class Client:
    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(daemon.socket)
        self.file = self.socket.makefile("r")
        self.id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode() + b"\n")

    def read(self):
        line = self.file.readline()
        assert line, "the connection is closed"
        assert line.endswith("\n"), "a line is cut off: %r" % line
        return json.loads(line)

    def request(self, method, params):
        self.id += 1
        return {"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}

    def answer(self, method, **params):
        request = self.request(method, params)
        self.send(json.dumps(request))
        answer = self.read()
        equal(answer["id"], request["id"])
        equal(answer["jsonrpc"], "2.0")
        assert ("result" in answer) != ("error" in answer), answer
        return answer

    def call(self, method, **params):
        answer = self.answer(method, **params)
        assert "result" in answer, answer
        return answer["result"]


def steady(value):
    """Without numbers, which count, and without what passes by itself."""
    if isinstance(value, dict):
        return {key: steady(member) for key, member in value.items() if key != "state"}
    if isinstance(value, list):
        return [steady(member) for member in value
                if not isinstance(member, dict) or member.get("state") != "leaving"]
    if isinstance(value, str):
        return re.sub(r"sock\.\d+$", "sock", value)
    return 0 if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def state(client):
    """What a failed request must not change. Groups that are being left are gone."""
    groups = [{key: group[key] for key in ("interface", "group", "mode", "sources", "members", "outputs")}
              for group in client.call("group.list")["groups"] if group["state"] != "leaving"]
    sessions = [(session["name"], session["udp_port"],
                 sorted([{key: value for key, value in membership.items() if key != "state"}
                         for membership in session["memberships"]], key=str))
                for session in client.call("session.list")["sessions"]]
    return (sorted(groups, key=lambda group: (group["interface"], group["group"])),
            sorted(sessions, key=str))


def refused(answer):
    return "error" in answer and answer["error"].get("data", {}).get("errno") == "ENOMEM"


def sweep_one(injector, client, name, setup, act, mode):
    """`act` returns an answer, after which `setup` makes the state before it again."""
    setup(client)
    before = state(client)
    injector.arm(ALWAYS, 1)
    expected = act(client)
    injector.disarm()
    total = injector.count()
    assert not refused(expected), expected
    after = state(client)
    runs = refusals = 0
    for number in numbers(total):
        setup(client)
        equal(state(client), before)
        injector.arm(number, 1 if mode == "once" else ALWAYS)
        answer = act(client)
        failed = injector.disarm()
        runs += failed
        if refused(answer):
            refusals += 1
            assert failed, "ENOMEM for no reason"
            equal(state(client), before)
            answer = act(client)
        equal(steady(answer), steady(expected))
        equal(state(client), after)
    setup(client)
    note("daemon, %s, %s: %d runs, %d allocations, %d refusals" % (name, mode, runs, total, refusals))


def reset(client):
    """Two groups are joined, in two sessions."""
    for session in client.call("session.list")["sessions"]:
        if session["name"] != "config":
            client.call("session.close", session=session["name"] or session["id"])
    client.call("group.join", group="239.2.0.1", session="one", to=["packager"])
    client.call("group.join", group="232.2.0.1", sources=["10.9.0.5", "10.9.0.6"], session="one")
    client.call("group.join", group="239.2.0.2", session="two")
    client.call("group.block", group="239.2.0.2", sources=["10.9.0.7"], session="two")


MANY = ["10.8.%d.%d" % (i // 250, 1 + i % 250) for i in range(500)]
ATTACH = ("session.attach", {"session": "one", "ring_size": 16})
# A method and its parameters, and what is called before. "CURSOR" and "SOCKET" are of that answer.
REQUESTS = [
    ("group.join", {"group": "239.2.0.3"}),
    ("group.join", {"group": "239.2.0.1", "session": "one"}),
    ("group.join", {"group": "239.2.0.3", "session": "new", "to": ["packager"]}),
    ("group.join", {"group": "232.2.0.1", "sources": ["10.9.0.8", "10.9.0.9"], "session": "one", "to": ["packager"]}),
    ("group.join", {"group": "ff1e::7", "session": "one", "interface": "tv"}),
    ("group.leave", {"group": "239.2.0.1", "session": "one"}),
    ("group.leave", {"group": "232.2.0.1", "sources": ["10.9.0.6"], "session": "one"}),
    ("group.block", {"group": "239.2.0.2", "sources": ["10.9.0.8"], "session": "two"}),
    ("group.unblock", {"group": "239.2.0.2", "sources": ["10.9.0.7"], "session": "two"}),
    ("group.filter", {"group": "239.2.0.2", "mode": "include", "sources": MANY, "session": "two", "to": []}),
    ("group.filter", {"group": "239.2.0.1", "mode": "exclude", "sources": MANY, "session": "one"}),
    ("group.list", {}),
    ("group.list", {"limit": 1}),
    ("group.list", {"after": "CURSOR"}, ("group.list", {"limit": 1})),
    ("group.get", {"group": "232.2.0.1", "interface": "tv"}),
    ("group.stats", {"group": "239.2.0.1", "interface": "tv"}),
    ("session.open", {"name": "three", "udp_port": 5004}),
    ("session.bind", {"session": "one", "udp_port": 5006}),
    ("session.attach", {"session": "one", "ring_size": 16}),
    ("session.attach", {"session": "two", "ring_size": 16, "socket": "SOCKET"}, ATTACH),
    ("session.settle", {"session": "one"}, ATTACH),
    ("session.stats", {"session": "one"}, ATTACH),
    ("session.close", {"session": "one"}, ATTACH),
    ("session.open", {}),
    ("session.list", {}),
    ("session.send", {"interface": "tv", "group": "239.2.0.9", "port": 5000, "payload": "00ff" * 100}),
    ("interface.list", {}),
    ("port.list", {}),
    ("output.list", {}),
    ("worker.list", {}),
    ("querier.list", {}),
    ("control.stats", {}),
    ("drop.list", {}),
    ("event.subscribe", {}),
    ("version", {}),
    ("no.such.method", {}),
    ("group.join", {"group": "not an address"}),
]


def with_daemon(function):
    injector = Injector()
    with Daemon(env=injector.env) as daemon:
        with Client(daemon) as client:
            function(daemon, injector, client)
        equal(daemon.stop(), 0)


def sweep_requests(mode):
    def sweep(daemon, injector, client):
        for method, params, *first in REQUESTS:
            def setup(who, first=first):
                reset(who)
                answers.clear()
                for name, given in first:
                    answers.append(who.call(name, **given))

            def act(who, method=method, params=params):
                known = {"CURSOR": answers and answers[0].get("after"), "SOCKET": answers and answers[0].get("socket")}
                return who.answer(method, **{key: known.get(value, value) if isinstance(value, str) else value
                                             for key, value in params.items()})

            answers = []
            # Events would come between the answers.
            with Client(daemon) as own:
                sweep_one(injector, Subscriber(own, client) if method == "event.subscribe" else client,
                          "%s %s" % (method, json.dumps(params)[:60]), setup, act, mode)
    with_daemon(sweep)


class Subscriber:
    """Subscribes by one connection and does all else by another."""

    def __init__(self, own, other):
        self.own, self.other = own, other

    def answer(self, method, **params):
        if method != "event.subscribe":
            return self.other.answer(method, **params)
        self.own.send(json.dumps(self.own.request(method, params)))
        answer = self.own.read()
        while "id" not in answer:
            equal(answer["method"], "event")
            answer = self.own.read()
        return dict(answer, id=1)

    def call(self, method, **params):
        return self.other.call(method, **params)


@test("each request is answered when one allocation fails")
def once():
    sweep_requests("once")


@test("each request is answered when all allocations fail from one on")
def from_one_on():
    sweep_requests("from")


def sweep_lines(mode, name, run):
    """After `run`, which arms and disarms, the state can be made the same as before."""
    def sweep(daemon, injector, client):
        reset(client)
        before = state(client)
        run(daemon, client, lambda: injector.arm(ALWAYS, 1), injector.disarm)
        total = injector.count()
        for number in numbers(total):
            reset(client)
            run(daemon, client, lambda n=number: injector.arm(n, 1 if mode == "once" else ALWAYS), injector.disarm)
            reset(client)
            equal(state(client), before)
        note("daemon, %s, %s: %d allocations" % (name, mode, total))
    with_daemon(sweep)


def batch(_daemon, client, arm, disarm):
    """Each request of a batch has one answer, and a notification none."""
    calls = [client.request("group.join", {"group": "239.3.0.%d" % i, "session": "batch"}) for i in range(1, 9)]
    calls.insert(4, {"jsonrpc": "2.0", "method": "group.join", "params": {"group": "239.3.0.99", "session": "batch"}})
    calls += [client.request("group.list", {}), client.request("no.such.method", {}), 7]
    arm()
    client.send(json.dumps(calls))
    answers = client.read()
    disarm()
    equal([answer["id"] for answer in answers], [call["id"] for call in calls if isinstance(call, dict) and "id" in call] + [None])
    for call, answer in zip((call for call in calls if not isinstance(call, dict) or "id" in call), answers):
        if call == 7:
            equal(answer["error"]["code"], -32600)
        elif call["method"] == "no.such.method":
            assert answer["error"]["code"] == -32601 or refused(answer), answer
        else:
            assert "result" in answer or refused(answer), answer


@test("each request of a batch is answered when one allocation fails")
def batch_once():
    sweep_lines("once", "batch", batch)


@test("each request of a batch is answered when all allocations fail from one on")
def batch_from():
    sweep_lines("from", "batch", batch)


def events(daemon, client, arm, disarm):
    """A subscriber hears of each join, or how many events it has missed."""
    with Client(daemon) as subscriber:
        subscriber.call("event.subscribe")
        arm()
        answers = [client.answer("group.join", group="239.3.0.%d" % i, session="events") for i in range(1, 5)]
        disarm()
        client.call("group.join", group="239.3.0.9", session="events")
        heard = missed = 0
        seen = None
        while seen != "239.3.0.9":
            event = subscriber.read()
            equal(event["method"], "event")
            if event["params"]["event"] == "dropped":
                missed += event["params"]["count"]
            elif event["params"]["event"] == "pending":
                seen = event["params"]["group"]
                heard += 1
        joined = sum("result" in answer for answer in answers) + 1
        assert heard <= joined <= heard + missed, (heard, missed, joined)


@test("a subscriber hears of each event or of its loss when one allocation fails")
def events_once():
    sweep_lines("once", "events", events)


@test("a subscriber hears of each event or of its loss when all allocations fail from one on")
def events_from():
    sweep_lines("from", "events", events)


def connect(daemon, _client, arm, disarm):
    """A client whose connection gets no memory gets an error, or the connection is closed."""
    arm()
    with Client(daemon) as fresh:
        lines = []
        try:
            fresh.send(json.dumps(fresh.request("version", {})))
            fresh.socket.shutdown(socket.SHUT_WR)
            lines = fresh.file.read().splitlines()
        except (BrokenPipeError, ConnectionResetError):
            pass
        disarm()
        assert len(lines) <= 1, lines
        for line in lines:
            answer = json.loads(line)
            assert "result" in answer or refused(answer), answer


@test("a client that connects is answered or refused when one allocation fails")
def connect_once():
    sweep_lines("once", "connect", connect)


@test("a client that connects is answered or refused when all allocations fail from one on")
def connect_from():
    sweep_lines("from", "connect", connect)


CHANGED = """
memberships:
  - {group: 239.1.1.1}
  - {group: 239.1.1.3, to: [other]}
  - {group: 239.1.1.4, exclude: [10.9.0.3, 10.9.0.4]}
protocol: {robustness: 3}
"""
OTHER = "outputs:\n  - {{name: other, port: out0}}\n"


def sweep_reload(mode):
    def sweep(daemon, injector, client):
        base = BASE[:BASE.index("outputs:")]
        daemon.write(CHANGED, base + OTHER)
        injector.arm(ALWAYS, 1)
        daemon.reload()
        injector.disarm()
        total, after = injector.count(), state(client)
        for number in numbers(total):
            daemon.write(MEMBERSHIPS)
            daemon.reload()
            before = state(client)
            daemon.write(CHANGED, base + OTHER)
            injector.arm(number, 1 if mode == "once" else ALWAYS)
            daemon.reload()
            injector.disarm()
            if "nothing is changed" in daemon.said().splitlines()[-1]:
                equal(state(client), before)
            daemon.reload()
            equal(state(client), after)
        note("daemon, reload, %s: %d allocations" % (mode, total))
    with_daemon(sweep)


@test("a reload is refused, or repeated with success, when one allocation fails")
def reload_once():
    sweep_reload("once")


@test("a reload is refused, or repeated with success, when all allocations fail from one on")
def reload_from():
    sweep_reload("from")


sys.exit(run_tests())
