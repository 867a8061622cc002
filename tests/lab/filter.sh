#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The output port carries only frames that were joined: no frame of a group that shares the MAC address,
# of another source of the same group, or of another VLAN of the same port.
# Checks: STA-8 CHG-5
. "$(dirname "$0")/lib.sh"

bridge_network
cat >"$tmp/sluice.yaml" <<-END
	socket: $socket
	ports:
	  - {name: in0, device: "net_tap0,iface=sl0"}
	  - {name: out0, device: "net_tap1,iface=sl1"}
	interfaces:
	  - {name: tv, port: in0, addresses: [10.9.0.2/24, "fe80::2/64"]}
	  - {name: tv20, port: in0, vlan: 20, addresses: [10.20.0.2/24, "fe80::2/64"]}
	outputs:
	  - {name: plain, port: out0}
	  - {name: tagged, port: out0, vlan: 300}
END
sluiced_start
# The bridge forwards all frames, so that only the filter of Sluice is tested.
flood_to sl0

# streams STREAM...: sends 50 frames of each stream, then one of the marker group, which is joined: when
# the marker arrives, Sluice has handled all frames before it.
marker=239.255.0.1
streams() {
	in_ns tx "$lab/frames.py" send --interface tx0 --count 50 --rate 500 "$@"
	in_ns tx "$lab/frames.py" send --interface tx0 --count 1 "group=$marker,source=10.9.0.50"
}
arrived() {
	frames summary "$tmp/out.pcap" | grep -v "^$marker "
}
marked() {
	frames summary "$tmp/out.pcap" | grep -q "^$marker "
}
# delivered DESCRIPTION EXPECTED STREAM...
delivered() {
	local description=$1 expected=$2
	shift 2
	capture out net sl1 udp
	streams "$@"
	wait_for 5 marked || true
	stop out || true
	check "$description" equal "$expected" "$(arrived || true)"
}

need 1 "sluice join" sluice join $marker --interface tv --to plain

sluice join $group4 --interface tv --to plain
delivered "two groups share a MAC address: only the joined one is delivered" "$group4 10.9.0.50 0 50" \
	"group=$group4,source=10.9.0.50" group=224.129.1.1,source=10.9.0.50 group=239.129.1.1,source=10.9.0.50
delivered "only the joined VLAN is delivered" "$group4 10.9.0.50 0 50" \
	"group=$group4,source=10.9.0.50" "group=$group4,source=10.9.0.51,vlan=20" \
	"group=$group4,source=10.9.0.51,vlan=21"
sluice leave $group4 --interface tv

sluice join $group4 --interface tv20 --to plain
delivered "the other VLAN is delivered after the change, without its tag" "$group4 10.9.0.51 0 50" \
	"group=$group4,source=10.9.0.50" "group=$group4,source=10.9.0.51,vlan=20" \
	"group=$group4,source=10.9.0.51,vlan=21"
sluice leave $group4 --interface tv20

sluice join $ssm4 --interface tv --source 10.9.0.50 --to plain
delivered "only the joined source is delivered" "$ssm4 10.9.0.50 0 50" \
	"group=$ssm4,source=10.9.0.50" "group=$ssm4,source=10.9.0.51"

sluice join $group4 --interface tv --to plain
sluice block $group4 10.9.0.51 --interface tv
delivered "all sources but the blocked one are delivered" "$group4 10.9.0.50 0 50" \
	"group=$group4,source=10.9.0.50" "group=$group4,source=10.9.0.51"

sluice join $group6 --interface tv --to tagged
delivered "IPv6 is delivered with the VLAN of its output" "$group6 fe80::50 300 50" \
	"group=$group6,source=fe80::50" group=ff15::2:1:1,source=fe80::50

sluice leave $group6 --interface tv
delivered "nothing is delivered after the leave" "" "group=$group6,source=fe80::50"
done_testing
