# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Shared by the lab scripts: namespaces, processes, the bridge querier, sluiced, and checks in TAP.
# A script sources this file, builds its network, calls check() for each claim and ends with done_testing.
# However it ends, its namespaces, processes and files are removed. This is the network of
# bridge_network(); a script with another network has its own drawing.
#
#   tx namespace                      net namespace
#   tx0 10.9.0.50, .51 --- veth --- p1 - br0 10.9.0.1 - sl0 [tap] sluiced [tap] sl1
#   (senders)                            (querier)                            (receiver)
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${SLUICE_BUILD:-$lab/../../build}
name=sl-$$
user= # sluiced_start
# shellcheck disable=SC2034 # the scripts use these
group4=239.1.1.1 group6=ff15::1:1 ssm4=232.1.1.1 ssm6=ff35::8000:1

skip() { # REASON
	echo "1..0 # SKIP $*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
[ -c /dev/net/tun ] || skip "no /dev/net/tun"
unshare --net --mount true 2>/dev/null || skip "network namespaces are not available"

tmp=$(mktemp -d "/tmp/$name.XXXXXX")
socket=$tmp/sluice.sock
declare -A pids=()
namespaces=()
cases=0
failures=0
finished=

# ---- Life ------------------------------------------------------------------------------------

cleanup() {
	local status=$? pid ns
	trap - EXIT
	trap '' INT TERM HUP
	if [ "$status" != 0 ] && [ "$status" != 77 ] && [ ! "$finished" ]; then
		echo "# ended with status $status before its end"
		show_logs
	fi
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${pids[@]}"; do
		wait_for 5 ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	if declare -F script_cleanup >/dev/null; then
		script_cleanup || true
	fi
	for ns in "${namespaces[@]}"; do
		ip netns delete "$ns" 2>/dev/null || true
	done
	if [ "${LAB_KEEP:-}" ]; then
		echo "# logs and captures are in $tmp"
	else
		rm -rf "$tmp"
	fi
	exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

ended() { # PID
	local state
	# A zombie has ended: only its parent has not waited for it yet.
	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
	[ "$state" = Z ]
}

# start NAME NS COMMAND...: runs it in the background, output to $tmp/NAME.log.
start() {
	local process=$1 ns=$name-$2
	shift 2
	: >"$tmp/$process.log"
	# Not through in_ns: $! must be the command itself, which `ip netns exec` becomes.
	ip netns exec "$ns" "$@" >"$tmp/$process.log" 2>&1 <"${input:-/dev/null}" &
	pids[$process]=$!
}

# Like start, for a process that reads the lines of tell().
start_listening() { # NAME NS COMMAND...
	mkfifo "$tmp/$1.in"
	exec 3<>"$tmp/$1.in"
	input=$tmp/$1.in start "$@"
}

tell() { # LINE
	echo "$1" >&3
}

# stop NAME [SIGNAL]: waits for its end and returns its exit status.
stop() {
	local pid=${pids[$1]} status=0
	unset "pids[$1]"
	kill "-${2:-TERM}" "$pid" 2>/dev/null || true
	if [ "${2:-}" != KILL ] && ! wait_for 10 ended "$pid"; then
		echo "# $1 did not end on SIG${2:-TERM} within 10 s"
		kill -KILL "$pid"
	fi
	wait "$pid" 2>/dev/null || status=$?
	return "$status"
}

# ---- Checks ----------------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: runs it again and again until it succeeds; returns 1 after that time.
wait_for() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

report() { # STATUS DESCRIPTION [FILE that a failure shows]
	cases=$((cases + 1))
	if [ "$1" = 0 ]; then
		echo "ok $cases - $2"
	else
		failures=$((failures + 1))
		echo "not ok $cases - $2"
		sed 's/^/# /' "${3:-/dev/null}" | tail -n 20
	fi
}

# check DESCRIPTION COMMAND...: the claim holds now. A failure shows the output of COMMAND.
check() {
	local description=$1 status=0
	shift
	"$@" >"$tmp/seen" 2>&1 || status=$?
	report "$status" "$description" "$tmp/seen"
}

# check_within SECONDS DESCRIPTION COMMAND...: the claim comes true within that time.
check_within() {
	local seconds=$1 description=$2 status=0
	shift 2
	wait_for "$seconds" seen "$@" || status=$?
	report "$status" "$description" "$tmp/seen"
}

seen() {
	"$@" >"$tmp/seen" 2>&1
}

absent() { # COMMAND...: fails where COMMAND succeeds; shows its output
	! "$@"
}

equal() { # EXPECTED ACTUAL
	[ "$1" = "$2" ] && return
	printf 'expected: %s\nseen:     %s\n' "$1" "$2"
	return 1
}

# A step that the rest of the script depends on: the script ends here when it fails.
need() { # SECONDS DESCRIPTION COMMAND...
	local before=$failures
	check_within "$@"
	[ "$failures" = "$before" ] || done_testing
}

done_testing() {
	if [ -f "$tmp/sluiced.log" ]; then
		check "the sandbox refused no system call" absent grep 'sandbox: ' "$tmp/sluiced.log"
	fi
	finished=1
	echo "1..$cases"
	[ "$failures" = 0 ] || {
		show_logs
		exit 1
	}
	exit 0
}

show_logs() {
	local log
	for log in "$tmp"/*.log; do
		[ -s "$log" ] || continue
		echo "# --- $(basename "$log")"
		tail -n 15 "$log" | sed 's/^/# /'
	done
}

# ---- Network ---------------------------------------------------------------------------------

namespace() { # NAME
	ip netns add "$name-$1"
	namespaces+=("$name-$1")
	# The kernel's own memberships and link-local addresses would disturb the captures.
	in_ns "$1" sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0
	in_ns "$1" ip link set lo up
}

in_ns() { # NAME COMMAND...
	local ns=$name-$1
	shift
	ip netns exec "$ns" "$@"
}

# link NS DEVICE NS DEVICE: a veth pair, both ends up.
link() {
	ip link add "$2" netns "$name-$1" type veth peer name "$4" netns "$name-$3"
	in_ns "$1" ip link set "$2" up
	in_ns "$3" ip link set "$4" up
}

addresses() { # NS DEVICE ADDRESS...
	local ns=$1 device=$2 address
	shift 2
	in_ns "$ns" sysctl -qw "net.ipv6.conf.$device.disable_ipv6=0" \
		"net.ipv6.conf.$device.accept_dad=0"
	for address in "$@"; do
		in_ns "$ns" ip address add "$address" dev "$device"
	done
}

# The bridge of the drawing above: a snooping IGMPv3 and MLDv2 querier with short timers (in
# hundredths of a second). An option given here overrides one below.
bridge_network() { # [BRIDGE OPTION...]
	namespace net
	namespace tx
	in_ns net ip link add br0 type bridge stp_state 0 mcast_snooping 1 mcast_querier 1 \
		mcast_igmp_version 3 mcast_mld_version 2 mcast_query_use_ifaddr 1 \
		mcast_startup_query_interval 100 mcast_query_interval 500 \
		mcast_query_response_interval 100 mcast_last_member_interval 50 \
		mcast_membership_interval 1200 "$@"
	in_ns net ip link set br0 up
	addresses net br0 10.9.0.1/24 fe80::1/64
	link tx tx0 net p1
	addresses tx tx0 10.9.0.50/24 10.9.0.51/24 fe80::50/64
	in_ns tx ip route add 224.0.0.0/4 dev tx0
	in_ns net ip link set p1 master br0
}

# Makes a tap of sluiced a port of the bridge.
bridge_port() { # DEVICE
	wait_for 10 in_ns net ip link show "$1" >/dev/null 2>&1
	in_ns net ip link set "$1" master br0 up
	wait_for 10 forwarding "$1"
}

forwarding() { # DEVICE
	in_ns net bridge -j link show dev "$1" | jq -e '.[0].state == "forwarding"' >/dev/null
}

# Makes it a router port, which gets all multicast: then only Sluice filters.
flood_to() { # DEVICE
	in_ns net bridge link set dev "$1" mcast_router 2
}

# Prints the entries of a group in the bridge's table, one JSON object per line; fails if there is none.
mdb() { # GROUP [PORT]
	in_ns net bridge -j -d mdb show |
		jq -ce --arg group "$1" --arg port "${2:-sl0}" \
			'.[0].mdb[]? | select(.grp == $group and .port == $port)'
}

mdb_where() { # GROUP JQ-CONDITION: an entry of the group satisfies the condition
	mdb "$1" | tee "$tmp/mdb" | jq -es "any(.[]; $2)" >/dev/null && return
	echo "entries of $1 in the bridge's table:"
	cat "$tmp/mdb"
	return 1
}

bridge_lists() { # GROUP...
	local group
	for group in "$@"; do
		check_within 2 "the bridge lists $group" mdb "$group"
	done
}

# ---- sluiced ---------------------------------------------------------------------------------

# Prints the configuration that most scripts use; standard input is appended to it.
config() {
	cat <<-END
		socket: $socket
		ports:
		  - {name: in0, device: "net_tap0,iface=sl0"}
		  - {name: out0, device: "net_tap1,iface=sl1"}
		interfaces:
		  - {name: tv, port: in0, addresses: [10.9.0.2/24, "fe80::2/64"]}
	END
	cat
}

# The same with memberships of three kinds: IPv4, IPv6, and source-specific.
config_of_three() {
	config <<-END
		memberships:
		  - {interface: tv, group: $group4}
		  - {interface: tv, group: "$group6"}
		  - {interface: tv, group: $ssm4, sources: [10.9.0.50]}
	END
}

# sluiced_start [CONFIG]: returns when sluiced is ready and, if there is a bridge, sl0 is a port of it.
# A script that sets `user` has it run as that user, below a root parent.
sluiced_start() {
	start sluiced net "$build/ctrl/sluiced" ${user:+--user "$user"} --config "${1:-$tmp/sluice.yaml}"
	if ! wait_for 60 ready; then
		report 1 "sluiced is ready" "$tmp/sluiced.log"
		done_testing
	fi
	if in_ns net ip link show br0 >/dev/null 2>&1; then
		bridge_port sl0
	fi
	if in_ns net ip link show sl1 >/dev/null 2>&1; then
		in_ns net ip link set sl1 up
	fi
}

ready() {
	grep -qx ready "$tmp/sluiced.log"
}

sluice() {
	"$build/ctrl/sluice" --socket "$socket" "$@"
}

# ---- Captures --------------------------------------------------------------------------------

# capture NAME NS DEVICE [FILTER...]: into $tmp/NAME.pcap. Returns when the capture runs.
capture() {
	local process=$1 ns=$2 device=$3
	shift 3
	start "$process" "$ns" tcpdump --immediate-mode -U -n -p -Z root -B 65536 -s 0 \
		-i "$device" -Q in -w "$tmp/$process.pcap" "$@"
	wait_for 10 grep -q 'listening on' "$tmp/$process.log"
}

# Prints the IGMP and MLD messages of a capture, as tcpdump does.
membership_messages() { # NAME
	tcpdump -n -v -r "$tmp/$1.pcap" 'igmp or (ip6 and ip6[6] == 0)' 2>/dev/null
}

frames() {
	/usr/bin/python3 "$lab/frames.py" "$@"
}
