#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The example programs of the native API and of the NASL, CAPL and rdma_cm faces behind the bridge, first
# each with an engine of its own, then as clients of sluiced: what they print, what they send, what the
# bridge learns, and what they do when sluiced dies.
# Checks: API-12 API-41 IGMP-12
. "$(dirname "$0")/lib.sh"

#   a0 10.9.0.2 --- pa - br0 - pb --- b0 10.9.0.3
bridge_network
for node in a b; do
	link net ${node}0 net p$node
	in_ns net ip link set p$node master br0
done
wait_for 10 forwarding pb

# engine DEVICE ADDRESS...: a configuration for an example. The driver's frames must fit into the
# engine's buffers and fill its blocks without a gap.
engine() {
	local device=$1
	shift
	cat <<-END
		ports: [{name: in0, device: "net_af_packet0,iface=$device,blocksz=61440,framesz=1920"}]
		interfaces: [{name: tv, port: in0, addresses: [$(printf '"%s",' "$@")]}]
		protocol: {robustness: 1}
	END
}
engine a0 10.9.0.2/24 fe80::2/64 >"$tmp/a.yaml"
engine b0 10.9.0.3/24 fe80::3/64 >"$tmp/b.yaml"

heard() { # NAME PATTERN: prints the number of matches in a capture
	membership_messages "$1" | grep -oc -- "$2" || true
}
log_has() { # NAME TEXT
	grep -qxF "$2" "$tmp/$1.log"
}
prints() { # EXPECTED COMMAND...
	local expected=$1
	shift
	diff <(echo "$expected") <(in_ns net "$@" 2>&1)
}

# ---- NASL --------------------------------------------------------------------------------------

