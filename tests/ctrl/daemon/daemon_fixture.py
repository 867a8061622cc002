# SPDX-License-Identifier: BSD-3-Clause
"""A sluiced for tests, and the output of the tests in TAP."""

import ctypes
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

SLUICED, SLUICE, CONFIGURATIONS = sys.argv[1:]
with open(SLUICED, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()  # the program is slower and larger
PR_SET_THP_DISABLE = 41
# For tests of memory: AddressSanitizer keeps what was freed, up to 256 MiB, to find its use.
FREED_IS_FREE = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
PATIENCE = 30  # seconds until something that should happen counts as never happening

BASE = """
socket: {dir}/run/sluice.sock
eal: ["--no-huge", "--no-shconf", "-m", "160", "--no-pci", "--no-telemetry", "--lcores", "0@0,1@0"]
ports:
  - {{name: in0, device: "net_pcap0,tx_pcap={dir}/wire.pcap"}}
  - {{name: out0, device: "net_null0,no-rx=1"}}
interfaces:
  - {{name: tv, port: in0, addresses: [10.9.0.2/24]}}
outputs:
  - {{name: packager, port: out0}}
"""
MEMBERSHIPS = """
memberships:
  - {group: 239.1.1.1, to: [packager]}
  - {group: 232.1.1.1, sources: [10.9.0.50]}
"""


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "never came true: " + what
        time.sleep(0.01)


def run(*args, **kwargs):
    return subprocess.run(args, capture_output=True, text=True, timeout=PATIENCE, **kwargs)


class Daemon:
    """A sluiced in a separate directory."""

    def __init__(self, extra=MEMBERSHIPS, start=True, args=(), env=None, files=None, owner=None, refused_calls=False,
                 huge_pages=True):
        self.temporary = tempfile.TemporaryDirectory(prefix="sluice-daemon-")
        self.dir = self.temporary.name
        self.file = self.dir + "/sluice.yaml"
        self.socket = self.dir + "/run/sluice.sock"
        self.log = self.dir + "/log"
        self.args = args
        self.env = dict(os.environ, **(env or {}))
        self.files = files  # how many it may open
        self.refused_calls = refused_calls  # the sandbox may refuse some
        self.huge_pages = huge_pages
        self.process = None
        if owner is not None:
            os.chown(self.dir, owner, -1)
        self.write(extra)
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        refused = os.path.exists(self.log) and re.findall("sandbox: .*", self.said())
        self.temporary.cleanup()
        assert self.refused_calls or not refused, refused

    def write(self, extra, base=BASE):
        with open(self.file, "w") as file:
            file.write(base.format(dir=self.dir) + extra)

    def spawn(self):
        return subprocess.Popen(
            [SLUICED, "--config", self.file, *self.args],
            stdout=subprocess.PIPE, stderr=open(self.log, "a"), text=True, env=self.env,
            preexec_fn=self.set_limits)

    def set_limits(self):
        if self.files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, self.files))
        if not self.huge_pages:
            ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)

    def start(self):
        self.process = self.spawn()
        line = self.process.stdout.readline()
        assert line == "ready\n", "%r, %s" % (line, self.said())

    def said(self):
        with open(self.log) as file:
            return file.read()

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        self.send(number)
        out, _ = self.process.communicate(timeout=PATIENCE)
        assert out == "", "on standard output: " + out
        return self.process.returncode

    def reloads(self):
        """How many have ended."""
        return len(re.findall("nothing is changed$|: reload: done: |: reload: .*\\d refused", self.said(), re.M))

    def reload(self):
        before = self.reloads()
        self.send(signal.SIGHUP)
        wait_until(lambda: self.reloads() > before, "the reload")

    def sluice(self, *args):
        return run(SLUICE, "--socket", self.socket, *args)

    def ok(self, *args):
        result = self.sluice(*args)
        assert result.returncode == 0, "%s: %s" % (args, result.stderr)
        return result.stdout

    def shown(self, what):
        return json.loads(self.ok("--json", "show", what))[what]

    def groups(self):
        """The joined groups: {group: outputs}"""
        return {g["group"]: g["outputs"] for g in self.shown("groups") if g["state"] != "leaving"}

    def records(self):
        """The IGMPv3 group records on the wire so far, in order: [(type, group)]"""
        with open(self.dir + "/wire.pcap", "rb") as file:
            data = file.read()
        records, at = [], 24
        while at + 16 <= len(data):
            length = struct.unpack_from("<I", data, at + 8)[0]
            frame = data[at + 16:at + 16 + length]
            at += 16 + length
            if at > len(data):
                break  # the rest is not written yet
            if len(frame) < 34 or frame[12:14] != b"\x08\x00" or frame[23] != 2:
                continue
            igmp = frame[14 + 4 * (frame[14] & 15):]
            if igmp[0] != 0x22:
                continue
            position = 8
            for _ in range(struct.unpack_from(">H", igmp, 6)[0]):
                kind, _, sources = struct.unpack_from(">BBH", igmp, position)
                records.append((kind, socket.inet_ntoa(igmp[position + 4:position + 8])))
                position += 8 + 4 * sources
        return records


TESTS = []


class Skip(Exception):
    """A test cannot run on this machine. The text is the reason."""


def test(description):
    def register(function):
        TESTS.append((description, function))
        return function
    return register


def equal(seen, expected):
    assert seen == expected, "seen %r, expected %r" % (seen, expected)


def contains(text, part):
    assert part in text, "%r is not in %r" % (part, text)


def run_tests():
    failed = 0
    print("1..%d" % len(TESTS))
    for number, (description, function) in enumerate(TESTS, 1):
        try:
            function()
            print("ok %d - %s" % (number, description), flush=True)
        except Skip as why:
            print("ok %d - %s # SKIP %s" % (number, description, why), flush=True)
        except Exception:
            failed += 1
            print("not ok %d - %s" % (number, description))
            print("# " + traceback.format_exc().strip().replace("\n", "\n# "), flush=True)
    return 1 if failed else 0
