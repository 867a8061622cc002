#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 400 groups joined in one batch are split into reports no longer than the MTU, and the bridge lists all
# of them; they are left the same way. Meanwhile the output port sends iperf's packets with a tag.
# Checks: CHG-13 CHG-16 API-42
. "$(dirname "$0")/lib.sh"

groups=400
bridge_network mcast_hash_max 4096
config >"$tmp/sluice.yaml" <<-END
	outputs:
	  - {name: packager, port: out0, vlan: 30}
	memberships:
	  - {interface: tv, group: $group4, to: [packager]}
END
sluiced_start

batch() { # METHOD FIRST [PARAMS]
	frames batch "$1" "$2" "$groups" --params "{\"session\": \"many\"${3:-}}" |
		frames client "$socket" >"$tmp/answer"
	[ "$(jq '[.[] | select(has("result"))] | length' "$tmp/answer")" = "$groups" ] && return
	head -c 1000 "$tmp/answer"
	return 1
}
listed() { # PREFIX COUNT
	equal "$2" "$(in_ns net bridge -j mdb show | jq "[.[0].mdb[]? | select(.port == \"sl0\" and
		(.grp | startswith(\"$1\"))).grp] | unique | length")"
}

# The report of the configured group is repeated within a second. That record must not share a frame with
# those of the batch, which would need one more frame then.
sleep 1.5
capture in net sl0
need 1 "a batch joins $groups IPv4 groups" batch group.join 239.100.0.0
check_within 1 "the bridge lists all $groups IPv4 groups within a second" listed 239.100. $groups
check "a batch joins $groups IPv6 groups" batch group.join ff15::100:0
check_within 1 "the bridge lists all $groups IPv6 groups within a second" listed ff15::100: $groups

capture sent net p1 udp
capture out net sl1 udp
check "iperf sends 10 Mbit/s for a second" in_ns tx iperf -c $group4 -u -b 10M -l 1316 -t 1 -T 4
stop sent || true
counted() { # CAPTURE VLAN
	frames summary "$tmp/$1.pcap" | awk -v group="$group4" -v vlan="$2" \
		'$1 == group && $3 == vlan { n += $4 } END { print n + 0 }'
}
sent=$(counted sent 0)
came() {
	equal "$sent" "$(counted out 30)"
}
check "iperf sends at least 900 datagrams" test "$sent" -ge 900
check_within 5 "all $sent datagrams leave with VLAN 30" came
stop out || true

check "a batch leaves the IPv4 groups" batch group.leave 239.100.0.0
check_within 4 "the bridge forgets the IPv4 groups" listed 239.100. 0
check "closing the session leaves the IPv6 groups" test "$(
	echo '{"jsonrpc":"2.0","id":1,"method":"session.close","params":{"session":"many"}}' |
		frames client "$socket" | jq 'has("result")'
)" = true
check_within 4 "the bridge forgets the IPv6 groups" listed ff15::100: 0
stop in || true
lengths=$(membership_messages in | grep -oE '(length|payload length:) [0-9]+' | grep -oE '[0-9]+' | sort -n | tail -n 1)
check "no report is longer than the MTU" test "${lengths:-9999}" -le 1500
# 183 records fill an Ethernet frame. The groups of one report are repeated in one report.
check "the first reports of the join are full, and so are their repeats" equal 4 \
	"$(membership_messages in | grep -cE '183 group record.s. \[gaddr 239\.100\.[0-9.]+ to_ex')"
done_testing
