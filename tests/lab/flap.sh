#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The link of a port flaps 30 times (300 with SLUICE_RELIABILITY=1), of a tap and of an interface behind
# a packet socket: afterwards all groups are at the querier again, streams run, each change has an event, and
# the log has a few lines. Joins and leaves go on meanwhile. The reports of each flap do not add up.
# Checks: CHG-17
. "$(dirname "$0")/lib.sh"

flaps=30 groups=50
[ "${SLUICE_RELIABILITY:-}" != 1 ] || flaps=300
bridge_network mcast_hash_max 4096
link net a0 net a1
in_ns net ip link set a1 master br0
{
	cat <<-END
		socket: $socket
		ports:
		  - {name: tap, device: "net_tap0,iface=sl0"}
		  - {name: packet, device: "net_af_packet0,iface=a0"}
		interfaces:
		  - {name: tap, port: tap, addresses: [10.9.0.2/24]}
		  - {name: packet, port: packet, addresses: [10.9.0.3/24]}
		memberships:
	END
	for ((i = 0; i < groups; i++)); do
		echo "  - {interface: tap, group: 239.20.0.$i}"
		echo "  - {interface: packet, group: 239.21.0.$i}"
	done
} >"$tmp/sluice.yaml"
sluiced_start
listed() { # PORT PREFIX COUNT
	equal "$3" "$(in_ns net bridge -j mdb show | jq "[.[0].mdb[]? | select(.port == \"$1\" and
		(.grp | startswith(\"$2\"))).grp] | unique | length")"
}
need 10 "the bridge lists the groups of the tap" listed sl0 239.20. $groups
need 10 "the bridge lists the groups of the packet socket" listed a1 239.21. $groups
in_ns net ip link set br0 type bridge mcast_querier 0
start watch net "$build/ctrl/sluice" --socket "$socket" --json watch
watches() {
	sluice join 239.1.1.9 --interface tap
	sluice leave 239.1.1.9 --interface tap
	grep joined "$tmp/watch.log"
}
need 10 "the events are watched" watches

in_ns net bash -c "for ((i = 0; i < $flaps; i++)); do
	ip link set sl0 down; ip link set a0 down; sleep 0.00\$((RANDOM % 10))
	ip link set sl0 up; ip link set a0 up; sleep 0.0\$((RANDOM % 5))
done" &
flapping=$!
pids[flapping]=$flapping
for ((i = 0; i < 40; i++)); do
	sluice join "239.22.0.$i" --interface tap
	[ $((i % 2)) = 0 ] || sluice leave "239.22.0.$i" --interface tap
done
wait_for 120 ended $flapping || true
stop flapping || true

link_is_up() { # PORT
	equal true "$(sluice --json show ports | jq ".ports[] | select(.name == \"$1\") | .up")"
}
for port in tap packet; do
	check_within 5 "$port: the link is up" link_is_up $port
done
# Without a querier: only the announcements bring them back.
check_within 5 "the bridge lists the groups of the tap" listed sl0 239.20. $groups
check_within 5 "the bridge lists the groups of the packet socket" listed a1 239.21. $groups
check_within 5 "the bridge lists what was joined meanwhile" listed sl0 239.22. 20
events() {
	grep -c '"event":"link".*"interface":"tap"' "$tmp/watch.log"
}
seen=$(events)
echo "# figure: links changed: $((4 * flaps)) times, $seen events of one interface"
check "there are events" test "$seen" -ge 2
# Ten lines in ten seconds, and one about the others.
check "the log is limited" test "$(grep -c 'the link is' "$tmp/sluiced.log")" -le $((22 + 11 * SECONDS / 10))

# Two more copies of a report follow within a second each; then there is silence.
sleep 2
capture in net sl0 igmp
sleep 2
stop in || true
quiet() {
	local reports
	reports=$(membership_messages in | grep -c 'igmp v3 report')
	echo "$reports reports"
	[ "$reports" = 0 ]
}
check "the announcements do not add up" quiet
echo "# figure: reports of the tap after $flaps flaps: $(sluice --json show interfaces | jq '.interfaces[0].tx_reports') reports"
flood_to sl0
in_ns tx /usr/bin/python3 "$lab/frames.py" send --interface tx0 --count 200 group=239.20.0.1,source=10.9.0.50
runs() {
	test "$(sluice --json show groups | jq '.groups[] | select(.group == "239.20.0.1") | .packets')" -ge 200
}
check_within 5 "streams run" runs
status=0
stop sluiced TERM || status=$?
check "SIGTERM ends with status 0" equal 0 "$status"
done_testing
