#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The stress test of the library's promises under ThreadSanitizer, one case of TAP. Builds only that test.
# Exit status 1 if ThreadSanitizer reports a race that tsan.supp does not explain, or if the test fails.
#
#   usage: tests/tsan.sh [SECONDS]     default 60
set -eu
cd "$(dirname "$0")/.."
build='build-tsan'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ -f $build/build.ninja ] || meson setup $build -Db_sanitize=thread
ninja -C $build tests/ctrl/library/stress_test

export SLUICE_STRESS_SECONDS="${1:-60}"
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp history_size=7"
# Criterion maps memory at a random address, which often belongs to ThreadSanitizer. Then the program
# ends before the test begins, and is started again.
for _ in $(seq 100); do
	status=0
	$build/tests/ctrl/library/stress_test --verbose >"$log" 2>&1 || status=$?
	if grep -q 'RUN.*stress::random' "$log"; then
		cat "$log"
		if [ "$status" = 0 ] && ! grep -q 'WARNING: ThreadSanitizer' "$log"; then
			echo "ok 1 - stress::random under ThreadSanitizer"
			exit 0
		fi
		echo "not ok 1 - stress::random under ThreadSanitizer"
		exit 1
	fi
done
cat "$log"
echo "not ok 1 - stress::random under ThreadSanitizer: the test does not start"
exit 1
