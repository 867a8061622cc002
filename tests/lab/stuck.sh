#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Outputs that take no frames for seconds cost the others nothing: a port whose transmit ring is full, because
# the kernel's queue behind it is shaped to almost nothing, and a subscriber that has been stopped. They lose
# only their own frames, counted, control answers meanwhile, and the groups stay. When the port and the
# subscriber go on, so do their streams.
. "$(dirname "$0")/lib.sh"

bridge_network
link net a0 net a1
link net b0 net b1
cat >"$tmp/sluice.yaml" <<-END
	socket: $socket
	ports:
	  - {name: in0, device: "net_tap0,iface=sl0"}
	  - {name: a, device: "net_af_packet0,iface=a0,qdisc_bypass=0"}
	  - {name: b, device: "net_af_packet1,iface=b0"}
	interfaces:
	  - {name: tv, port: in0, addresses: [10.9.0.2/24]}
	outputs:
	  - {name: stuck, port: a}
	  - {name: other, port: b}
	memberships:
	  - {interface: tv, group: 239.1.1.1, to: [stuck, other]}
	  - {interface: tv, group: 239.1.1.2, to: [other]}
END
sluiced_start
flood_to sl0
bridge_lists 239.1.1.1 239.1.1.2

value() { # LIST JQ-FILTER
	sluice --json show "$1" | jq -r "[.$1[] | $2] | add // 0"
}
frames_of() { # GROUP: that a worker has received
	value groups "select(.group == \"$1\") | .packets"
}
output() { # NAME KEY
	value outputs "select(.name == \"$1\") | .$2"
}
send() { # COUNT
	in_ns tx /usr/bin/python3 "$lab/frames.py" send --interface tx0 --count "$1" --rate 1000 \
		group=239.1.1.1,source=10.9.0.50 group=239.1.1.2,source=10.9.0.51
}
printed() { # RECEIVER
	grep -c bytes "$tmp/$1.log" || true
}
for receiver in dead live; do
	start $receiver net stdbuf -oL "$build/examples/receive" -s "$socket" 239.1.1.2
done
subscribers() {
	equal 3 "$(value groups 'select(.group == "239.1.1.2") | .members')"
}
need 60 "two programs subscribe to 239.1.1.2" subscribers

# ---- Stuck
in_ns net tc qdisc add dev a0 root tbf rate 8kbit burst 2k limit 100000000
kill -STOP "${pids[dead]}"
send 3000
check "control answers" timeout 20 "$build/ctrl/sluice" --socket "$socket" show groups
check "no worker stands still" equal 0 "$(value workers 'select(.stalled_ms != null) | 1')"
check "the stuck port loses frames" test "$(output stuck dropped)" -gt 0
all=$(($(frames_of 239.1.1.1) + $(frames_of 239.1.1.2)))
echo "# figure: frames sent beside a stuck port and a dead subscriber: 6000 frames"
echo "# figure: frames received beside a stuck port and a dead subscriber: $all frames"
other_has_all() {
	equal "$all 0" "$(output other packets) $(output other dropped)"
}
echo "# figure: frames that another port lost beside a stuck port: $(output other dropped) frames"
check_within 5 "the other port has all $all frames, 0 are lost" other_has_all
live_has_all() {
	equal "$(frames_of 239.1.1.2)" "$(printed live)"
}
check_within 20 "the other subscriber has all its frames, 0 are lost" live_has_all
check "the bridge lists 239.1.1.1" mdb 239.1.1.1
check "the bridge lists 239.1.1.2" mdb 239.1.1.2

# ---- And going on
in_ns net tc qdisc delete dev a0 root
kill -CONT "${pids[dead]}"
# What waited in the rings leaves first.
send 100
sleep 1
before=$(output stuck packets) heard=$(printed dead)
sent_before=$(frames_of 239.1.1.1)
send 500
stuck_has_all() {
	equal $(($(frames_of 239.1.1.1) - sent_before)) $(($(output stuck packets) - before))
}
check_within 5 "the port that was stuck has all frames again" stuck_has_all
dead_goes_on() {
	[ $(($(printed dead) - heard)) -ge 500 ] && return
	echo "$heard before, $(printed dead) now"
	return 1
}
check_within 20 "the subscriber that was stopped receives again" dead_goes_on

# ---- The end beside a stuck port
in_ns net tc qdisc add dev a0 root tbf rate 8kbit burst 2k limit 100000000
send 1500
status=0
stop sluiced TERM || status=$?
check "SIGTERM ends with status 0 beside a stuck port" equal 0 "$status"
check_within 4 "and the bridge forgets 239.1.1.1" absent mdb 239.1.1.1
done_testing
