#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Searches all interleavings of a model for errors, then those of each wrong variant of the model, where it
# must find an error: this shows that the model can fail.
#
#   usage: tests/model/run.sh MODEL PROPERTY VARIANT...
#
# A VARIANT is a macro that the model is built with. It is wrong, unless it is written +VARIANT: then it is
# a further correct one. Prints the number of states and the time of each search.
set -eu

model=$(cd "$(dirname "$0")" && pwd)/$1.pml
property=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Sets `errors`, the number of errors, and prints the size of the search.
search() {
	spin "$@" -a "$model" >log 2>&1 || { cat log >&2; exit 1; }
	${CC:-cc} -O1 -w -DSAFETY -o pan pan.c
	./pan -m1000000 >log 2>&1 || { cat log >&2; exit 1; }
	! grep -q 'search depth too small\|out of memory' log || { cat log >&2; exit 1; }
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' log)
	awk '/states, stored/ { states = $1 } /elapsed time/ { seconds = $4 }
		END { print "# " states " states, " seconds " s" }' log
}

n=1
status=0
# result DESCRIPTION TEST...
result() {
	description=$1
	shift
	if "$@"; then
		echo "ok $n - $description"
	else
		echo "not ok $n - $description"
		status=1
	fi
	n=$((n + 1))
}

echo 1..$(($# + 1))
search
result "$property" [ "$errors" = 0 ]
for variant; do
	search "-D${variant#+}"
	case $variant in
	+*) result "$property, with ${variant#+}" [ "$errors" = 0 ] ;;
	*) result "$variant is detected" [ "$errors" -gt 0 ] ;;
	esac
done
exit $status
