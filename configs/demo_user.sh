#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The part of the demo that needs no privileges; demo.sh runs it for an ordinary user. The input port
# replays a capture of four channels without end; frames of groups that are not joined are dropped.
set -euo pipefail
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
daemon=
cleanup() {
	local status=$?
	trap - EXIT
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	wait
	rm -rf "$tmp"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

sluice() {
	build/ctrl/sluice --socket "$tmp/sluice.sock" "$@"
}
packets() { # GROUP
	sluice --json show groups | jq --arg group "$1" '[.groups[] | select(.group == $group).packets] | add // 0'
}
say() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}

say "2. A capture of four channels, replayed without end by DPDK's net_pcap"
tests/lab/frames.py write --capture "$tmp/channels.pcap" \
	group=239.1.1.1,source=10.9.0.50 group=239.1.1.2,source=10.9.0.50 \
	group=ff15::1:1,source=fe80::50 group=ff15::1:2,source=fe80::50
cat >"$tmp/sluice.yaml" <<-END
	socket: $tmp/sluice.sock
	ports:
	  - {name: in0, device: "net_pcap0,rx_pcap=$tmp/channels.pcap,infinite_rx=1"}
	interfaces:
	  - {name: tv, port: in0, addresses: [10.9.0.2/24, "fe80::2/64"]}
END
sed 's/^/   | /' "$tmp/sluice.yaml"
build/ctrl/sluiced --config "$tmp/sluice.yaml" >"$tmp/out" 2>"$tmp/log" &
daemon=$!
for _ in $(seq 150); do
	! grep -qx ready "$tmp/out" || break
	if ! kill -0 "$daemon" 2>/dev/null; then
		cat "$tmp/log"
		exit 1
	fi
	sleep 0.1
done
grep -qx ready "$tmp/out"

say "3. Joining two of the four"
sluice join 239.1.1.1
sluice join ff15::1:1
for _ in 1 2 3; do
	sleep 1
	sluice show groups | sed 's/^/   /'
done
[ "$(packets 239.1.1.1)" -gt 0 ] && [ "$(packets ff15::1:1)" -gt 0 ]

say "4. The dropped frames, by reason"
sluice show drops | sed 's/^/   /'

say "5. Leaving"
sluice leave 239.1.1.1
sluice leave ff15::1:1
kill "$daemon"
wait "$daemon"
daemon=
echo "   Every claim held. With root, the same command shows a real network: sudo configs/demo.sh"
