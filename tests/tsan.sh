#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The stress test of the promises under ThreadSanitizer. Builds only that test. Exit status 1 for a
# race that tsan.supp does not explain, or a broken promise.
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
# Criterion maps memory at an address of chance, which more often than not is ThreadSanitizer's own:
# then it ends before the test begins.
for _ in $(seq 100); do
	status=0
	$build/tests/ctrl/library/stress_test --verbose >"$log" 2>&1 || status=$?
	if grep -q 'RUN.*stress::random' "$log"; then
		cat "$log"
		[ "$status" = 0 ] && ! grep -q 'WARNING: ThreadSanitizer' "$log"
		exit
	fi
done
cat "$log"
echo "the test does not start"
exit 1
