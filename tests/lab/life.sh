#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Ends of all kinds: SIGTERM leaves every group on the wire before the process ends; kill -9 leaves
# nothing that stops a restart; the death of a client leaves the groups of its connected session.
# Checks: API-42 CHG-4 CHG-7
. "$(dirname "$0")/lib.sh"

bridge_network
config_of_three >"$tmp/sluice.yaml"
sluiced_start
bridge_lists $group4 $group6 $ssm4

# ---- The death of a client
start_listening client net "$lab/frames.py" client "$socket" --hold
said() { # PATTERN
	grep "$1" "$tmp/client.log" && return
	cat "$tmp/client.log"
	return 1
}
tell '{"jsonrpc":"2.0","id":1,"method":"session.open"}'
need 5 "a client opens a connected session" said '"id": *1\b.*"session"'
session=$(sed -n '1p' "$tmp/client.log" | jq .result.session)
for id in 2 3; do
	tell "{\"jsonrpc\":\"2.0\",\"id\":$id,\"method\":\"group.join\",\"params\":{\"session\":$session,\"group\":\"239.7.7.$id\"}}"
	check_within 2 "it joins 239.7.7.$id" said "\"id\": *$id\b.*\"result\"\|\"result\".*\"id\": *$id\b"
	check_within 1 "the bridge lists 239.7.7.$id" mdb 239.7.7.$id
done
stop client KILL || true
check_within 3 "killed, its groups leave the bridge's table" absent mdb 239.7.7.2
check_within 3 "all of them" absent mdb 239.7.7.3
check "those of other sessions stay" mdb $group4

# ---- kill -9
stop sluiced KILL || true
check_within 5 "kill -9 takes the taps with it" absent in_ns net ip link show sl0
sluiced_start
check "the socket it left does not stop a restart" sluice show groups
check_within 2 "the restarted one joins again" mdb $group4
check "a second daemon on the same socket is refused" absent timeout 10 ip netns exec "$name-net" \
	"$build/ctrl/sluiced" --config "$tmp/sluice.yaml"
check "and did not disturb the first" sluice show groups

# ---- SIGTERM
# Heard on the far side of the bridge: sl0 is gone with the process, and what a capture there has not read.
flood_to p1
capture in tx tx0
status=0
stop sluiced TERM || status=$?
check "SIGTERM ends with status 0" equal 0 "$status"
stop in || true
membership_messages in >"$tmp/messages"
times() { # PATTERN: said twice, as the robustness variable asks
	[ "$(grep -c "$1" "$tmp/messages")" = 2 ] && return
	cat "$tmp/messages"
	return 1
}
check "it left $group4 first" times "gaddr $group4 to_in"
check "and $group6" times "gaddr $group6 to_in"
check "and $ssm4" times "gaddr $ssm4 block"
check "the socket is gone" absent test -e "$socket"
check "so are the taps" absent in_ns net ip link show sl0
done_testing
