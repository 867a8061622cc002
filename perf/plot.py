#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draws a result of perf/run.sh with gnuplot: plot.py RESULT.json DIR."""
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from save import save  # noqa: E402

SIZES = ("1k", "64k", "1M")
FLOOR_COLORS = ("#8c8c8c", "#c4c4c4", "#5c5c5c")
COLORS = ("#1f5fa8", "#6ba3d6", "#d98032", "#5a9e5a", "#8e6bb0", "#b5493c", "#c9a227")

RATE = "million frames per second"

# File, title, unit of the axis, and the cases with their captions. Cases that a result does not have
# are omitted.
CHARTS = (
    ("lookup", "Finding a group that is joined (32 at a time)", "ns per lookup", (
        ("floor.100%", "one-line read (floor)"),
        ("lookup4.100%", "Sluice, IPv4"),
        ("lookup6.100%", "Sluice, IPv6"),
        ("rte_hash.100%", "rte\\\\_hash"),
    )),
    ("loop", "A worker's whole loop on one core", "ns per frame", (
        ("filter.free", "receive and free (floor)"),
        ("limit.loop", "+ parse, a line per group (limit)"),
        ("nothing.sluice", "Sluice, nothing joined"),
        ("open.sluice", "Sluice, any source"),
        ("filter.sluice", "Sluice, source and port filter"),
        ("filter.rte_hash", "the same on rte\\\\_hash"),
        ("deliver8.rings", "8 rings alone (floor)"),
        ("deliver8.sluice", "Sluice, filter, to 8 rings"),
    )),
    ("churn", "Finding a group while another core joins and leaves", "ns per lookup", (
        ("lookup4.alone", "nobody writes"),
        ("lookup4.churn", "writer at full speed"),
    )),
    ("fanout", "Delivering a frame to 32 rings, their readers included", "ns per frame", (
        ("fanout32.atomic", "32 releases and transfers (floor)"),
        ("fanout32.reference", "Sluice, references"),
        ("fanout32.clone", "clones"),
    )),
    ("peers", "64-byte frames of 1,000 groups on one core", RATE, (
        ("peers.rxonly", "testpmd rxonly"),
        ("peers.parse", "parse alone (floor)"),
        ("peers.nothing", "Sluice, nothing joined"),
        ("peers.count", "Sluice, counted"),
        ("peers.io", "testpmd io, 1 port"),
        ("peers.forward1", "Sluice, 1 port"),
        ("peers.forward2", "Sluice, 2 ports"),
    )),
    ("replicate", "64-byte frames to two ports on one core", RATE, (
        ("replicate2.copy", "a copy only (floor)"),
        ("replicate2.floor", "references only (floor)"),
        ("replicate2.forward", "Sluice, as received"),
        ("replicate2.rewrite", "Sluice, new source MAC"),
        ("replicate2.ipv4_multicast", "DPDK's ipv4\\\\_multicast"),
    )),
)

STYLE = """
set terminal svg size {size} dynamic font 'sans-serif,13' background '#ffffff'
set border 3 lc '#555555'
set tics nomirror tc '#222222'
set ytics
set grid y lc '#dddddd' lt 1
set style fill solid
set errorbars 1.5 lc '#222222'
set yrange [0:*]
set offsets 0, 0, graph 0.06, 0
set bmargin 4
"""


def gnuplot(path, commands):
    drawn = subprocess.run(["gnuplot"], input=commands, stdout=subprocess.PIPE, text=True, check=True)
    save(path, "".join(line.rstrip() + "\n" for line in drawn.stdout.splitlines()))


def table(name, rows):
    return f"${name} << EOD\n" + "".join(" ".join(map(str, row)) + "\n" for row in rows) + "EOD\n"


