#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks that sluice-load, its --help and its manual page agree: on the options, and on the frame
sizes that --size imix and --size ts send.

    usage: load_help_test.py SLUICE-LOAD MANUAL
"""

import collections
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

program, manual = sys.argv[1:]
failures = 0


def case(number, good, text):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} {number} - {text}")


def sent_sizes(size, count):
    """How many frames of each size the program writes."""
    with tempfile.TemporaryDirectory() as folder:
        capture = pathlib.Path(folder, "frames.pcap")
        subprocess.run(
            [program, "--size", size, "--count", str(count), f"net_pcap0,tx_pcap={capture}"],
            check=True, stdout=subprocess.DEVNULL)
        data = capture.read_bytes()
    order = "<" if data[0] in (0xD4, 0x4D) else ">"
    sizes = collections.Counter()
    at = 24
    while at < len(data):
        _, _, captured, length = struct.unpack_from(order + "4I", data, at)
        sizes[length] += 1
        at += 16 + captured
    return sizes


def said_imix(text):
    """Size -> frames, from "64, 590 and 1514 bytes in the ratio 7:4:1"."""
    match = re.search(r"(\d+), (\d+) and (\d+) bytes\s+in the ratio (\d+):(\d+):(\d+)", text)
    numbers = [int(number) for number in match.groups()]
    return dict(zip(numbers[:3], numbers[3:]))


def said_ts(text):
    return int(re.search(r"ts\*?(?::| sends frames of) (\d+) bytes", text).group(1))


help_text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
manual_text = pathlib.Path(manual).read_text()
options = re.findall(r"^  (--\w+)", help_text, re.M)
imix = dict(sent_sizes("imix", 120))

print("1..5")
case(1, options and options == re.findall(r"^\*(--\w+)\*", manual_text, re.M),
     "--help and manual list the same options in the same order")
case(2, imix == {size: 10 * n for size, n in said_imix(help_text).items()},
     f"--help gives the sizes of IMIX, which are {imix} of 120 frames")
case(3, said_imix(help_text) == said_imix(manual_text), "so does the manual")
ts = sent_sizes("ts", 10)
case(4, ts == {said_ts(help_text): 10}, f"--help gives the size of ts, which is {dict(ts)}")
case(5, said_ts(help_text) == said_ts(manual_text), "so does the manual")
sys.exit(failures > 0)
