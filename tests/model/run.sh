#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Searches all interleavings of the model of the group table for errors, then the interleavings of each
# wrong writer, where it must find an error.
set -eu

model=$(cd "$(dirname "$0")" && pwd)/table.pml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Prints the number of errors.
search() {
	spin "$@" -a "$model" >log 2>&1 || { cat log >&2; exit 1; }
	${CC:-cc} -O2 -w -DSAFETY -o pan pan.c
	./pan -m1000000 >log 2>&1 || { cat log >&2; exit 1; }
	! grep -q 'search depth too small' log || { cat log >&2; exit 1; }
	sed -n 's/.*errors: \([0-9]*\)$/\1/p' log
}

status=0
echo 1..4
if [ "$(search)" = 0 ]; then
	echo "ok 1 - promise 6: a lookup never misses a group that stays"
else
	echo "not ok 1 - promise 6: a lookup never misses a group that stays"
	status=1
fi
n=1
for wrong in REACH_TOO_LOW PUBLISH_EARLY FREE_EARLY; do
	n=$((n + 1))
	if [ "$(search -D$wrong)" -gt 0 ]; then
		echo "ok $n - $wrong is detected"
	else
		echo "not ok $n - $wrong is detected"
		status=1
	fi
done
exit $status
