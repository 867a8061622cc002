#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Counts the instructions per frame in each stage of a worker's path, and per group in a join, a
# response and a leave of the IGMP host, under callgrind. Their number is the same in every run and on
# every machine with the same compiler and DPDK. With --check a count that differs from the baseline
# by more than 2 % fails; --update writes the baseline.
set -eu

usage() {
	echo "usage: $0 [--check|--update]" >&2
	exit 2
}

mode=show
case ${1:-} in
--check | --update) mode=${1#--}; shift ;;
-*) usage ;;
esac
[ $# -eq 0 ] || usage

root=$(cd "$(dirname "$0")/.." && pwd)
baseline=$root/perf/instructions.baseline
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

build=$root/build-perf
[ -d "$build" ] ||
	meson setup "$build" "$root" --buildtype=release -Dtests=false >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }
ninja -C "$build" perf/sluice-instructions perf/igmp/igmp-instructions >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }

# A stage has one line per file that was inlined into it. The largest count is the total, of 6400
# frames or groups.
count() {
	valgrind --tool=callgrind --callgrind-out-file="$scratch/out" --collect-atstart=no \
		--toggle-collect='stage_*' "$1" >"$scratch/log" 2>&1 ||
		{ cat "$scratch/log" >&2; exit 2; }
	callgrind_annotate --inclusive=yes --threshold=100 "$scratch/out" |
		sed -nE 's/^ *([0-9,]+) .*:stage_([a-z0-9]+)( .*)?$/\2 \1/p' | tr -d , |
		awk '$2 > most[$1] { most[$1] = $2 }
			END { for (stage in most) printf "%-8s %.1f\n", stage, most[stage] / 6400 }'
}

count "$build/perf/sluice-instructions" >"$scratch/unsorted"
count "$build/perf/igmp/igmp-instructions" >>"$scratch/unsorted"
sort "$scratch/unsorted" >"$scratch/counts"

case $mode in
show) cat "$scratch/counts" ;;
update) "$root/perf/save.py" "$baseline" <"$scratch/counts" ;;
check)
	join "$baseline" "$scratch/counts" | awk '
		{ off = ($3 / $2 - 1) * 100; bad = off > 2 || off < -2; failed += bad
		  printf "%sok - %s: %.1f, baseline %.1f, %+.1f %%\n", bad ? "not " : "", $1, $3, $2, off }
		END { exit failed > 0 }'
	[ "$(wc -l <"$baseline")" -eq "$(wc -l <"$scratch/counts")" ] ||
		{ echo "the baseline has other stages" >&2; exit 1; }
	;;
esac
