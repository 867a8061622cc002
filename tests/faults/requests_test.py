#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Requests without end, right, wrong and damaged, on the socket of a sluiced. SLUICE_RELIABILITY=1 sends a
million."""

import json
import os
import random
import threading
import time

from control_fixture import Client, memory_mib, request
from daemon_fixture import FREED_IS_FREE, PATIENCE, Daemon, equal, run_tests, test, wait_until

LONG = os.environ.get("SLUICE_RELIABILITY") == "1"
REQUESTS = 1000000 if LONG else 20000
CLIENTS = 4
LINES = 100  # that each client sends again and again
BATCH = 100  # requests of a line
GROWTH_MAX_MIB = 8
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
END = '{"jsonrpc":"2.0","id":"end","method":"version"}'


def figure(name, value, unit):
    print("# figure: %s: %s %s" % (name, value, unit))


def group(dice):
    return dice.choice(["239.50.0.%d" % dice.randrange(40), "232.1.1.%d" % dice.randrange(9), "ff1e::%x" % dice.randrange(9),
                        "10.0.0.1", "224.0.0.1", "x", 7])


def random_call(dice, session):
    sources = ["10.0.0.%d" % i for i in range(dice.randrange(4))]
    return dice.choice([
        lambda: request("group.join", group=group(dice), session=session),
        lambda: request("group.join", group=group(dice), sources=sources, session=session),
        lambda: request("group.leave", group=group(dice), session=session),
        lambda: request("group.filter", group=group(dice), mode=dice.choice(["exclude", "include", "no"]),
                        sources=sources, session=session),
        lambda: request("group.block", group=group(dice), sources=sources, session=session),
        lambda: request("group.get", group=group(dice), interface="tv", session=session),
        lambda: request("group.list", limit=dice.randrange(5)),
        lambda: request("session.stats", session=dice.randrange(100)),
        lambda: request("session.bind", session=session, udp_port=dice.randrange(70000)),
        lambda: request("session.send", interface="tv", group=group(dice), payload="00" * dice.randrange(90)),
        lambda: request(dice.choice(["version", "interface.list", "drop.list", "control.stats", "fly"])),
    ])()


def damaged(dice, session):
    """One byte is wrong."""
    text = bytearray(json.dumps(random_call(dice, session)).encode())
    byte = dice.randrange(256)
    text[dice.randrange(len(text))] = byte if byte != 10 else 0
    return bytes(text)


class Sender:
    def __init__(self, daemon, dice):
        self.client = Client(daemon)
        self.session = self.client.call("session.open")["session"]
        self.lines = []
        for _ in range(LINES):
            batch = [random_call(dice, self.session) for _ in range(BATCH)]
            self.lines.append((json.dumps(batch).encode() + b"\n", BATCH))
            # What a damaged request does may be anything, so that the end of its line is marked.
            many = [damaged(dice, self.session) for _ in range(BATCH)]
            self.lines.append((b"\n".join([*many, END.encode(), b""]), 0))

    def exchange(self, number):
        line, answers = self.lines[number % len(self.lines)]
        self.client.socket.sendall(line)
        if answers:
            equal(len(json.loads(self.client.lines.readline())), answers)
            return
        while True:
            text = self.client.lines.readline()
            assert text, "the daemon has closed the connection"
            if '"end"' in text and json.loads(text)["id"] == "end":
                return


class Innocent(threading.Thread):
    """Connects and asks all the time."""

    def __init__(self, daemon):
        super().__init__()
        self.daemon_under_test = daemon
        self.longest, self.n, self.going = 0, 0, True

    def run(self):
        while self.going:
            begin = time.monotonic()
            client = Client(self.daemon_under_test)
            client.call("version")
            client.close()
            self.longest = max(self.longest, time.monotonic() - begin)
            self.n += 1
            time.sleep(0.02)


def open_files(daemon):
    return len(os.listdir("/proc/%d/fd" % daemon.process.pid))


@test("reliability 3: %d right, wrong and damaged requests leave nothing behind" % REQUESTS)
def _():
    print("# SEED=%d" % SEED)
    dice = random.Random(SEED)
    with Daemon(extra="", env=FREED_IS_FREE) as daemon:
        senders = [Sender(daemon, dice) for _ in range(CLIENTS)]
        for number in range(2 * CLIENTS):  # what the first requests allocate is not lost
            senders[number % CLIENTS].exchange(number // CLIENTS)
        files, memory = open_files(daemon), memory_mib(daemon)
        innocent = Innocent(daemon)
        innocent.start()
        try:
            for number in range(REQUESTS // BATCH):
                senders[number % CLIENTS].exchange(number // CLIENTS)
        finally:
            innocent.going = False
            innocent.join(PATIENCE)
        grown = memory_mib(daemon) - memory
        wait_until(lambda: open_files(daemon) <= files, "the end of the innocent clients")
        figure("requests on the socket of a sluiced", REQUESTS, "requests")
        figure("longest wait of %d innocent clients beside the requests" % innocent.n,
               "%.1f" % (innocent.longest * 1000), "ms")
        figure("memory that %d requests left" % REQUESTS, "%.1f" % grown, "MiB")
        assert grown < GROWTH_MAX_MIB, "%.1f MiB" % grown
        for sender in senders:
            sender.client.close()
        other = Client(daemon)
        wait_until(lambda: not any(session["memberships"] for session in other.call("session.list")["sessions"]
                                   if session["name"] is None), "the end of the sessions")
        equal(daemon.stop(), 0)


if __name__ == "__main__":
    raise SystemExit(run_tests())
