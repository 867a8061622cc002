#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGHUP applies a changed configuration without touching what stays: the stream of a group that stays
# loses no packet, and the group is neither left nor joined again on the wire.
# Checks: STA-9 CHG-3 CHG-4
. "$(dirname "$0")/lib.sh"

bridge_network
stays=239.1.1.1 goes=239.1.1.2 comes=239.1.1.3
configured() { # GROUP
	config >"$tmp/sluice.yaml" <<-END
		outputs:
		  - {name: packager, port: out0}
		memberships:
		  - {interface: tv, group: $stays, to: [packager]}
		  - {interface: tv, group: $1, to: [packager]}
	END
}
configured $goes
sluiced_start
flood_to sl0
check_within 2 "the bridge lists $stays" mdb $stays
check_within 2 "the bridge lists $goes" mdb $goes
check "sluice join 239.1.1.4" sluice join 239.1.1.4
check_within 2 "the bridge lists 239.1.1.4" mdb 239.1.1.4
# The second and last copy of a report follows within a second of the first (CHG-7).
sleep 1.5

capture in net sl0 igmp
capture out net sl1 udp
start sender tx "$lab/frames.py" send --interface tx0 --count 6000 --rate 2000 "group=$stays,source=10.9.0.50"
came() { # COUNT
	[ "$(frames summary "$tmp/out.pcap" | awk -v group="$stays" '$1 == group { print $4 }')" -ge "$1" ]
}
check_within 5 "the stream of $stays runs" came 500
configured $comes
kill -HUP "${pids[sluiced]}"
check_within 2 "the bridge lists $comes after the reload" mdb $comes
check_within 4 "the bridge forgets $goes" absent mdb $goes
check "the bridge keeps $stays" mdb $stays
check "the bridge keeps 239.1.1.4, which the command joined" mdb 239.1.1.4
wait_for 10 ended "${pids[sender]}"
stop sender || true
check_within 5 "the output port sends all 6000 packets of $stays" came 6000
stop out || true
stop in || true
changes() {
	membership_messages in | grep -oE "gaddr ($stays|239.1.1.4) to_(in|ex)"
}
check "no report tells a change of $stays or 239.1.1.4" absent changes

# The limit leaves room for one group beside those joined: a refused membership stops no other.
config >"$tmp/sluice.yaml" <<-END
	outputs:
	  - {name: packager, port: out0}
	memberships:
	  - {interface: tv, group: $stays, to: [packager]}
	  - {interface: tv, group: 239.1.1.5}
	  - {interface: tv, group: 239.1.1.6}
	limits: {groups: 3}
END
kill -HUP "${pids[sluiced]}"
check_within 2 "a reload joins what the limit permits" mdb 239.1.1.5
check "the log names the refused membership" grep -q 'reload: memberships\[2\]: 239.1.1.6 on tv: ' "$tmp/sluiced.log"
check "the log counts what was done" grep -q 'reload: +1 -1 memberships, 1 refused, new limits$' "$tmp/sluiced.log"
check "the bridge does not list the refused group" absent mdb 239.1.1.6
check "the bridge keeps $stays after the refusal" mdb $stays
done_testing
