#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The stress tests of the lock-free parts in a build with random delays before each atomic operation
# (tests/race_delay.h), one case of TAP per program. Each program runs again and again.
#
#   usage: tests/race_delays.sh [SECONDS]     of each program, default 10; a run that began is finished
set -eu
cd "$(dirname "$0")/.."
build='build-race-delays'
seconds=${1:-10}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
programs='dataplane/table/group_table_race dataplane/table/reclaim dataplane/port/interface_map
dataplane/port/output dataplane/port/memif_race dataplane/port/memif_writer dataplane/port/share
dataplane/path/hook dataplane/path/load dataplane/path/worker_source ctrl/client/memif_reader
ctrl/library/stress'
[ -f $build/build.ninja ] || meson setup $build -Drace_delays=true
targets=
for program in $programs; do
	targets="$targets tests/${program}_test"
done
# shellcheck disable=SC2086 # targets are words
ninja -C $build $targets

export SLUICE_STRESS_SECONDS="$seconds"
status=0
n=0
echo "1..$(echo "$programs" | wc -w)"
for program in $programs; do
	n=$((n + 1))
	end=$(($(date +%s) + seconds))
	runs=0
	result=ok
	while [ "$result" = ok ] && { [ $runs = 0 ] || [ "$(date +%s)" -lt $end ]; }; do
		runs=$((runs + 1))
		$build/tests/"${program}"_test >"$log" 2>&1 || result='not ok'
	done
	if [ "$result" = 'not ok' ]; then
		cat "$log"
		status=1
	fi
	echo "$result $n - $program with delays before atomic operations"
	echo "# $runs runs"
done
exit $status
