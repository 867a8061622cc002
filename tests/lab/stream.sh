#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An MPEG transport stream, sent by ffmpeg at 100 Mbit/s, crosses the bridge and Sluice without loss: a
# receiver behind the output port gets the file, byte for byte.
# Checks: STA-8
. "$(dirname "$0")/lib.sh"

bridge_network
config >"$tmp/sluice.yaml" <<-END
	outputs:
	  - {name: packager, port: out0}
	memberships:
	  - {interface: tv, group: $group4, to: [packager]}
END
sluiced_start
check_within 2 "the bridge lists $group4" mdb $group4

in_ns tx ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=640x360:rate=25 -t 5 \
	-c:v mpeg2video -b:v 4M -muxrate 100M -f mpegts "$tmp/sent.ts"
sent=$(stat -c %s "$tmp/sent.ts")

capture out net sl1 udp
# The whole file fits into the fifo; ffmpeg's sender thread paces it.
begin=${EPOCHREALTIME/./}
check "ffmpeg sends $sent bytes at 100 Mbit/s" in_ns tx ffmpeg -nostdin -v error \
	-f data -raw_packet_size 1316 -i "$tmp/sent.ts" -map 0 -c copy -f data \
	"udp://$group4:5000?ttl=4&pkt_size=1316&localaddr=10.9.0.50&bitrate=100000000&burst_bits=100000&fifo_size=400000"
echo "# $((sent * 8 / (${EPOCHREALTIME/./} - begin))) Mbit/s, ffmpeg's own start included"

received() {
	frames payload "$tmp/out.pcap" "$group4" >"$tmp/received.ts"
	equal "$sent" "$(stat -c %s "$tmp/received.ts")"
}
check_within 10 "the receiver gets $sent bytes" received
stop out || true
check "the capture itself lost nothing" grep -qx '0 packets dropped by kernel' "$tmp/out.log"
check "the receiver gets the file, byte for byte" equal "$(sha256sum <"$tmp/sent.ts")" "$(sha256sum <"$tmp/received.ts")"
packets=$(frames summary "$tmp/out.pcap" | awk '{ print $4 }')
check "sluice counts the same $packets packets" equal "$packets" \
	"$(sluice --json show groups | jq ".groups[] | select(.group == \"$group4\").packets")"
done_testing
