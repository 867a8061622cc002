#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients of a sluiced for tests/soak.sh. Each minute they change memberships at random, attach, are killed,
reload the configuration and ask, while streams run. Then they rest, so that what the daemon holds can be
compared with the first minute."""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

RSS_MARGIN_KIB = 4096  # pages that the allocator may or may not have given back
CHURN_GROUPS = 500
REST_S = 3


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")

    def send(self, value):
        self.socket.sendall(json.dumps(value).encode() + b"\n")

    def read(self):
        return json.loads(self.lines.readline())

    def call(self, method, **params):
        self.send(request(method, **params))
        return self.read().get("result")

    def close(self):
        self.lines.close()
        self.socket.close()


def request(method, **params):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


class Soak:
    def __init__(self, options):
        self.options = options
        self.clients = []
        self.longest = 0  # seconds that an innocent client has waited
        self.counts = dict.fromkeys(["calls", "attached", "killed", "reloads", "asked"], 0)
        self.offered = 0

    def connect(self):
        return Client(self.options.socket)

    # ---- What clients do ----------------------------------------------------------------------

    def change(self):
        """A batch of joins, leaves and filters in the session of a connection."""
        if len(self.clients) < 8:
            client = self.connect()
            client.session = client.call("session.open")["session"]
            self.clients.append(client)
        client = random.choice(self.clients)
        batch = []
        for _ in range(20):
            number = random.randrange(CHURN_GROUPS)
            group = "239.2.%d.%d" % (number >> 8, number & 255)
            sources = ["10.9.0.%d" % i for i in random.sample(range(50, 60), random.randrange(4))]
            what = random.choice(["join", "leave", "filter"])
            params = {"mode": random.choice(["include", "exclude"]), "sources": sources} if what == "filter" else {}
            batch.append(request("group." + what, group=group, session=client.session, **params))
        client.send(batch)
        assert len(client.read()) == len(batch)
        self.counts["calls"] += len(batch)

    def end_client(self):
        if self.clients:
            self.clients.pop(random.randrange(len(self.clients))).close()

    def attach(self):
        """A subscriber to a stream that never reads, and is gone."""
        client = self.connect()
        session = client.call("session.open")["session"]
        client.call("session.attach", session=session, ring_size=64)
        client.call("group.join", session=session, group="239.1.0.1")
        client.close()
        self.counts["attached"] += 1

    def ask(self):
        begin = time.monotonic()
        client = self.connect()
        assert client.call("version")
        self.longest = max(self.longest, time.monotonic() - begin)
        client.close()
        self.counts["asked"] += 1

    def reload(self):
        name = "ab"[self.counts["reloads"] % 2]
        shutil.copy("%s/%s.yaml" % (self.options.directory, name), self.options.directory + "/sluice.yaml")
        os.kill(self.options.pid, signal.SIGHUP)
        self.counts["reloads"] += 1

    # ---- What the daemon holds ----------------------------------------------------------------

    def rss_kib(self):
        with open("/proc/%d/status" % self.options.pid) as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.options.pid))

    def mbufs(self):
        client = self.connect()
        mbufs = client.call("control.stats")["mbufs"]
        client.close()
        return mbufs

    def output(self):
        """Frames that the output port has sent, and those that it has dropped."""
        client = self.connect()
        row = next(row for row in client.call("output.list")["outputs"] if row["name"] == "packager")
        client.close()
        return row["packets"], row["dropped"]

    def holds(self):
        return {"rss": self.rss_kib(), "descriptors": self.descriptors(), "mbufs": self.mbufs()}

    # ---- A minute -----------------------------------------------------------------------------

    def run_streams(self):
        with open(self.options.directory + "/load.log", "w+") as log:
            load = subprocess.Popen(self.options.load.split(), stdout=log, stderr=subprocess.STDOUT)
            receiver = subprocess.Popen([*self.options.receive.split(), "239.1.0.2"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
            next_reload = time.monotonic()
            while load.poll() is None:
                random.choice([self.change] * 6 + [self.end_client, self.attach, self.ask, self.ask])()
                if time.monotonic() > next_reload:
                    self.reload()
                    next_reload += 5
                time.sleep(0.02)
            receiver.kill()
            receiver.wait()
            self.counts["killed"] += 1
            log.seek(0)
            text = log.read()
        assert load.returncode == 0, text
        self.offered += int(next(line for line in text.splitlines() if " frames, " in line).split()[0])

    def rest(self):
        """The same state as in any other minute."""
        while self.clients:
            self.end_client()
        if self.counts["reloads"] % 2 == 0:
            self.reload()
        time.sleep(REST_S)

    def run(self):
        begin, before = time.monotonic(), self.output()
        first, minute, lost = None, 0, 0
        while first is None or time.monotonic() - begin < self.options.hours * 3600:
            minute += 1
            self.run_streams()
            self.rest()
            now = self.holds()
            first = first or now
            delivered, dropped = (after - then for after, then in zip(self.output(), before))
            lost = self.offered - delivered
            print("# minute %d: %d KiB, %d descriptors, %d mbufs; %d frames offered, %d lost, %d of them by the port; "
                  "longest wait %.1f ms" % (minute, now["rss"], now["descriptors"], now["mbufs"], self.offered, lost,
                                            dropped, self.longest * 1000), flush=True)
        return first, now, lost


def main():
    parser = argparse.ArgumentParser()
    for name in ["socket", "directory", "receive", "load"]:
        parser.add_argument("--" + name)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--hours", type=float)
    soak = Soak(parser.parse_args())
    first, last, lost = soak.run()
    for key, unit in [("rss", "KiB"), ("descriptors", "descriptors"), ("mbufs", "mbufs")]:
        print("# figure: soak, %s at the start: %d %s" % (key, first[key], unit))
        print("# figure: soak, %s at the end: %d %s" % (key, last[key], unit))
    print("# figure: soak, load offered: %d frames" % soak.offered)
    print("# figure: soak, load delivered: %d frames" % (soak.offered - lost))
    print("# figure: soak, load lost: %d frames" % lost)
    print("# figure: soak, longest wait of an innocent client: %.1f ms" % (soak.longest * 1000))
    for key, count in soak.counts.items():
        print("# figure: soak, %s: %d times" % (key, count))
    faults = []
    if lost:
        faults.append("%d frames are lost" % lost)
    if last["rss"] > first["rss"] + RSS_MARGIN_KIB:
        faults.append("memory has grown")
    faults += ["%s leak" % key for key in ("descriptors", "mbufs") if last[key] > first[key]]
    print("".join("# %s\n" % fault for fault in faults), end="")
    return 1 if faults else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
