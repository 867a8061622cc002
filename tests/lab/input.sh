#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A mistake in the configuration gives exit status 1 and one line that names the file and the line or key.
# --check reports all mistakes at once, unless the file is not YAML. The exit status of the command is 0,
# 1 (refused), 2 (usage) or 3 (no daemon).
# Checks: API-41 SEC-6
. "$(dirname "$0")/lib.sh"

namespace net

# Runs sluiced on a configuration: $status is its exit status, $tmp/said its standard error.
run() {
	status=0
	timeout 15 ip netns exec "$name-net" "$build/ctrl/sluiced" "$@" >"$tmp/out" 2>"$tmp/said" || status=$?
}
one_line() { # PATTERN...: standard error is one line that matches all of them
	local pattern
	cat "$tmp/said"
	[ "$(wc -l <"$tmp/said")" = 1 ] && [ ! -s "$tmp/out" ] || return 1
	for pattern in "$@"; do
		grep -qe "$pattern" "$tmp/said" || return 1
	done
}
# wrong DESCRIPTION PATTERN: the configuration on standard input is refused with such a line
wrong() {
	config >"$tmp/wrong.yaml"
	run --config "$tmp/wrong.yaml"
	check "$1: exit status 1" equal 1 "$status"
	check "$1: one line names it" one_line wrong.yaml "$2"
	check "$1: nothing is left" absent in_ns net ip link show sl0
}

wrong "an unknown key" ':[0-9].*colour\|colour' <<-END
	colour: blue
END
wrong "a wrong type" 'groups' <<-END
	limits: {groups: many}
END
wrong "a bad address" 'memberships\[0\]' <<-END
	memberships:
	  - {interface: tv, group: 239.1.1}
END
wrong "a group that is not multicast" 'memberships\[0\].*10.1.1.1\|10.1.1.1.*memberships\[0\]' <<-END
	memberships:
	  - {interface: tv, group: 10.1.1.1}
END
wrong "an unknown interface" 'radio' <<-END
	memberships:
	  - {interface: radio, group: $group4}
END
wrong "not YAML" ':[0-9]' <<-END
	outputs: [
END

config >"$tmp/device.yaml" </dev/null
sed -i 's/net_tap0,iface=sl0/net_nothing0/' "$tmp/device.yaml"
run --config "$tmp/device.yaml"
check "an unknown device: exit status 1" equal 1 "$status"
check "an unknown device: a line names it" grep -q net_nothing0 "$tmp/said"

run --config "$tmp/missing.yaml"
check "a missing file: exit status 1" equal 1 "$status"
check "a missing file: one line names it" one_line missing.yaml

config >"$tmp/several.yaml" <<-END
	memberships:
	  - {interface: radio, group: $group4}
	  - {interface: tv, group: 10.1.1.1}
	  - {interface: tv, group: $group4, to: [nobody]}
END
run --check --config "$tmp/several.yaml"
check "--check of three mistakes: exit status 1" equal 1 "$status"
for word in radio 10.1.1.1 nobody; do
	check "--check of three mistakes names $word" grep -q "$word" "$tmp/said"
done
{
	config </dev/null
	echo "lcores: {workers: [$(nproc --all)]}"
	echo "limits: {groups: 1}"
	echo "memberships: [{group: $group4}, {group: \"$group6\"}]"
} >"$tmp/machine.yaml"
run --check --config "$tmp/machine.yaml"
check "--check of an lcore that the machine lacks: exit status 1" equal 1 "$status"
check "--check names the lcore" grep -q "machine.yaml:[0-9]*: lcores.workers.0.: there is no lcore $(nproc --all)" "$tmp/said"
check "--check finds a limit below the memberships" grep -q 'limits.groups: 1 is below the 2 memberships' "$tmp/said"
config >"$tmp/sluice.yaml" </dev/null
run --check --config "$tmp/sluice.yaml"
check "--check of a good file: exit status 0" equal 0 "$status"
check "--check opens no port" absent in_ns net ip link show sl0

# status_of EXPECTED ARGUMENT...
status_of() {
	local expected=$1 actual=0
	shift
	sluice "$@" || actual=$?
	equal "$expected" "$actual"
}
check "sluice without a daemon: exit status 3" status_of 3 show groups
sluiced_start
check "sluice show groups: exit status 0" status_of 0 show groups
check "sluice with an unknown command: exit status 2" status_of 2 frobnicate
check "sluice leave of a group never joined: exit status 1" status_of 1 leave $group4
sluice leave $group4 >/dev/null 2>"$tmp/said" || true
check "the message of a refused leave names the errno" grep -q EADDRNOTAVAIL "$tmp/said"
check "sluice join of a unicast address: exit status 1" status_of 1 join 10.1.1.1
check "sluice join on an unknown interface: exit status 1" status_of 1 join $group4 --interface radio
check "refused commands join nothing" equal '[]' "$(sluice --json show groups | jq -c .groups)"

# A bad file at reload is reported and changes nothing.
sluice join $group4
cp "$tmp/wrong.yaml" "$tmp/sluice.yaml"
kill -HUP "${pids[sluiced]}"
check_within 5 "a bad file at reload is reported" grep -q 'sluice.yaml:[0-9]' "$tmp/sluiced.log"
check "a bad file at reload changes nothing" equal "[\"$group4\"]" "$(sluice --json show groups | jq -c '[.groups[].group]')"

# A FIFO or a device in the file's place does not hold up the daemon.
not_regular() { # NUMBER OF TIMES
	[ "$(grep -c 'sluice.yaml: not a regular file' "$tmp/sluiced.log")" = "$1" ]
}
rm "$tmp/sluice.yaml"
mkfifo "$tmp/sluice.yaml"
kill -HUP "${pids[sluiced]}"
check_within 5 "a FIFO at reload is reported" not_regular 1
ln -sf /dev/zero "$tmp/sluice.yaml"
kill -HUP "${pids[sluiced]}"
check_within 5 "/dev/zero at reload is reported" not_regular 2
check "the daemon still answers" timeout 5 "$build/ctrl/sluice" --socket "$socket" show groups
done_testing
