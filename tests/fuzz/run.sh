#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs each fuzz target for SECONDS, with its corpus, in a separate build (SLUICE_FUZZ_BUILD, default
# build-fuzz). Fails on any finding; the input of a crash stays in the build directory.
#
#   usage: tests/fuzz/run.sh SECONDS [TARGET...]
# Checks: SEC-5
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${SLUICE_FUZZ_BUILD:-$root/build-fuzz}
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift

if [ ! -d "$build" ]; then
	CC=clang meson setup "$build" "$root" -Dfuzz=true -Dperf=false \
		-Db_sanitize=address,undefined -Db_lundef=false \
		-Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=all' >/dev/null
fi
if [ $# = 0 ]; then
	mapfile -t targets < <(cd "$root/tests/fuzz/corpus" && ls -d fuzz_*)
	set -- "${targets[@]}"
fi
ninja --quiet -j2 -C "$build" "${@/#/tests/fuzz/}"

fuzz() { # TARGET
	local target=$1 work
	work=$(mktemp -d "$build/$target.XXXXXX")
	if "$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
		-max_len=4096 -print_final_stats=1 -artifact_prefix="$work/" "$work" \
		"$root/tests/fuzz/corpus/$target" >"$work.log" 2>&1; then
		echo "ok - $target for $seconds s:" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$work.log") runs"
		rm -r "$work" "$work.log"
	else
		tail -n 40 "$work.log" | sed 's/^/# /'
		echo "not ok - $target, see $work.log"
		return 1
	fi
}

# One target per core. xargs fails if any of them does.
export -f fuzz
export build root seconds
printf '%s\n' "$@" | xargs -P "$(nproc)" -I TARGET bash -c 'fuzz TARGET'
