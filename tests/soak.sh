#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs sluiced for hours between a querier, streams and clients, and prints every minute what it holds and
# loses. sluice-load sends streams of 20 groups through the bridge to an output port and to a subscriber by
# memif, while clients join, leave, attach, are killed and ask, and the configuration is reloaded. Exit
# status 1 if a frame is lost, a group is forgotten, or memory, descriptors or mbufs leak.
#
#   usage: tests/soak.sh HOURS    such as 0.1; SOAK_RATE: frames per second (2000)
# Checks: SEC-5
hours=${1:?usage: tests/soak.sh HOURS}
. "$(dirname "$0")/lab/lib.sh"

groups=20
write_configuration() { # FILE LINE...
	local file=$1 i
	shift
	{
		cat <<-END
			socket: $socket
			ports:
			  - {name: in0, device: "net_tap0,iface=sl0"}
			  - {name: out0, device: "net_tap1,iface=sl1"}
			interfaces:
			  - {name: tv, port: in0, addresses: [10.9.0.2/24, "fe80::2/64"]}
			outputs:
			  - {name: packager, port: out0}
			memberships:
		END
		for ((i = 0; i < groups; i++)); do
			echo "  - {interface: tv, group: 239.1.0.$((i + 1)), to: [packager]}"
		done
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$file"
}

bridge_network
write_configuration "$tmp/a.yaml"
write_configuration "$tmp/b.yaml" \
	"  - {interface: tv, group: 239.3.0.1}" \
	"  - {interface: tv, group: 232.3.0.1, sources: [10.9.0.50, 10.9.0.51], to: [packager]}" \
	"  - {interface: tv, group: \"ff1e::3:1\"}"
cp "$tmp/a.yaml" "$tmp/sluice.yaml"
sluiced_start
# Nothing is lost before Sluice while others use the worker's CPU for a while.
in_ns net ip link set sl0 txqueuelen 20000
need 10 "the bridge lists the streams" mdb "239.1.0.$groups"

status=0
/usr/bin/python3 "$lab/soak_clients.py" --socket "$socket" --pid "${pids[sluiced]}" \
	--hours "$hours" --directory "$tmp" \
	--receive "ip netns exec $name-net $build/examples/receive -s $socket" \
	--load "ip netns exec $name-tx nice $build/perf/sluice-load --groups $groups --first 239.1.0.1
		--source 10.9.0.50 --size 590 --rate ${SOAK_RATE:-2000} --seconds 50
		net_af_packet0,iface=tx0" || status=$?
report "$status" "the clients saw no fault"
all_listed() {
	local i
	for ((i = 1; i <= groups; i++)); do
		mdb "239.1.0.$i" || return
	done
}
check "the bridge still lists all $groups streams" all_listed
status=0
stop sluiced || status=$?
check "sluiced ends with status 0" equal 0 "$status"
done_testing
