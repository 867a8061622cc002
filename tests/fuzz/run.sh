#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs each fuzz target for SECONDS, with its corpus, in a separate build (SLUICE_FUZZ_BUILD, default
# build-fuzz). Fails on any finding; the input of a crash stays in the build directory. Inputs that
# reach something new stay there as well, in corpus/TARGET, for the next run and for refresh.sh.
#
#   usage: tests/fuzz/run.sh SECONDS [TARGET...]
# Checks: SEC-5
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/fuzz/lib.sh
source "$here/lib.sh"
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
fuzz_build "$@"

fuzz() { # TARGET
	local target=$1 log=$build/$1.log seeds
	# shellcheck source=tests/fuzz/lib.sh
	source "$here/lib.sh"
	seeds=$(mktemp -d)
	fuzz_unpack "$target" "$seeds"
	mkdir -p "$build/corpus/$target"
	if "$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 \
		-max_len=4096 -print_final_stats=1 -artifact_prefix="$build/$target." \
		"$build/corpus/$target" "$seeds" >"$log" 2>&1; then
		echo "ok - $target for $seconds s:" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
		rm -r "$seeds"
	else
		tail -n 40 "$log" | sed 's/^/# /'
		echo "not ok - $target, see $log"
		rm -r "$seeds"
		return 1
	fi
}

# One target per core. xargs fails if any of them does.
export -f fuzz
export here build seconds
fuzz_targets "$@" | xargs -P "$(nproc)" -I TARGET bash -c 'fuzz TARGET'
