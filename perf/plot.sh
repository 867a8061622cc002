#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Draws the times of a result of perf/run.sh: DIR/NAME.svg for each benchmark in it.
set -eu

[ $# -eq 2 ] || { echo "usage: $0 RESULT.json DIR" >&2; exit 2; }
mkdir -p "$2"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A file a benchmark, a line a case: name, then low, median and high of each size.
/usr/bin/python3 - "$1" "$scratch" <<'PYTHON'
import json, sys

ns = json.load(open(sys.argv[1])).get("ns") or {}
benches = {}
for name, sizes in ns.items():
    bench, case = name.split(".", 1)
    benches.setdefault(bench, []).append((case, sizes))
for bench, cases in benches.items():
    with open(f"{sys.argv[2]}/{bench}.dat", "w") as out:
        for size in ("1k", "64k", "1M"):
            for case, sizes in cases:
                if size in sizes:
                    low, median, high = sizes[size]
                    print(f'"{case} {size}"', median, low, high, file=out)
PYTHON

for data in "$scratch"/*.dat; do
	[ -e "$data" ] || continue
	name=$(basename "$data" .dat)
	gnuplot -e "
		set terminal svg size 800,480;
		set output '$2/$name.svg';
		set title '$name: ns, median and quartiles';
		set style fill solid 0.5; set boxwidth 0.7; set yrange [0:*];
		set xtics rotate by -40; unset key; set grid y;
		plot '$data' using 0:2:xtic(1) with boxes, '' using 0:2:3:4 with yerrorbars pt 0"
done
