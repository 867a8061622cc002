#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The time of day steps by years, forward and back, while sluiced runs with groups in each state: no timer
depends on it."""

import mmap
import os
import struct
import tempfile
import time

from control_fixture import Client
from daemon_fixture import Daemon, equal, run_tests, test, wait_until

CLOCK = os.environ["CLOCK_STEP"]
DAY = 86400
LONG = os.environ.get("SLUICE_RELIABILITY") == "1"
STEPS = [3600, -3600, 3650 * DAY, -3650 * DAY] + ([1, -1, DAY, -DAY, 60 * 365 * DAY, 0] if LONG else [])
TO_IN, TO_EX = 3, 4  # RFC 9776 section 4.2.13


def kinds(daemon, group):
    return [kind for kind, of in daemon.records() if of == group]


@test("reliability: the time of day steps, and reports, repeats, leaves and idle connections keep their times")
def steps():
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(16))
        file.flush()
        shared = mmap.mmap(file.fileno(), 16)
        env = {"LD_PRELOAD": CLOCK, "CLOCK_FILE": file.name,
               "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        with Daemon("control: {idle_timeout: 3600}\n", env=env) as d:
            client = Client(d)
            for i, seconds in enumerate(STEPS):
                group = "239.7.7.%d" % i
                client.call("group.join", group=group)
                shared[:8] = struct.pack("q", seconds)
                # Beyond the time between two readings of the clock by libevent.
                if LONG and i == 3:
                    time.sleep(6)
                wait_until(lambda: kinds(d, group) == [TO_EX] * 2, "the report and its repeat")
                client.call("group.leave", group=group)
                shared[:8] = struct.pack("q", -seconds)
                wait_until(lambda: kinds(d, group) == [TO_EX] * 2 + [TO_IN] * 2, "the leave and its repeat")
            # The connection was idle for ten years, and is still there.
            client.call("version")
            # No report came twice as often, for nothing was due at once.
            for i in range(len(STEPS)):
                equal(kinds(d, "239.7.7.%d" % i), [TO_EX] * 2 + [TO_IN] * 2)
            assert struct.unpack("qq", shared[:])[1] > 0, "the daemon never reads the time of day"
            assert "announced again" not in d.said()
            equal(d.stop(), 0)


if __name__ == "__main__":
    raise SystemExit(run_tests())
