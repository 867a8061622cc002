#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A flood of IGMP messages, junk and forged, beside the querier: the querier stays heard, and the
# bridge keeps the groups past its membership interval.
# Checks: SEC-1 SEC-4
. "$(dirname "$0")/lib.sh"

readonly FLOOD_S=16 # longer than the membership interval of 12 s

bridge_network
config_of_three >"$tmp/sluice.yaml"
sluiced_start
bridge_lists $group4 $group6 $ssm4

queries() {
	sluice --json show interfaces | jq '.interfaces[0].rx_queries'
}
drops() { # REASON
	sluice --json show drops | jq "[.drops[] | select(.reason == \"$1\") | .count] | add // 0"
}
more_than() { # NUMBER COMMAND...
	local least=$1 seen
	shift
	seen=$("$@")
	echo "$seen is not more than $least"
	[ "$seen" -gt "$least" ]
}

# flood DESCRIPTION TYPE SOURCE DESTINATION REASON
flood() {
	local before dropped rate=$tmp/rate
	before=$(queries)
	dropped=$(drops "$5")
	in_ns tx /usr/bin/python3 "$lab/junk.py" tx0 "$2" "$3" "$4" $FLOOD_S >"$rate"
	echo "# $1: $(cat "$rate") frames per second"
	# The bridge sends a query of each family every 5 s.
	check "$1: the querier is heard" more_than $((before + 3)) queries
	check "$1: most of the flood is dropped as $5" more_than $((dropped + 1000)) drops "$5"
	for group in $group4 $group6 $ssm4; do
		check "$1: the bridge still lists $group" mdb "$group"
	done
	check "$1: the querier is the bridge" querier_is 10.9.0.1
}
querier_is() { # ADDRESS
	sluice --json show queriers | grep -q "\"$1\""
}

flood "unknown types" 0x13 10.9.0.50 224.0.0.1 unknown_type
flood "leaves" 0x17 10.9.0.50 224.0.0.1 punt_rate
done_testing
