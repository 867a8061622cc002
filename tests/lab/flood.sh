#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Floods as fast as the sender can, of groups that nobody joined, of queries, of forged reports and of runts,
# each beside a joined stream. What a worker receives of the stream leaves whole; the flood is dropped with a
# reason; the bridge keeps the groups past its membership interval; turns of the control thread stay short.
# How much of the stream the kernel drops before sluiced, for lack of cycles, is a figure, and so is the longest
# wait of an innocent client. SLUICE_RELIABILITY=1 sends one kind after the other, for longer.
# Checks: SEC-1 SEC-4
. "$(dirname "$0")/lib.sh"

seconds=8 # longer than the membership interval of 6 s, in which the bridge sends six queries
[ "${SLUICE_RELIABILITY:-}" != 1 ] || seconds=20
rate=2000
bridge_network mcast_query_interval 100 mcast_query_response_interval 50 mcast_membership_interval 600 \
	mcast_hash_max 65536
link net a0 net a1
config >"$tmp/sluice.yaml" <<-END
	  - {name: out, port: out1, addresses: [10.9.9.2/24]}
	outputs:
	  - {name: packager, port: out1}
	memberships:
	  - {interface: tv, group: $group4, to: [packager]}
	  - {interface: tv, group: "$group6"}
	  - {interface: tv, group: $ssm4, sources: [10.9.0.50]}
END
sed -i 's|{name: out0,.*|{name: out1, device: "net_af_packet0,iface=a0"}|' "$tmp/sluice.yaml"
sluiced_start
bridge_lists $group4 $group6 $ssm4
flood_to sl0

sum() { # LIST JQ-FILTER
	sluice --json show "$1" | jq "[.$1[] | $2] | add // 0"
}
drops() { # REASON...
	local reasons
	printf -v reasons '.reason == "%s" or ' "$@"
	sum drops "select(${reasons}false) | .count"
}
received() {
	sum groups "select(.group == \"$group4\") | .packets"
}
stats() { # KEY
	echo '{"jsonrpc":"2.0","id":1,"method":"control.stats"}' | frames client "$socket" | jq ".result.$1"
}
leaves_whole() {
	equal "$(received) 0" "$(sum outputs 'select(.name == "packager") | .packets') $(sum outputs 'select(.name == "packager") | .dropped')"
}

# flood KIND REASON...: the reasons for which it is dropped
flood() {
	local kind=$1 before dropped got
	shift
	before=$(received) dropped=$(drops "$@")
	start wait net /usr/bin/python3 "$lab/wait.py" "$socket"
	start stream tx /usr/bin/python3 "$lab/frames.py" send --interface tx0 --rate $rate \
		--count $((rate * (seconds + 1))) group=$group4,source=10.9.0.50
	# Not through the bridge, which would take out broken packets.
	start flood net /usr/bin/python3 "$lab/flood.py" sl0 "$kind" $seconds
	wait_for $((seconds + 30)) ended "${pids[flood]}" || true
	for group in $group4 $group6 $ssm4; do
		check "$kind: the bridge still lists $group" mdb "$group"
	done
	stop flood || true
	wait_for $((seconds + 60)) ended "${pids[stream]}" || true
	stop stream || true
	stop wait || true
	got=$(($(received) - before))
	echo "# figure: flood of $kind: $(cat "$tmp/flood.log") frames/s"
	echo "# figure: frames of the stream lost before sluiced beside a flood of $kind: $((rate * (seconds + 1) - got)) of $((rate * (seconds + 1))) frames"
	echo "# figure: longest wait of an innocent client beside a flood of $kind: $(tail -n 1 "$tmp/wait.log") ms"
	check "$kind: the stream is received" test "$got" -gt $((rate * seconds / 20))
	check_within 5 "$kind: and leaves whole" leaves_whole
	check "$kind: the flood is dropped as $*" test $(($(drops "$@") - dropped)) -gt 1000
}

cut=(truncated bad_length)
all=(not_joined punt_rate punt_full "${cut[@]}")
if [ "${SLUICE_RELIABILITY:-}" = 1 ]; then
	flood unjoined not_joined
	flood queries punt_rate punt_full
	flood reports punt_rate punt_full
	flood runts "${cut[@]}"
else
	flood mixed "${all[@]}"
fi
sluice show drops | sed 's/^/# /'
longest=$(stats turn_cpu_max_us)
echo "# figure: longest turn of the control thread beside floods: $longest us of CPU time"
check "turns of the control thread are short" test "$longest" -lt 20000
check "control answers" sluice join 239.7.7.7 --interface tv
bridge_lists 239.7.7.7
done_testing
