#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Sluice responds to the bridge's general queries: its groups outlive three membership intervals in the
# bridge's table. Here the bridge queries every second, and forgets a group 2.5 seconds after its last
# report.
# Checks: RSP-1 RSP-4 MLD-12
. "$(dirname "$0")/lib.sh"

bridge_network mcast_query_interval 100 mcast_query_response_interval 50 mcast_membership_interval 250
config_of_three >"$tmp/sluice.yaml"
sluiced_start
bridge_lists $group4 $group6 $ssm4

capture in net sl0
responses() { # PATTERN COUNT
	membership_messages in >"$tmp/messages"
	[ "$(grep -c "$1" "$tmp/messages")" -ge "$2" ] && return
	tail -n 10 "$tmp/messages"
	return 1
}
# Eight responses, one per second, take three intervals.
check_within 15 "eight IGMPv3 responses name $group4" responses "gaddr $group4 is_ex" 8
check_within 5 "eight IGMPv3 responses name $ssm4" responses "gaddr $ssm4 is_in" 8
check_within 5 "eight MLDv2 responses name $group6" responses "gaddr $group6 is_ex" 8
check "three membership intervals later the bridge still lists $group4" mdb $group4
check "three membership intervals later the bridge still lists $group6" mdb $group6
check "three membership intervals later the bridge still lists $ssm4 with its source" mdb_where $ssm4 '[.source_list[]?.address] == ["10.9.0.50"]'
check "every IGMP report is IGMPv3 and goes to 224.0.0.22" absent grep -E 'igmp v[12] report|igmp leave' \
	"$tmp/messages"
reports_elsewhere() {
	grep 'multicast listener report' "$tmp/messages" | grep -v ' fe80::2 > ff02::16: '
}
check "every MLD report is MLDv2 and comes from the link-local address" absent reports_elsewhere
stop in || true
done_testing
