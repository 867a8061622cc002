#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The suites of what several threads use at once under ThreadSanitizer, one case of TAP per program, with
# tests/criterion/ in the place of Criterion. A program fails if one of its tests does, or if ThreadSanitizer
# reports a race that tsan.supp does not explain.
#
#   usage: tests/tsan.sh [SECONDS]     of the stress test of the library's promises, default 60
set -eu
cd "$(dirname "$0")/.."
build='build-tsan'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
programs='dataplane/port/memif_race dataplane/port/memif_server dataplane/port/memif_socket
dataplane/port/memif_writer dataplane/port/share ctrl/client/memif_reader ctrl/library/remote_frames
dataplane/table/group_growth dataplane/table/group_table_race dataplane/table/reclaim
dataplane/port/interface_map dataplane/port/output dataplane/port/removal dataplane/port/transmit
dataplane/path/hook dataplane/path/load dataplane/path/punt dataplane/path/stall dataplane/path/worker_source
ctrl/client/events ctrl/library/async ctrl/library/mailbox ctrl/library/stress'
[ -f $build/build.ninja ] || meson setup $build -Db_sanitize=thread
targets=
for program in $programs; do
	targets="$targets tests/${program}_test"
done
# shellcheck disable=SC2086 # targets are words
ninja -C $build $targets

export SLUICE_STRESS_SECONDS="${1:-60}"
# DPDK's libraries order the use of their memory by locks that ThreadSanitizer does not see.
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp history_size=7 ignore_noninstrumented_modules=1"
status=0
n=0
echo "1..$(echo "$programs" | wc -w)"
for program in $programs; do
	n=$((n + 1))
	result=ok
	$build/tests/"${program}"_test >"$log" 2>&1 || result='not ok'
	if [ "$result" = 'not ok' ]; then
		sed "s/^/# /" "$log"
		status=1
	fi
	echo "$result $n - $program under ThreadSanitizer"
done
exit $status
