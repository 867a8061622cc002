#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Sets real workers beside testpmd (Debian package dpdk-dev) on the same file of 1,000 groups, the
# same buffers and the same core, taking turns: dropping against rxonly, which looks at no header,
# and forwarding to one port against io, which looks at no header either.
# Million frames a second, the median of ROUNDS (5) turns.
set -eu

command -v dpdk-testpmd >/dev/null || { echo "no dpdk-testpmd: package dpdk-dev" >&2; exit 77; }
[ "$(nproc)" -ge 2 ] || { echo "one core only" >&2; exit 77; }

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build-perf
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

[ -d "$build" ] ||
	meson setup "$build" "$root" --buildtype=release -Dtests=false >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }
ninja -C "$build" perf/sluice-load perf/sluice-pcap >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }
"$build/perf/sluice-load" --groups 1000 --count 1000 "net_pcap0,tx_pcap=$scratch/frames.pcap" >/dev/null

sluice() { # WHAT
	"$build/perf/sluice-pcap" "$scratch/frames.pcap" "$1" 2 2>"$scratch/log" ||
		{ cat "$scratch/log" >&2; exit 2; }
}

# It prints its rate every second until it is interrupted.
testpmd() { # MODE
	ports="--vdev net_pcap0,rx_pcap=$scratch/frames.pcap,infinite_rx=1"
	[ "$1" = rxonly ] || ports="$ports --vdev net_null0,no-rx=1"
	# shellcheck disable=SC2086 # several arguments
	timeout -s INT -k 5 6 dpdk-testpmd --no-huge --no-shconf -m 256 --no-pci --no-telemetry \
		--lcores 0@0,1@1 $ports -- --forward-mode="$1" --mbuf-size=320 \
		--total-num-mbufs=8192 --stats-period=1 --no-lsc-interrupt </dev/null >"$scratch/log" 2>&1 || true
	awk '/NIC statistics for port/ { port = $6 }
		/Rx-pps:/ && port == 0 { rate = $2 }
		END { printf "%.3f\n", rate / 1e6 }' "$scratch/log"
}

for round in $(seq "${ROUNDS:-5}"); do
	echo "$round" "$(sluice drop)" "$(testpmd rxonly)" "$(sluice count)" "$(sluice 1)" "$(testpmd io)" "$(sluice 2)"
done >"$scratch/rounds"

/usr/bin/python3 - "$scratch/rounds" <<'PYTHON'
import statistics, sys

names = ("drop", "testpmd.rxonly", "count", "forward1", "testpmd.io", "forward2")
rounds = [[float(word) for word in line.split()[1:]] for line in open(sys.argv[1])]
column = dict(zip(names, zip(*rounds)))
for name in names:
    print(f"{name:16} {statistics.median(column[name]):8.2f} M frames/s")
for name, ours, theirs in (("drop.rxonly", "drop", "testpmd.rxonly"), ("forward1.io", "forward1", "testpmd.io")):
    ratio = statistics.median(a / b for a, b in zip(column[ours], column[theirs]))
    print(f"{name:16} {ratio:8.2f}")
PYTHON
