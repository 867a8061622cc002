#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shows Sluice at work, in network namespaces of its own. Takes a minute:
#
#   ffmpeg ------------- Linux bridge ------------- sluiced ------------- receiver
#   4 channels           IGMPv3/MLDv2 querier,      joins 2 of them       behind the output port
#                        snooping
#
# Exit status 0 only if every claim held. Without root it shows only the filter, on a capture file.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"

say() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}
held() { # CLAIM COMMAND...
	local claim=$1
	shift
	if "$@" >/dev/null; then
		echo "   yes: $claim"
	else
		echo "   NO:  $claim"
		exit 1
	fi
}

say "1. Building Sluice"
tests/packages.sh
if [ ! -x build/ctrl/sluiced ] || [ -w build ]; then
	[ -f build/build.ninja ] || meson setup build >/dev/null
	ninja -C build --quiet ctrl/sluiced ctrl/sluice
fi

if [ "$(id -u)" != 0 ]; then
	say "You are not root: no taps, no bridge. This shows the filter on a capture file instead."
	exec configs/demo_user.sh
fi

export SLUICE_BUILD=$top/build
. tests/lab/lib.sh
quiet_group4=239.1.1.2 quiet_group6=ff15::1:2

say "2. A network: ffmpeg's namespace, a snooping bridge, and sluiced as a port of it"
bridge_network
config >"$tmp/sluice.yaml" <<-END
	outputs:
	  - {name: receiver, port: out0}
END
sed 's/^/   | /' "$tmp/sluice.yaml"
sluiced_start
# The bridge sends everything to Sluice, as to a router: only Sluice filters.
flood_to sl0
echo "   sluiced is ready"

say "3. ffmpeg sends four channels, as MPEG transport streams"
channel() {
	printf '[f=mpegts]udp://%s:5000?ttl=4&pkt_size=1316' "$1"
}
start ffmpeg tx ffmpeg -nostdin -v error -re -f lavfi -i testsrc2=size=640x360:rate=25 \
	-c:v mpeg2video -b:v 4M -g 12 -map 0 -f tee "$(channel $group4)|$(channel $quiet_group4)|$(
	)$(channel "[$group6]")|$(channel "[$quiet_group6]")"
echo "   to $group4, $quiet_group4, $group6 and $quiet_group6"
capture sent net p1 udp
channels_sent() {
	[ "$(frames summary "$tmp/sent.pcap" | wc -l)" = 4 ]
}
held "all four pass the bridge's port" wait_for 10 channels_sent

say "4. Joining one IPv4 and one IPv6 group"
capture received net sl1 udp
for group in $group4 $group6; do
	echo "   \$ sluice join $group --to receiver"
	sluice join "$group" --to receiver
done

say "5. What Sluice receives"
echo '{"groups": []}' >"$tmp/before"
for _ in 1 2 3 4 5; do
	sleep 1
	sluice --json show groups >"$tmp/now"
	# An object with the counters of each group one second ago, then the difference.
	jq -r --slurpfile before "$tmp/before" '
		($before[0].groups | map({(.group): .}) | add // {}) as $old
		| .groups[] | "   \(.group)  \(.packets - ($old[.group].packets // 0)) packets/s  \(
			(.bytes - ($old[.group].bytes // 0)) * 8 / 1e4 | round / 100) Mbit/s"' "$tmp/now"
	mv "$tmp/now" "$tmp/before"
done
sluice show groups | sed 's/^/   /'

say "6. What the bridge learned from Sluice's reports"
learned() {
	in_ns net bridge -j mdb show | jq -r '.[0].mdb[]? | select(.port == "sl0") | .grp' | sort
}
learned | sed 's/^/   /'
held "exactly the two groups" equal "$group4"$'\n'"$group6" "$(learned)"

say "7. What the receiver behind the output port receives"
stop received || true
frames summary "$tmp/received.pcap" | awk '{ printf "   %s from %s: %d packets\n", $1, $2, $4 }'
held "exactly the two streams" equal "$group4"$'\n'"$group6" \
	"$(frames summary "$tmp/received.pcap" | cut -d' ' -f1)"
for group in $group4 $group6; do
	frames payload "$tmp/received.pcap" "$group" >"$tmp/received.ts"
	video=$(ffprobe -v fatal -select_streams v -show_entries stream=codec_name,width,height \
		-of default=nw=1:nk=1 "$tmp/received.ts" | awk 'NR <= 3' | xargs)
	held "$group plays: ${video:-nothing}" test "$video" = "mpeg2video 640 360"
done

say "8. Leaving"
for group in $group4 $group6; do
	echo "   \$ sluice leave $group"
	sluice leave "$group"
done
forgot() {
	[ -z "$(learned)" ]
}
held "the bridge forgets both" wait_for 5 forgot
stop ffmpeg || true
held "sluiced ends cleanly" stop sluiced

say "Every claim held. The demo has removed everything it made."
