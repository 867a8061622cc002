#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# While the querier speaks an older version, Sluice speaks IGMPv2 and MLDv1. It returns to IGMPv3 and MLDv2
# when no older querier was heard for its timeout (4 s here).
# Checks: CMP-2 CMP-7 CMP-9 CMP-10 CMP-11 CMP-16
. "$(dirname "$0")/lib.sh"

bridge_network mcast_query_interval 100 mcast_query_response_interval 50 mcast_membership_interval 400
config >"$tmp/sluice.yaml" <<-END
	memberships:
	  - {interface: tv, group: $group4}
	  - {interface: tv, group: "$group6"}
	protocol: {older_querier_timeout: 4}
END
sluiced_start
check_within 2 "the bridge lists $group4" mdb_where $group4 '.filter_mode == "exclude"'

heard() { # NAME PATTERN
	membership_messages "$1" >"$tmp/messages"
	grep -q "$2" "$tmp/messages" && return
	tail -n 10 "$tmp/messages"
	return 1
}
version() { # igmp|mld NUMBER
	equal "$2" "$(sluice --json show interfaces | jq ".interfaces[0].$1_version")"
}
bridge_speaks() { # IGMP MLD
	in_ns net ip link set br0 type bridge mcast_igmp_version "$1" mcast_mld_version "$2"
}

need 1 "sluice speaks IGMPv3" version igmp 3
check "sluice speaks MLDv2" version mld 2

capture old net sl0
bridge_speaks 2 1
check_within 5 "sluice falls back to IGMPv2" version igmp 2
check_within 5 "sluice falls back to MLDv1" version mld 1
check_within 5 "sluice responds with an IGMPv2 report of $group4" heard old "igmp v2 report $group4"
check_within 5 "sluice responds with an MLDv1 report of $group6" heard old "multicast listener report.*$group6"
check "sluice join 239.1.1.2" sluice join 239.1.1.2
check_within 2 "the join is an IGMPv2 report" heard old "igmp v2 report 239.1.1.2"
check "sluice leave 239.1.1.2" sluice leave 239.1.1.2
check_within 2 "the leave is an IGMPv2 leave" heard old "igmp leave 239.1.1.2"
check "the bridge still lists $group4 after the fall back" mdb $group4
check "the bridge still lists $group6 after the fall back" mdb $group6
stop old || true

capture new net sl0
bridge_speaks 3 2
check_within 10 "sluice returns to IGMPv3" version igmp 3
check_within 10 "sluice returns to MLDv2" version mld 2
check_within 5 "sluice responds with an IGMPv3 report" heard new "gaddr $group4 is_ex"
check_within 5 "sluice responds with an MLDv2 report" heard new "gaddr $group6 is_ex"
check "the bridge still lists $group4 after the return" mdb $group4
check "the bridge still lists $group6 after the return" mdb $group6
stop new || true
done_testing
