#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A daemon that is not root (--user) does on taps, packet sockets and AF_XDP what one of root does, under its
# sandbox: it joins on the wire and forwards, reloads, is killed and started again with another port, loses a
# device, and leaves all groups at its end.
# Checks: STA-9 CHG-3 CHG-4
. "$(dirname "$0")/lib.sh"

user=nobody
chown "$user" "$tmp"
chmod 755 "$tmp"
export RUNTIME_DIRECTORY=$tmp # not /run/sluice
bridge_network
with_output() { # GROUP: a membership that goes to the output port
	config <<-END
		outputs:
		  - {name: packager, port: out0}
		memberships:
		  - {interface: tv, group: $1, to: [packager]}
	END
}
with_output $group4 >"$tmp/sluice.yaml"
sluiced_start
daemon_pid() {
	tr -d ' ' <"/proc/${pids[sluiced]}/task/${pids[sluiced]}/children"
}
of_daemon() { # KEY of its status
	awk -v key="$1:" '$1 == key { print $2 }' "/proc/$(daemon_pid)/status"
}
check "the daemon is the user's" equal "$(id -u "$user")" "$(of_daemon Uid)"
check "it has CAP_NET_ADMIN and CAP_NET_RAW, and no other" equal 0000000000003000 "$(of_daemon CapPrm)"
check "it has a seccomp filter" equal 2 "$(of_daemon Seccomp)"
check "it can have no new privileges" equal 1 "$(of_daemon NoNewPrivs)"
bridge_lists $group4

forwards() { # GROUP
	capture "out$1" net sl1 udp
	start "sender$1" tx "$lab/frames.py" send --interface tx0 --count 400 --rate 1000 "group=$1,source=10.9.0.50"
	came() {
		[ "$(frames summary "$tmp/out$1.pcap" | awk -v group="$1" '$1 == group { print $4 }')" = 400 ]
	}
	check_within 10 "400 packets of $1 leave by the output port" came "$1"
	stop "sender$1" || true
	stop "out$1" || true
}
forwards $group4

# ---- A reload
other4=239.1.1.2
with_output $other4 >"$tmp/sluice.yaml"
kill -HUP "${pids[sluiced]}"
check_within 5 "SIGHUP to the parent: the bridge lists $other4" mdb $other4
check_within 5 "the bridge forgets $group4" absent mdb $group4
forwards $other4

# ---- kill -9, and a start with one more port
kill -KILL "$(daemon_pid)"
status=0
wait "${pids[sluiced]}" || status=$?
unset "pids[sluiced]"
check "the parent ends as its daemon, by SIGKILL" equal 137 "$status"
check_within 5 "the taps are gone" absent in_ns net ip link show sl0
in_ns net ip link add pk0 type veth peer name pk1
in_ns net ip link set pk0 up
in_ns net ip link set pk1 up
with_output $group4 >"$tmp/sluice.yaml"
sed -i '/name: out0, device/a\  - {name: in1, device: "net_af_packet0,iface=pk0"}' "$tmp/sluice.yaml"
sed -i '/name: tv, port/a\  - {name: pk, port: in1, addresses: [10.10.0.2/24]}' "$tmp/sluice.yaml"
sluiced_start
check_within 5 "the bridge lists $group4 again" mdb $group4
capture pk net pk1 igmp
check "join on the new port" sluice join 239.5.5.5 --interface pk
announced() {
	membership_messages pk | grep -q "gaddr 239.5.5.5 to_ex"
}
check_within 5 "the report leaves by the packet socket" announced
stop pk || true
forwards $group4

# ---- A device that goes, and is there again after a start
port_removed() {
	equal true "$(sluice --json show ports | jq -r '.ports[] | select(.name == "out0") | .removed')"
}
in_ns net ip link delete sl1
check_within 5 "a deleted tap is shown as removed" port_removed
check "the daemon answers" sluice show groups
capture in tx tx0
flood_to p1
status=0
stop sluiced TERM || status=$?
check "SIGTERM to the parent ends with status 0" equal 0 "$status"
stop in || true
left() {
	[ "$(membership_messages in | grep -c "gaddr $group4 to_in")" = 2 ]
}
check "it has left $group4" left
sluiced_start
forwards $group4
stop sluiced || true

# ---- AF_XDP
cat >"$tmp/xdp.yaml" <<-END
	socket: $socket
	ports:
	  - {name: x0, device: "net_af_xdp0,iface=pk0"}
	interfaces:
	  - {name: tv, port: x0, addresses: [10.10.0.2/24]}
	memberships:
	  - {group: 239.6.6.6}
END
capture xdp net pk1 igmp
start sluiced net "$build/ctrl/sluiced" --user "$user" --config "$tmp/xdp.yaml"
need 60 "AF_XDP: sluiced is ready" ready
xdp_announced() {
	membership_messages xdp | grep -q "gaddr 239.6.6.6 to_ex"
}
check_within 5 "a report leaves by AF_XDP" xdp_announced
check "the daemon has what AF_XDP needs in addition" equal 0000008000207000 "$(of_daemon CapPrm)"
status=0
stop sluiced TERM || status=$?
check "AF_XDP: SIGTERM ends with status 0" equal 0 "$status"
stop xdp || true
# libxdp may leave its program on the interface: its lock is in a folder of root.
start sluiced net "$build/ctrl/sluiced" --user "$user" --config "$tmp/xdp.yaml"
check_within 60 "AF_XDP: sluiced starts again" ready
stop sluiced || true

# ---- A PCI device, in a mount namespace that shows one bound to vfio-pci
cat >"$tmp/pci.yaml" <<-END
	socket: $socket
	eal: ["--no-huge", "--no-shconf", "--no-telemetry", "-m", "160"]
	ports:
	  - {name: nic, device: "0000:7e:00.0"}
	interfaces:
	  - {name: tv, port: nic, addresses: [10.10.0.2/24]}
END
cat >"$tmp/pci.sh" <<-END
	mount -t tmpfs none /sys/bus/pci/devices
	mkdir -p /sys/bus/pci/devices/0000:7e:00.0
	ln -s /kernel/iommu_groups/77 /sys/bus/pci/devices/0000:7e:00.0/iommu_group
	mkdir "$tmp/dev"
	mount -t tmpfs -o mode=755 none "$tmp/dev"
	cp -a /dev/null /dev/zero /dev/random /dev/urandom "$tmp/dev"
	mkdir "$tmp/dev/vfio" "$tmp/dev/shm"
	(umask 077 && : >"$tmp/dev/vfio/77")
	mount --bind "$tmp/dev" /dev
	exec "$build/ctrl/sluiced" --user $user --config "$tmp/pci.yaml"
END
pci_says() {
	timeout 30 unshare --mount sh -e "$tmp/pci.sh" >"$tmp/pci.said" 2>&1 || true
	grep "$1" "$tmp/pci.said" && return
	cat "$tmp/pci.said"
	return 1
}
check "a PCI device without rights: the error names the file of vfio and the user" \
	pci_says "0000:7e:00.0.*cannot open /dev/vfio/77 as user $user: Permission denied"
done_testing
