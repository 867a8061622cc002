#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# FRR's pimd, an IGMPv3 querier on a router, learns what Sluice joins and forgets what it leaves.
#
#   net namespace:  pimd, 10.9.0.1 on sl0 [tap] sluiced
#
# Checks: CHG-3 CHG-4 CHG-5 RSP-4
. "$(dirname "$0")/lib.sh"

frr=/usr/lib/frr
[ -x $frr/pimd ] || skip "frr is not installed"

script_cleanup() {
	rm -rf "/etc/frr/$name" "/var/run/frr/$name"
}

namespace net
config >"$tmp/sluice.yaml" </dev/null
sluiced_start
in_ns net ip link set sl0 up
addresses net sl0 10.9.0.1/24

install -d -o frr -g frr "/etc/frr/$name" "/var/run/frr/$name"
start zebra net $frr/zebra -N "$name"
start pimd net $frr/pimd -N "$name"

router() { # COMMAND...
	local command arguments=()
	for command in "$@"; do
		arguments+=(-c "$command")
	done
	in_ns net vtysh -N "$name" "${arguments[@]}" 2>/dev/null
}
lists() { # GROUP SOURCE
	router 'show ip igmp sources' | tee "$tmp/sources" | grep -E "$1 +$2 " && return
	cat "$tmp/sources"
	return 1
}
querying() {
	router 'show ip igmp interface' | tee "$tmp/interfaces" | grep -E 'sl0 +up +10.9.0.1 +3' && return
	cat "$tmp/interfaces"
	return 1
}
knows() { # DEVICE
	router 'show interface brief' | grep -q "^$1 "
}
need 15 "zebra knows sl0" knows sl0
# The response time comes first: pimd requires that it is shorter than the interval.
need 15 "pimd takes its configuration" router 'configure terminal' 'interface sl0' 'ip igmp' \
	'ip igmp query-max-response-time 10' 'ip igmp query-interval 2' 'ip igmp last-member-query-interval 5'
need 15 "pimd is the IGMPv3 querier on sl0" querying

check "sluice join $group4" sluice join $group4
check_within 2 "pimd lists $group4 from any source" lists $group4 '\*'
check "sluice join $ssm4 from one source" sluice join $ssm4 --source 10.9.0.50
check_within 2 "pimd lists $ssm4 from that source" lists $ssm4 10.9.0.50
check "sluice leave $group4" sluice leave $group4
check_within 10 "pimd forgets $group4" absent lists $group4 '\*'
check "pimd keeps $ssm4" lists $ssm4 10.9.0.50
check "sluice leave $ssm4" sluice leave $ssm4 --source 10.9.0.50
check_within 10 "pimd forgets $ssm4" absent lists $ssm4 10.9.0.50
done_testing
