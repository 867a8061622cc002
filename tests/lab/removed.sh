#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The interface of a port is deleted: a tap, and one behind a packet socket. The port is shown as removed, its
# groups as lost, with an event for each and a line in the log; no group can be joined there, but each can be
# left. Other ports go on, a device that comes back under the same name is no surprise, and SIGTERM and a
# reload work.
# Checks: CHG-17
. "$(dirname "$0")/lib.sh"

bridge_network
link net a0 net a1
cat >"$tmp/sluice.yaml" <<-END
	socket: $socket
	ports:
	  - {name: in0, device: "net_tap0,iface=sl0"}
	  - {name: tap, device: "net_tap1,iface=sl1"}
	  - {name: packet, device: "net_af_packet0,iface=a0"}
	interfaces:
	  - {name: tv, port: in0, addresses: [10.9.0.2/24]}
	  - {name: tap, port: tap, addresses: [10.9.1.2/24]}
	  - {name: packet, port: packet, addresses: [10.9.2.2/24]}
	outputs:
	  - {name: tap, port: tap}
	  - {name: packet, port: packet}
	memberships:
	  - {interface: tv, group: 239.1.1.1, to: [tap, packet]}
	  - {interface: tap, group: 239.2.1.1}
	  - {interface: packet, group: 239.3.1.1}
END
sluiced_start
flood_to sl0
bridge_lists 239.1.1.1
start watch net "$build/ctrl/sluice" --socket "$socket" --json watch
watches() {
	sluice join 239.1.1.9 --interface tv
	sluice leave 239.1.1.9 --interface tv
	grep joined "$tmp/watch.log"
}
need 10 "the events are watched" watches

port_is() { # NAME REMOVED UP
	equal "$2 $3" "$(sluice --json show ports | jq -r ".ports[] | select(.name == \"$1\") | \"\(.removed) \(.up)\"")"
}
state_is() { # GROUP STATE
	equal "$2" "$(sluice --json show groups | jq -r ".groups[] | select(.group == \"$1\") | .state")"
}
told() { # GROUP
	grep "\"lost\".*\"group\":\"$1\"" "$tmp/watch.log"
}
removed() { # NAME DEVICE GROUP
	check "$1 is no removed port" port_is "$1" false true
	check "$3 is joined" state_is "$3" joined
	in_ns net ip link delete "$2"
	check_within 5 "$1: $2 is deleted, and the port is removed" port_is "$1" true false
	check "$1: $3 is lost" state_is "$3" lost
	check "$1: the group is lost by the session, too" grep -q '"state":"lost"' <<<"$(sluice --json show sessions)"
	check_within 2 "$1: an event says so" told "$3"
	check "$1: the log says so" grep "error: port $1: its device is gone" "$tmp/sluiced.log"
	check "$1: a join is refused with ENETDOWN" refuses "$1"
	check "$1: the group can be left" sluice leave "$3" --interface "$1" --session config
	check "$1: other groups stay" mdb 239.1.1.1
}
refuses() { # INTERFACE
	! sluice join 239.9.1.1 --interface "$1" 2>"$tmp/refusal" && grep ENETDOWN "$tmp/refusal"
}
removed packet a0 239.3.1.1
removed tap sl1 239.2.1.1

frames_in() {
	sluice --json show groups | jq '.groups[] | select(.group == "239.1.1.1") | .packets'
}
in_ns tx /usr/bin/python3 "$lab/frames.py" send --interface tx0 --count 500 group=239.1.1.1,source=10.9.0.50
received() {
	test "$(frames_in)" -gt 0
}
check_within 5 "frames for removed outputs do no harm" received

link net a0 net a1
kill -HUP "${pids[sluiced]}"
check_within 10 "a reload names the interfaces whose port is removed" grep 'reload: .*the device of port packet is gone' "$tmp/sluiced.log"
check "the device that came back is another one" port_is packet true false
check "the groups of the others stay" state_is 239.1.1.1 joined

spent_ms() {
	awk '{ printf "%d", $1 / 1e6 }' "/proc/${pids[sluiced]}/task/${pids[sluiced]}/schedstat"
}
before=$(spent_ms)
sleep 2
spent=$(($(spent_ms) - before))
echo "# figure: CPU time of the control thread beside removed ports: $((spent / 2)) ms/s"
check "the control thread does not spin" test "$spent" -lt 1000

in_ns net ip link delete sl0
check_within 5 "the last port is removed" port_is in0 true false
status=0
stop sluiced TERM || status=$?
check "SIGTERM ends with status 0" equal 0 "$status"
done_testing
