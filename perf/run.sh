#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Builds a release and measures it against floors and peers. Exit status 1 if a ratio misses its
# target. A busy machine widens the quartiles: trust only narrow ones.
set -eu

usage() {
	cat >&2 <<-EOF
	usage: $0 [--quick] [--huge-pages] [--json FILE] [--plot DIR] [--record] [--ipv4-multicast DIR] [NAME]...
	  --quick               fewer turns
	  --huge-pages          sets huge pages aside, for frames and rte_hash in lookup to fanout; root
	  --json FILE           what was found, and where
	  --plot DIR            draws it: SVG
	  --record              all, into perf/result.json, perf/plots and the tables of perf/RESULTS.md
	  --ipv4-multicast DIR  DPDK's source of that example, for replicate
	names: lookup churn filter fanout peers replicate; all without one
	EOF
	exit 2
}

root=$(cd "$(dirname "$0")/.." && pwd)
command=perf/run.sh
quick='' huge='' rounds=51 json='' plot='' record='' example=''
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=--quick rounds=7 ;;
	--huge-pages) huge=--huge-pages ;;
	--json) [ $# -gt 1 ] || usage; json=$2; shift ;;
	--plot) [ $# -gt 1 ] || usage; plot=$2; shift ;;
	--record) record=yes ;;
	--ipv4-multicast) [ $# -gt 1 ] || usage; example=$2; command="$command $1 DIR"; shift ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
command="$command${quick:+ $quick}${huge:+ $huge}${record:+ --record}${*:+ $*}"
[ -z "$example" ] || [ -f "$example/main.c" ] || { echo "$example: no main.c" >&2; exit 2; }
[ -z "$record" ] || [ $# -eq 0 ] || usage # only a whole run is recorded
[ -z "$huge" ] || [ -z "$record" ] || usage # the targets are for memory without huge pages
[ $# -gt 0 ] || set -- lookup churn filter fanout peers replicate
ours='' peers=''
for name; do
	case $name in
	lookup | churn | filter | fanout) ours="$ours $name" ;;
	peers | replicate) peers="$peers $name" ;;
	*) usage ;;
	esac
done

build=$root/build-perf
scratch=$(mktemp -d)
pages=/proc/sys/vm/nr_hugepages
pages_before=$(cat $pages)
trap 'rm -rf "$scratch"; [ -z "$huge" ] || echo "$pages_before" >$pages' EXIT
trap 'exit 130' INT TERM

[ -d "$build" ] ||
	meson setup "$build" "$root" --buildtype=release -Dtests=false >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }
ninja -C "$build" perf/sluice-perf perf/sluice-load perf/sluice-pcap >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }

# The commit that was measured. Changes of files that --record writes do not count.
describe() {
	commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
	git -C "$root" diff --quiet HEAD -- . ':!perf/result.json' ':!perf/plots' ':!perf/RESULTS.md' \
		2>/dev/null || commit="$commit with changes"
	machine=$(lscpu | awk -F': *' '{ field[$1] = $2 }
		END { printf "%s, %s CPUs, L2 %s, L3 %s", field["Model name"], field["CPU(s)"],
			field["L2 cache"], field["L3 cache"]
			if ("Hypervisor vendor" in field) printf ", virtual (%s)", field["Hypervisor vendor"] }')
	software="Linux $(uname -r), $(cc --version | head -n 1), DPDK $(pkg-config --modversion libdpdk)"
	jq -n --arg command "$command" --arg commit "$commit" --arg date "$(date -u +%Y-%m-%dT%H:%MZ)" \
		--arg machine "$machine" --arg software "$software" \
		--arg load "$(cut -d ' ' -f 1-3 /proc/loadavg)" \
		'{run: {$command, $commit, $date, $machine, $software, "load average before": $load}}'
}

describe >"$scratch/part-run.json"
status=0
if [ -n "$ours" ]; then
	[ -z "$huge" ] || echo $((pages_before + 640)) >$pages
	# shellcheck disable=SC2086 # several names
	"$build/perf/sluice-perf" $quick $huge --json "$scratch/part-ours.json" $ours || status=$?
	[ $status -le 1 ] || exit $status
fi
if [ -n "$peers" ]; then
	rc=0
	# shellcheck disable=SC2086 # several names
	"$root/perf/peers.py" --build "$build/perf" --scratch "$scratch" --rounds "$rounds" \
		--json "$scratch/part-peers.json" ${example:+--ipv4-multicast "$example"} $peers || rc=$?
	[ $rc -le 1 ] || exit $rc
	[ $status -ge $rc ] || status=$rc
fi
jq -s 'reduce .[] as $part ({}; . * $part)' "$scratch"/part-*.json >"$scratch/result.json"

[ -z "$json" ] || "$root/perf/save.py" "$json" <"$scratch/result.json"
[ -z "$plot" ] || "$root/perf/plot.py" "$scratch/result.json" "$plot"
if [ -n "$record" ]; then
	"$root/perf/save.py" "$root/perf/result.json" <"$scratch/result.json"
	"$root/perf/plot.py" "$root/perf/result.json" "$root/perf/plots"
	"$root/perf/table.py" "$root/perf/result.json" "$root/perf/RESULTS.md"
fi
exit $status
