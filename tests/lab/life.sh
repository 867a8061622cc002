#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGTERM leaves all groups on the wire before the process ends; SIGKILL leaves nothing behind that
# prevents a restart; when a client is killed, the groups of its connected session are left.
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
	check_within 2 "the client joins 239.7.7.$id" said "\"id\": *$id\b.*\"result\"\|\"result\".*\"id\": *$id\b"
	check_within 1 "the bridge lists 239.7.7.$id" mdb 239.7.7.$id
done
stop client KILL || true
check_within 3 "the client is killed, and the bridge forgets 239.7.7.2" absent mdb 239.7.7.2
check_within 3 "the client is killed, and the bridge forgets 239.7.7.3" absent mdb 239.7.7.3
check "the groups of other sessions stay" mdb $group4

# ---- kill -9
stop sluiced KILL || true
check_within 5 "the taps are gone after kill -9" absent in_ns net ip link show sl0
sluiced_start
check "the socket file left by kill -9 does not prevent a restart" sluice show groups
check_within 2 "the restarted daemon joins again" mdb $group4
check "a second daemon on the same socket is refused" absent timeout 10 ip netns exec "$name-net" \
	"$build/ctrl/sluiced" --config "$tmp/sluice.yaml"
check "the refused daemon does not disturb the first" sluice show groups

# ---- SIGTERM
# Captured on the far side of the bridge: sl0 vanishes with the process, and with it frames that a capture
# there has not read yet.
flood_to p1
capture in tx tx0
status=0
stop sluiced TERM || status=$?
check "SIGTERM ends with status 0" equal 0 "$status"
stop in || true
membership_messages in >"$tmp/messages"
times() { # PATTERN: sent twice, as the robustness variable requires
	[ "$(grep -c "$1" "$tmp/messages")" = 2 ] && return
	cat "$tmp/messages"
	return 1
}
check "SIGTERM leaves $group4" times "gaddr $group4 to_in"
check "SIGTERM leaves $group6" times "gaddr $group6 to_in"
check "SIGTERM leaves $ssm4" times "gaddr $ssm4 block"
check "the socket is gone after SIGTERM" absent test -e "$socket"
check "the taps are gone after SIGTERM" absent in_ns net ip link show sl0
done_testing
