#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Frames with odd values in each header field reach an output of Sluice if, and only if, they reach a
# kernel socket on the same interface. odd_frames.txt lists the differences, each with its reason.
#
#   tx namespace             net namespace
#   tx0 --- veth --- rx0 [net_af_packet] sluiced [net_pcap] out.pcap
#   (odd_frames.py send)     rx0 [kernel] odd_frames.py receive
. "$(dirname "$0")/lib.sh"

namespace net
namespace tx
link tx tx0 net rx0
addresses net rx0 10.9.0.2/24 2001:db8::2/64 fe80::2/64
in_ns net ip link set rx0 promisc on
# The kernel looks up a route to the source of a multicast frame.
in_ns net ip route add default dev rx0
in_ns net ip -6 route add default dev rx0
cat >"$tmp/sluice.yaml" <<-END
	socket: $socket
	ports:
	  - {name: in0, device: "net_af_packet0,iface=rx0"}
	  - {name: out0, device: "net_pcap0,tx_pcap=$tmp/out.pcap"}
	interfaces:
	  - {name: tv, port: in0, addresses: [10.9.0.2/24, "2001:db8::2/64", "fe80::2/64"]}
	outputs:
	  - {name: out, port: out0}
END
sluiced_start

odd_frames() {
	/usr/bin/python3 "$lab/odd_frames.py" "$@"
}
rpc() { # METHOD PARAMS
	echo "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"$1\", \"params\": $2}"
}

start kernel net /usr/bin/python3 "$lab/odd_frames.py" receive --interface rx0
need 10 "the kernel socket has joined" grep -qx ready "$tmp/kernel.log"
{
	rpc session.open '{"name": "odd", "udp_port": 5000}'
	for group in 239.1.2.3 224.0.0.251 224.0.1.0 ff0e::1:2 ff02::fb ff05::1:3 ff1e::5 ff0f::1 ff03::1 ff08::1; do
		rpc group.join "{\"session\": \"odd\", \"group\": \"$group\", \"to\": [\"out\"]}"
	done
	rpc group.join '{"session": "odd", "group": "232.1.1.1", "sources": ["10.9.0.50"], "to": ["out"]}'
	rpc group.join '{"session": "odd", "group": "ff3e::8000:1", "sources": ["2001:db8::50"], "to": ["out"]}'
} | frames client "$socket" >"$tmp/answers"
check "all groups are joined" absent grep error "$tmp/answers"

in_ns tx /usr/bin/python3 "$lab/odd_frames.py" send --interface tx0 \
	--own "$(in_ns net cat /sys/class/net/rx0/address)" >"$tmp/sent"
arrived() {
	grep -q 'last frame' "$tmp/kernel.log" && grep -qa 'odd frame last frame' "$tmp/out.pcap"
}
need 10 "the last of $(cat "$tmp/sent") frames has arrived on both sides" arrived
stop sluiced
while IFS='|' read -r status description; do
	report "$status" "$description"
done < <(odd_frames compare --allowed "$lab/odd_frames.txt" --kernel "$tmp/kernel.log" --sluice "$tmp/out.pcap")
done_testing
