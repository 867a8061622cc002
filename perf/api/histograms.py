#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""histograms.py SAMPLES RUN [JSON]: the histograms of perf/latency.sh, and what they should show.

SAMPLES has lines "WAY.WHAT MICROSECONDS", RUN says when and where. Exit status 1 if a target is missed."""
import bisect
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from save import save  # noqa: E402

BESIDE = [("in-process", "in-process.{}"), ("socket of sluiced", "socket.{}"), ("kernel", "kernel.{}")]
SECTIONS = {
    "return": ("join call to its return", BESIDE),
    "report": ("join call to report on the wire", BESIDE),
    "frame": (
        "join call to first frame, of a stream that is there",
        BESIDE + [("kernel, blocking in recv()", "kernel.frame-blocking")],
    ),
}
# Targets: medians in microseconds, and the ways whose medians must be higher.
TARGETS = [
    ("in-process.report", 100),
    ("in-process.report", "kernel.report"),
    ("socket.report", 300),
    ("socket.report", "kernel.report"),
    ("in-process.frame", 50),
    ("in-process.frame", "kernel.frame"),
    ("in-process.frame", "kernel.frame-blocking"),
]
EDGES = [m * 10**e for e in range(6) for m in (1, 2, 5)]
BAR = 40


def summary(values):
    ordered = sorted(values)

    def percentile(p):
        return ordered[min(len(ordered) * p // 100, len(ordered) - 1)]

    return {"joins": len(ordered), "min": ordered[0], "max": ordered[-1]} | {
        f"p{p}": percentile(p) for p in (50, 90, 99)
    }


def show(label, values, result):
    counts = [0] * (len(EDGES) + 1)
    for us in values:
        counts[bisect.bisect_left(EDGES, us)] += 1
    print(
        f"  {label}: {result['joins']} joins, "
        f"p50 {result['p50']:.1f}, p90 {result['p90']:.1f}, p99 {result['p99']:.1f} us"
    )
    for i, n in enumerate(counts):
        edge = f"<= {EDGES[i]:,}" if i < len(EDGES) else f"> {EDGES[-1]:,}"
        if n:
            print(f"    {edge:>10} us {n:6}  {'#' * round(BAR * n / max(counts))}".rstrip())


def check(results, name, limit):
    median, other = results[name]["p50"], ""
    if isinstance(limit, str):
        other, limit = limit, results[limit]["p50"]
    good = median < limit
    print(f"{name:18} {median:8.1f} us  below {limit:8.1f} {other:22} {'good' if good else 'MISSED'}")
    return {"name": name, "p50": median, "below": limit, "of": other, "good": good}


def main(samples, burst, target=None):
    values = {}
    for line in open(samples):
        name, us = line.split()
        values.setdefault(name, []).append(float(us))
    results = {name: summary(v) for name, v in values.items()}
    print(run)
    for what, (title, ways) in SECTIONS.items():
        print(f"\n{title}")
        for label, name in ways:
            name = name.format(what)
            show(label, values[name], results[name])
    print("\nA frame of the stream comes every so many us:")
    print("  " + ", ".join(f"{label} {results[name.format('interval')]['p50']:.1f}" for label, name in BESIDE))
    print("\nmedians")
    checks = [check(results, *target) for target in TARGETS]
    if target:
        save(target, json.dumps({"run": run, "us": results, "checks": checks}, indent=1) + "\n")
    return 0 if all(c["good"] for c in checks) else 1


sys.exit(main(*sys.argv[1:]))