def sized(title, unit, cases, ns):
    """Bars in clusters by the number of groups, one bar per case."""
    text = STYLE.format(size="860,420")
    text += f"set title \"{title}: median, quartiles\" tc '#222222'\nset ylabel '{unit}'\n"
    text += "set xlabel 'groups'\nset bmargin 5\nset key outside right top vertical Left reverse\n"
    text += f"set xrange [-0.6:{len(SIZES) - 0.4}]\n"
    text += "set style data histograms\nset style histogram errorbars gap 1 lw 1\n"
    for i, (case, _) in enumerate(cases):
        rows = []
        for size in SIZES:
            if size in ns[case]:
                low, median, high = ns[case][size]
                rows.append((f'"{size}"', median, low, high))
        text += table(f"case{i}", rows)
    floors, others = iter(FLOOR_COLORS), iter(COLORS)
    return text + "plot " + ", ".join(
        f"$case{i} using 2:3:4:xtic(1) title \"{caption}\" "
        f"lc rgb '{next(floors if caption.endswith(')') else others)}'"
        for i, (_, caption) in enumerate(cases)) + "\n"


def single(title, unit, cases, ns):
    """One bar per case, all of one size."""
    rows = []
    for case, caption in cases:
        low, median, high = ns[case]["1k"]
        if unit == RATE:
            low, median, high = 1e3 / high, 1e3 / median, 1e3 / low
        color = COLORS[0] if "Sluice" in caption else FLOOR_COLORS[0]
        caption = caption.replace(", ", ",\\n").replace(" (", "\\n(")
        rows.append((f'"{caption}"', median, low, high, int(color[1:], 16)))
    text = STYLE.format(size="860,420")
    text += f"set title \"{title}: median, quartiles\" tc '#222222'\nset ylabel '{unit}'\nunset key\n"
    text += f"set xrange [-0.6:{len(rows) - 0.4}]\n" + table("cases", rows)
    return text + ("plot $cases using 0:2:3:4:(0.6):5:xtic(1) with boxerrorbars lc rgb variable, "
                   "'' using 0:2:(sprintf('%.4g', $2)) with labels offset 2.5,0.7\n")


def targets(result):
    """Each ratio that has a target, next to the target."""
    panels = [(name, bound, result[bound][name]) for bound in ("at most", "at least")
              for name in result.get(bound, {})]
    if not panels:
        return ""
    columns = 4
    lines = (len(panels) + columns - 1) // columns
    text = STYLE.format(size=f"960,{60 + 210 * lines}")
    text += "set multiplot layout {},{} title 'Ratios against floors and peers: median, quartiles; " \
        "the line is the target, orange misses it'\n".format(lines, columns)
    text += "unset key\nset tics font ',11'\nset bmargin 2.5\n"
    for i, (name, bound, goal) in enumerate(panels):
        rows = []
        for size, target in goal.items():
            median = result[name][size]
            good = median <= target if bound == "at most" else median >= target
            rows.append((f'"{size}"', median, *result["quartiles"][name][size], target,
                         int("1f5fa8" if good else "d98032", 16)))
        title = name.replace("_", "\\\\_")
        text += table(f"panel{i}", rows)
        text += f"set title \"{title}\\n{{/*0.85 {bound}}}\"\nset xrange [-0.6:{len(rows) - 0.4}]\n"
        text += (f"plot $panel{i} using 0:2:3:4:(0.6):6:xtic(1) with boxerrorbars lc rgb variable, "
                 "'' using ($0-0.42):5:(0.84):(0) with vectors nohead lw 2.5 lc '#c00000'\n")
    return text + "unset multiplot\n"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: plot.py RESULT.json DIR")
    with open(sys.argv[1]) as file:
        result = json.load(file)
    os.makedirs(sys.argv[2], exist_ok=True)
    ns = result.get("ns", {})
    for name, title, unit, cases in CHARTS:
        cases = [case for case in cases if case[0] in ns]
        if cases:
            draw = sized if any(len(ns[case]) > 1 for case, _ in cases) else single
            gnuplot(f"{sys.argv[2]}/{name}.svg", draw(title, unit, cases, ns))
    commands = targets(result)
    if commands:
        gnuplot(f"{sys.argv[2]}/targets.svg", commands)


if __name__ == "__main__":
    main()
