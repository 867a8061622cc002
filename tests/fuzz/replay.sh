#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs a fuzz target on its corpus, without libFuzzer.
#
#   usage: tests/fuzz/replay.sh PROGRAM TARGET [ARGUMENT...]    arguments: see fuzz_replay.c
# Checks: SEC-5
set -euo pipefail

# shellcheck source=tests/fuzz/lib.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/lib.sh"
program=$1 target=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/corpus"
fuzz_unpack "$target" "$tmp/corpus"
echo "1..1"
status=0
"$program" "$@" "$tmp/corpus"/* >"$tmp/output" 2>&1 || status=$?
if [ "$status" = 0 ]; then
	echo "ok 1 - $target: $(tail -n 1 "$tmp/output")"
else
	echo "not ok 1 - $target: exit status $status"
	tail -n 40 "$tmp/output" | sed 's/^/# /'
	exit 1
fi
