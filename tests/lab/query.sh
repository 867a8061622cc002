#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Sluice answers the bridge's general queries: its groups outlive three membership intervals in the
# bridge's table. The bridge asks every second here and forgets after 2.5 unanswered seconds.
# Checks: RSP-1 RSP-4 MLD-12
. "$(dirname "$0")/lib.sh"

bridge_network mcast_query_interval 100 mcast_query_response_interval 50 mcast_membership_interval 250
config_of_three >"$tmp/sluice.yaml"
sluiced_start
bridge_lists $group4 $group6 $ssm4

capture in net sl0
answers() { # PATTERN COUNT
	membership_messages in >"$tmp/messages"
	[ "$(grep -c "$1" "$tmp/messages")" -ge "$2" ] && return
	tail -n 10 "$tmp/messages"
	return 1
}
# Eight answers, a second apart, are three intervals.
check_within 15 "eight IGMPv3 answers name $group4" answers "gaddr $group4 is_ex" 8
check_within 5 "and the source of $ssm4" answers "gaddr $ssm4 is_in" 8
check_within 5 "eight MLDv2 answers name $group6" answers "gaddr $group6 is_ex" 8
check "three membership intervals later the bridge still lists $group4" mdb $group4
check "and $group6" mdb $group6
check "and $ssm4 with its source" mdb_where $ssm4 '[.source_list[]?.address] == ["10.9.0.50"]'
check "every IGMP report is IGMPv3, to 224.0.0.22" absent grep -E 'igmp v[12] report|igmp leave' \
	"$tmp/messages"
reports_elsewhere() {
	grep 'multicast listener report' "$tmp/messages" | grep -v ' fe80::2 > ff02::16: '
}
check "every MLD report is MLDv2, from the link-local address" absent reports_elsewhere
stop in || true
done_testing
