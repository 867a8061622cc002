#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# igmp/ sends what the kernel sends: the same joins, leaves, filters and queries go to kernel sockets on a
# veth and to a host of igmp/ in virtual time, and the records of each step are compared as sets. Each
# allowed difference names the departure of Linux that causes it (LNX); any other difference fails.
# Checks: CHG-1 CHG-2 CHG-3 CHG-4 CHG-5 CHG-6 CHG-7 CHG-8 CHG-10 CHG-11 CHG-12 CHG-13 CHG-14 CHG-15
# Checks: STA-4 STA-5 RSP-4 RSP-6 RSP-7 RSP-10 CMP-3 CMP-7 CMP-8 VAL-1 VAL-3 VAL-4 VAL-12 VAL-13
# Checks: LNX-4 LNX-6 LNX-9 LNX-11 LNX-15 LNX-20 LNX-25 LNX-45
#
#   kernel sockets - h0 10.77.0.1 --- veth --- r0 (queries, capture)     one pair per case
#   igmp/          - kernel_driver, in virtual time
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

driver=$build/tests/router/kernel_driver
[ -x "$driver" ] || skip "$driver is not built"

namespace kernel
in_ns kernel sysctl -qw net.ipv4.igmp_max_memberships=1000 net.ipv4.igmp_max_msf=512
# Long filters need room in the socket; older kernels have no such limit in a namespace.
in_ns kernel sysctl -qw net.core.optmem_max=1048576 2>/dev/null || true

in_ns kernel /usr/bin/python3 -B "$lab/kernel_diff.py" "$driver"
