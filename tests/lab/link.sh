#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# When the carrier of a port returns, all its groups are announced again at once: a restarted switch has
# forgotten them, and its next query may be far away.
# Checks: CHG-17
. "$(dirname "$0")/lib.sh"

# There is no querier here, so that all reports are unsolicited.
bridge_network mcast_querier 0
config_of_three >"$tmp/sluice.yaml"
sluiced_start
port_is() { # up|down
	equal "$1" "$(sluice --json show ports |
		jq -r '.ports[] | select(.name == "in0") | if .up then "up" else "down" end')"
}
need 5 "the port is up" port_is up

# Captured on the far side of the bridge: a capture on sl0 would end with its link.
flood_to p1
in_ns net ip link set sl0 down
check_within 5 "the port is down" port_is down
capture in tx tx0
in_ns net ip link set sl0 up
check_within 5 "the port is up again" port_is up
announced() { # RECORD
	membership_messages in >"$tmp/messages"
	grep -q "$1" "$tmp/messages" && return
	cat "$tmp/messages"
	return 1
}
check_within 2 "$group4 is announced" announced "gaddr $group4 to_ex"
check_within 2 "$group6 is announced" announced "gaddr $group6 to_ex"
check_within 2 "$ssm4 is announced with its source" announced "gaddr $ssm4 allow"
check "the bridge lists $group4" mdb $group4
stop in || true
done_testing
