#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A second daemon on the same taps, with a socket of its own, refuses to start and does the first one no
# harm. A tap that is deleted is shown as removed.
# Checks: CHG-17
. "$(dirname "$0")/lib.sh"

bridge_network
config_of_three >"$tmp/sluice.yaml"
sluiced_start
bridge_lists $group4

sed "s|^socket: .*|socket: $tmp/second.sock|" "$tmp/sluice.yaml" >"$tmp/second.yaml"
status=0
timeout 30 ip netns exec "$name-net" "$build/ctrl/sluiced" --config "$tmp/second.yaml" \
	>"$tmp/out" 2>"$tmp/said" || status=$?
check "the second daemon: exit status 1" equal 1 "$status"
check "the second daemon is never ready" equal "" "$(cat "$tmp/out")"
check "the second daemon names the device" grep -q 'net_tap0,iface=sl0.*has the tap sl0' "$tmp/said"

port() { # NAME KEY
	sluice --json show ports | jq -r ".ports[] | select(.name == \"$1\") | .$2"
}
check "the link of the first daemon is up" equal true "$(port in0 up)"
check "the bridge still lists $group4" mdb $group4
check "the first daemon answers" sluice join $group6

port_is() { # NAME KEY VALUE
	equal "$3" "$(port "$1" "$2")"
}
check "no tap is removed" port_is out0 removed false
in_ns net ip link delete sl1
check_within 5 "the deleted tap is removed" port_is out0 removed true
check "the other tap is not" port_is in0 removed false

kill -KILL "${pids[sluiced]}"
stop sluiced KILL || true
sluiced_start
check "a daemon that was killed leaves no lock behind" sluice show groups
done_testing
