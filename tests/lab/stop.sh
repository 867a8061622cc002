#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# sluiced is stopped by SIGSTOP until the querier, which goes on with its queries, has forgotten all its
# groups, as in a debugger or a paused virtual machine. After SIGCONT it announces them at once, because the next
# query may be minutes away and the tap has kept none. Queries and timers of the time before make no storm:
# there is one response per query. SLUICE_RELIABILITY=1 stops it for five minutes.
# Checks: RSP-1 RSP-4 CHG-17
. "$(dirname "$0")/lib.sh"

groups=200 seconds=8 # in addition to the three in which the bridge forgets the groups
[ "${SLUICE_RELIABILITY:-}" != 1 ] || seconds=300
# The bridge queries every second and forgets a group 2.5 seconds after its last report.
bridge_network mcast_query_interval 100 mcast_query_response_interval 50 mcast_membership_interval 250 \
	mcast_hash_max 4096
{
	config
	echo "outputs: [{name: packager, port: out0}]"
	echo "memberships:"
	for ((i = 0; i < groups; i++)); do
		echo "  - {interface: tv, group: 239.10.0.$i, to: [packager]}"
		echo "  - {interface: tv, group: \"ff15::10:$i\"}"
	done
} </dev/null >"$tmp/sluice.yaml"
sluiced_start
listed() { # PREFIX COUNT
	equal "$2" "$(in_ns net bridge -j mdb show | jq "[.[0].mdb[]? | select(.port == \"sl0\" and
		(.grp | startswith(\"$1\"))).grp] | unique | length")"
}
need 10 "the bridge lists $groups IPv4 groups" listed 239.10. $groups
need 10 "the bridge lists $groups IPv6 groups" listed ff15::10: $groups
# The second and last copy of a report follows within a second of the first (CHG-7).
sleep 1.5

state() {
	sed 's/.*) //; s/ .*//' "/proc/${pids[sluiced]}/stat"
}
# The stream leaves no room in the tap for queries.
flood_to sl0
in_ns net ip link set br0 type bridge mcast_querier 0
kill -STOP "${pids[sluiced]}"
is_stopped() { equal T "$(state)"; }
need 5 "sluiced is stopped" is_stopped
in_ns tx /usr/bin/python3 "$lab/frames.py" send --interface tx0 --count 2000 --rate 4000 \
	group=239.10.0.1,source=10.9.0.50
in_ns net ip link set br0 type bridge mcast_querier 1
check_within 10 "the bridge forgets the IPv4 groups" listed 239.10. 0
check_within 10 "the bridge forgets the IPv6 groups" listed ff15::10: 0
sleep "$seconds"

in_ns net ip link set br0 type bridge mcast_querier 0
capture in net sl0
begin=${EPOCHREALTIME/./}
kill -CONT "${pids[sluiced]}"
check_within 5 "the bridge lists the IPv4 groups again, without a query" listed 239.10. $groups
check_within 5 "the bridge lists the IPv6 groups again, without a query" listed ff15::10: $groups
echo "# figure: from SIGCONT after $((seconds + 3)) s to all $((2 * groups)) groups at the querier:" \
	"$(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
check "the log says so" grep "warning: no turn for .*: all groups are announced again" "$tmp/sluiced.log"
in_ns net ip link set br0 type bridge mcast_querier 1
sleep 5
stop in || true

# The number of records of the group with the most.
records() { # GROUPS KIND
	membership_messages in | grep -oE "gaddr $1[0-9a-f.:]+ $2" | sort | uniq -c | sort -rn |
		awk 'NR == 1 { most = $1 } END { print most + 0 }'
}
elapsed=$(((${EPOCHREALTIME/./} - begin) / 1000000 + 1))
at_most() { # COUNT RECORDS
	[ "$2" -ge 1 ] && [ "$2" -le "$1" ] && return
	echo "$2 records, $1 at most"
	return 1
}
for family in "IGMP 239.10." "MLD ff15::10:"; do
	read -r protocol prefix <<<"$family"
	responses=$(records "$prefix" is_ex)
	echo "# figure: $protocol responses per group in $elapsed s after SIGCONT: $responses responses"
	check "$protocol: one response per query, none for those that were missed" at_most $((elapsed + 2)) "$responses"
	check "$protocol: each group is announced as often as a change" at_most 2 "$(records "$prefix" to_ex)"
done
check "no worker was stalled" absent grep "is stalled" "$tmp/sluiced.log"

capture out net sl1 udp
in_ns tx /usr/bin/python3 "$lab/frames.py" send --interface tx0 --count 500 group=239.10.0.1,source=10.9.0.50
came() {
	[ "$(frames summary "$tmp/out.pcap" | awk '{ n += $4 } END { print n + 0 }')" -ge 500 ]
}
check_within 5 "streams run" came
check "control answers" sluice join 239.7.7.7 --interface tv
status=0
stop sluiced TERM || status=$?
check "SIGTERM ends with status 0" equal 0 "$status"
done_testing
