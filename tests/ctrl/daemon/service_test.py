#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The systemd unit: how exposed it leaves the machine, by systemd-analyze (in TAP).

usage: service_test.py SERVICE
"""

import json
import re
import subprocess
import sys
import tempfile

SERVICE = sys.argv[1]
EXPOSURE_MAX = 2.5


def analyze(*args, but=None):
    """Analyze the unit without the lines that begin with `but`."""
    # In a separate folder, because systemd-analyze also reads the units beside it.
    with tempfile.TemporaryDirectory() as directory:
        with open(SERVICE) as unit, open(directory + "/sluiced.service", "w") as copy:
            copy.writelines(line for line in unit if but is None or not line.startswith(but))
        return subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", *args,
                               directory + "/sluiced.service"], capture_output=True, text=True)


def case(number, description, mistakes):
    print("%sok %d - %s" % ("not " if mistakes else "", number, description))
    for mistake in mistakes:
        print("# " + mistake)
    return bool(mistakes)


print("1..3")
result = analyze("--threshold=%d" % (EXPOSURE_MAX * 10))
overall = [line for line in result.stdout.splitlines() if "Overall exposure" in line]
failed = case(1, "the exposure by systemd-analyze is %.1f at most" % EXPOSURE_MAX,
              [] if result.returncode == 0 and overall else [*overall, result.stderr])

with open(SERVICE) as file:
    comments = "\n".join(line for line in file if line.startswith("#"))
unexplained = []
points = [item for item in json.loads(analyze("--json=short").stdout) if not item["set"] and item["exposure"]]
for point in points:
    # "CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)", "RootDirectory=/RootImage="
    pattern = point["name"].split("~")[-1].replace("=/", "|").rstrip("=")
    if not re.search(r"(^|[\s,])(%s)([\s,]|$)" % pattern, comments):
        unexplained.append("%s: %s (%s)" % (point["name"], point["description"], point["exposure"]))
failed |= case(2, "the unit names each point that counts against it",
               unexplained if points else ["systemd-analyze tells no points"])

# The parent is root, which User= hides from systemd-analyze.
as_root = re.search(r"exposure level.*: ([0-9.]+)", analyze(but="User=").stdout).group(1)
failed |= case(3, "the unit says the exposure with and without what systemd-analyze does not count",
               [figure for figure in (re.search(r": ([0-9.]+)", overall[0]).group(1), as_root)
                if not re.search(r"(^|\s)%s\b" % re.escape(figure), comments)])
sys.exit(failed)