example() { # GROUP: sets the script of the documentation and its expected output
	script="
		# A group is left when it was left as often as it was joined.
		join_multicast_group(\"$1\"); join_multicast_group('$1');
		leave_multicast_group(\"$1\"); leave_multicast_group(\"$1\");
		leave_multicast_group(\"$1\");"
	expected="join_multicast_group(\"$1\"): 1
join_multicast_group('$1'): 1
leave_multicast_group(\"$1\"): FAKE_CELL
leave_multicast_group(\"$1\"): FAKE_CELL
leave_multicast_group(\"$1\"): NULL, leave_multicast_group: never joined group $1"
}
run_example() { # GROUP
	example "$1"
	capture "nasl-$1" net pa
	check "nasl-multicast runs the example with $1" \
		prints "$expected" "$build/examples/nasl-multicast" -f "$tmp/a.yaml" "$script"
	stop "nasl-$1" INT || true
}
# A query would set the robustness of Sluice to 2, the bridge's, and Sluice would send each report twice.
in_ns net ip link set br0 type bridge mcast_querier 0
run_example $group4
check "the first join is one report" equal 1 "$(heard nasl-$group4 "gaddr $group4 to_ex")"
check "the last leave is one leave" equal 1 "$(heard nasl-$group4 "gaddr $group4 to_in")"
check "no other report names the group" equal 2 "$(heard nasl-$group4 "gaddr $group4")"
in_ns net ip link set br0 type bridge mcast_querier 1
run_example 224.0.0.1
check "no report names 224.0.0.1" equal 0 "$(heard nasl-224.0.0.1 'gaddr 224.0.0.1')"

wrong='join_multicast_group(); join_multicast_group(""); join_multicast_group("host.example");
	join_multicast_group("10.9.0.50"); leave_multicast_group();'
wrong_prints='join_multicast_group(): NULL, join_multicast_group: missing parameter
join_multicast_group(""): NULL, join_multicast_group: invalid parameter '"''"'
join_multicast_group("host.example"): NULL, join_multicast_group: invalid parameter '"'host.example'"'
join_multicast_group("10.9.0.50"): NULL, join_multicast_group: invalid parameter '"'10.9.0.50'"'
leave_multicast_group(): NULL, leave_multicast_group: missing parameter'
check "each wrong parameter has its own error" \
	prints "$wrong_prints" "$build/examples/nasl-multicast" -f "$tmp/a.yaml" "$wrong"

# ---- CAPL and rdma_cm --------------------------------------------------------------------------

listed() { # GROUP
	mdb "$1" pa
}
mckey() { # OPTION...: as the sender
	in_ns net "$build/examples/mckey" -f "$tmp/b.yaml" "$@"
}

capture sender net pb
capture node-wire net pa udp
for group in $group4 $group6; do
	start "node-$group" net "$build/examples/capl-node" -f "$tmp/a.yaml" 1 "$group" 5004 3
	need 10 "capl-node joins $group" log_has "node-$group" joined
	check_within 5 "the bridge lists $group for capl-node" listed "$group"
	check "mckey sends to $group" mckey -m "$group" -p 5004 -s -C 3
	for i in 1 2 3; do
		check_within 5 "capl-node shows message $i of $group" \
			grep -q "port 0: message $i\$" "$tmp/node-$group.log"
	done
	check_within 10 "capl-node of $group ends" ended "${pids[node-$group]}"
	check "capl-node of $group ends with status 0" wait "${pids[node-$group]}"
	check_within 5 "capl-node has left $group" absent listed "$group"
done
stop node-wire INT || true
check "capl-node's own greetings are on the wire" \
	equal 2 "$(tcpdump -n -A -r "$tmp/node-wire.pcap" 2>/dev/null | grep -c Hello)"

start receiver net "$build/examples/mckey" -f "$tmp/a.yaml" -m $group4 -b 10.9.0.2 -C 3
need 10 "mckey joins $group4" log_has receiver "RDMA_CM_EVENT_MULTICAST_JOIN, status 0"
check_within 5 "the bridge lists $group4 for mckey" listed $group4
check "another mckey sends to $group4" mckey -m $group4 -s -C 3
check_within 5 "mckey receives message 3" log_has receiver "message 3"
check_within 10 "mckey ends" ended "${pids[receiver]}"
check "mckey ends with status 0" wait "${pids[receiver]}"
check_within 5 "mckey has left $group4" absent listed $group4
stop sender INT || true
check "send-only members send no report" equal 0 "$(heard sender gaddr)"

# ---- The native API ----------------------------------------------------------------------------

receives() { # PROCESS BRIDGE-PORT OPTION...
	local process=$1 port=$2
	shift 2
	start "$process" net "$build/examples/receive" "$@" -n 3 239.1.1.5
	check_within 10 "the bridge lists the group of receive ($process)" mdb 239.1.1.5 "$port"
	check "mckey sends to receive ($process)" mckey -m 239.1.1.5 -p 5004 -s -C 3
	check_within 10 "receive ($process) ends after three datagrams" ended "${pids[$process]}"
	check "receive ($process) ends with status 0" wait "${pids[$process]}"
	check "receive ($process) shows the three datagrams" \
		equal 3 "$(grep -cx '10.9.0.3 port 5004: 9 bytes' "$tmp/$process.log")"
	check_within 5 "receive ($process) has left its group" absent mdb 239.1.1.5 "$port"
}
receives own pa -c "$tmp/a.yaml"

# ---- The same programs as clients of sluiced ---------------------------------------------------

export SLUICE_SOCKET=$socket
config >"$tmp/sluice.yaml" <<<"protocol: {robustness: 1}"
in_ns net ip link set br0 type bridge mcast_querier 0
sluiced_start
example $group4
capture client net sl0
check "nasl-multicast runs the example on sluiced" \
	prints "$expected" "$build/examples/nasl-multicast" "$script"
check "mckey sends through sluiced" in_ns net "$build/examples/mckey" -m 239.1.1.3 -s -C 3
stop client INT || true
check "the first join through sluiced is one report" equal 1 "$(heard client "gaddr $group4 to_ex")"
check "the last leave through sluiced is one leave" equal 1 "$(heard client "gaddr $group4 to_in")"
check "the three messages are on the wire" \
	equal 3 "$(tcpdump -n -A -r "$tmp/client.pcap" 2>/dev/null | grep -c 'message [123]')"
in_ns net ip link set br0 type bridge mcast_querier 1

start joined net "$build/examples/mckey" -m 239.1.1.4 -b 10.9.0.2
need 10 "mckey joins through sluiced" log_has joined "RDMA_CM_EVENT_MULTICAST_JOIN, status 0"
check_within 5 "the bridge lists the group of mckey" mdb 239.1.1.4 sl0
stop joined KILL || true
check_within 5 "the bridge forgets the group when mckey is killed" absent mdb 239.1.1.4 sl0
receives served sl0 -s "$socket"

# ---- The death of sluiced ----------------------------------------------------------------------

start orphan-receive net "$build/examples/receive" -s "$socket" 239.1.1.6
start orphan-mckey net "$build/examples/mckey" -m 239.1.1.7 -b 10.9.0.2
start orphan-node net "$build/examples/capl-node" 1 239.1.1.8 5004 1
for group in 239.1.1.6 239.1.1.7 239.1.1.8; do
	need 10 "the bridge lists $group" mdb $group sl0
done
stop sluiced KILL || true
said() { # NAME TEXT
	grep -qF "$2" "$tmp/$1.log"
}
fails() { # NAME
	! wait "${pids[$1]}"
}
for client in receive mckey node; do
	check_within 10 "$client ends when sluiced is killed" ended "${pids[orphan-$client]}"
	check "$client ends with an error" fails "orphan-$client"
done
check "receive prints the reason" said orphan-receive "the group is lost: Broken pipe"
check "mckey prints the reason" said orphan-mckey "RDMA_CM_EVENT_MULTICAST_ERROR, status -32"
check "capl-node prints the reason" said orphan-node "the group is lost"
done_testing
