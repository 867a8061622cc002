#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Measures how long a join takes in a process that contains Sluice, through the socket of a sluiced,
# and by kernel sockets, in turns within one run: until the call returns, until its report is on the
# wire, and until the application has the first frame of a group that is already streaming.
# Exit status 1 if a target is missed.
#
#   usage: perf/latency.sh [--json FILE] [--record] [JOINS]
#
# --record replaces the report in perf/api/RESULTS.md.
#
# An unnamed network namespace, which ends with the script:
#
#   s0 [af_packet] sluice --- veth --- s1   packet socket of the observer, kernel time stamps
#   [pcap] repeats the stream, among others, so that the worker is busy
#   k0 kernel sockets ------- veth --- k1   the same observer, and a sender of the stream
set -euo pipefail

usage() {
	echo "usage: $0 [--json FILE] [--record] [JOINS]" >&2
	exit 2
}

root=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${LATENCY_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "needs root for a network namespace" >&2; exit 77; }
	[ "$(nproc)" -ge 2 ] || { echo "one core only" >&2; exit 77; }
	LATENCY_NAMESPACE=1 exec unshare --net "$0" "$@"
fi

json=() record=
while [ $# -gt 0 ]; do
	case $1 in
	--json) [ $# -gt 1 ] || usage; json=("$2"); shift ;;
	--record) record=yes ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ $# -le 1 ] || usage
joins=${1:-1000}
[[ $joins =~ ^[1-9][0-9]*$ ]] || usage
rounds=5
groups=256

scratch=$(mktemp -d)
daemon=
cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	wait
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

build=$root/build-perf
[ -d "$build" ] ||
	meson setup "$build" "$root" --buildtype=release -Dtests=false >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }
ninja -C "$build" ctrl/sluiced perf/sluice-load perf/api/sluice-latency >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }

run="$(lscpu | sed -n 's/^Model name: *//p'), $(nproc) CPUs, Linux $(uname -r)
commit $(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%Y-%m-%d), load average $(cut -d ' ' -f 1-3 /proc/loadavg) before"

# ---- Network ---------------------------------------------------------------------------------

# Each report is sent once, so that a repeat cannot be taken for the report of the next join.
sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv4.igmp_qrv=1
ip link add s0 type veth peer name s1
ip link add k0 type veth peer name k1
# The address of the sender is in this namespace, too.
sysctl -qw net.ipv4.conf.k0.accept_local=1
ip address add 10.9.2.2/24 dev k0
ip address add 10.9.2.50/24 dev k1
for interface in s0 s1 k0 k1; do
	ip link set "$interface" up
done

# One of these groups is joined: its frames arrive about as often as those of the sender.
"$build/perf/sluice-load" --groups "$groups" --count "$groups" "net_pcap0,tx_pcap=$scratch/stream.pcap" >"$scratch/log" 2>&1 ||
	{ cat "$scratch/log" >&2; exit 2; }
cat >"$scratch/sluice.yaml" <<END
socket: $scratch/sluice.sock
protocol: {robustness: 1}
ports:
  - {name: wire, device: "net_af_packet0,iface=s0"}
  - {name: stream, device: "net_pcap0,rx_pcap=$scratch/stream.pcap,infinite_rx=1"}
interfaces:
  - {name: wire, port: wire, addresses: [10.9.0.2/24]}
  - {name: tv, port: stream, addresses: [10.9.1.2/24]}
END

# ---- Rounds ----------------------------------------------------------------------------------

measure() { # WAY WHERE FAR
	"$build/perf/api/sluice-latency" "$@" "$(((joins + rounds - 1) / rounds))" 2>"$scratch/log" |
		sed "s/^/$1./" >>"$scratch/samples" || { cat "$scratch/log" >&2; exit 2; }
}

for ((round = 0; round < rounds; round++)); do
	measure in-process "$scratch/sluice.yaml" s1
	coproc sluiced { exec "$build/ctrl/sluiced" --config "$scratch/sluice.yaml" 2>"$scratch/sluiced.log"; }
	# shellcheck disable=SC2154 # coproc sets it
	daemon=$sluiced_PID
	read -r _ <&"${sluiced[0]}" || { cat "$scratch/sluiced.log" >&2; exit 2; }
	measure socket "$scratch/sluice.sock" s1
	kill "$daemon"
	wait "$daemon"
	daemon=
	measure kernel k0 k1
done
status=0
"$root/perf/api/histograms.py" "$scratch/samples" "$run" "${json[@]}" >"$scratch/report" || status=$?
cat "$scratch/report"
if [ "$record" ] && [ "$status" -le 1 ]; then
	awk -v report="$scratch/report" '!/^```/ { if (!inside) print; next }
		{ print; inside = !inside; while (inside && (getline line <report) > 0) print line }' \
		"$root/perf/api/RESULTS.md" >"$scratch/results"
	"$root/perf/save.py" "$root/perf/api/RESULTS.md" <"$scratch/results"
fi
exit "$status"
