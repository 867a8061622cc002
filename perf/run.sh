#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Builds the release and measures it against floors and peers. Exit status 1 if a ratio misses its
# target. A busy machine gives wide quartiles: trust only narrow ones.
set -eu

usage() {
	echo "usage: $0 [--quick] [--json FILE] [--plot DIR] [NAME]..." >&2
	exit 2
}

quick='' json='' plot=''
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=--quick ;;
	--json) [ $# -gt 1 ] || usage; json=$2; shift ;;
	--plot) [ $# -gt 1 ] || usage; plot=$2; shift ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build-perf
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

[ -d "$build" ] ||
	meson setup "$build" "$root" --buildtype=release -Dtests=false >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }
ninja -C "$build" perf/sluice-perf >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 2; }

status=0
"$build/perf/sluice-perf" $quick --json "$scratch/result.json" "$@" || status=$?
[ $status -le 1 ] || exit $status
[ -z "$json" ] || cp "$scratch/result.json" "$json"
[ -z "$plot" ] || "$root/perf/plot.sh" "$scratch/result.json" "$plot"
exit $status
