#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds Sluice and runs all its tests: the unit suites, then the lab of real peers, which needs root.
# The last line counts test cases: "N passed, N failed, N skipped". Exit status 1 if one failed.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
	cat <<-END
		usage: [CC=gcc|clang] tests/run.sh [--unit] [--sanitize] [--coverage] [--reliability] [--build DIR]

		  --unit       only the unit suites, not the lab of real peers
		  --sanitize   under AddressSanitizer and UndefinedBehaviorSanitizer
		  --coverage   also prints the covered lines and branches of igmp/
		  --reliability
		               the parts about reliability only, for half an hour, and their
		               table in README.md
		  --build DIR  instead of build, build-clang, build-sanitize, ...
	END
}

unit='' sanitize='' coverage='' reliability='' build=''
while [ $# -gt 0 ]; do
	case $1 in
	--unit) unit=1 ;;
	--sanitize) sanitize=1 ;;
	--coverage) coverage=1 ;;
	--reliability) reliability=1 ;;
	--build)
		[ $# -gt 1 ] || { usage >&2; exit 2; }
		build=$2
		shift
		;;
	--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done

export CC=${CC:-gcc}
options=()
if [ -z "$build" ]; then
	build=build
	[ "$CC" = gcc ] || build+=-$(basename "$CC")
	build+=${sanitize:+-sanitize}${coverage:+-coverage}
fi
if [ "$sanitize" ]; then
	options+=("-Db_sanitize=address,undefined" -Db_lundef=false)
	# Without these options UBSan prints a finding and continues.
	export ASAN_OPTIONS=halt_on_error=1:abort_on_error=1
	export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1
fi
[ -z "$coverage" ] || options+=(-Db_coverage=true)

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
results=$tmp/results
: >"$results"

# record SUITE STATUS: reads the output of a suite, in TAP or not, and adds one row per case: pass, fail
# or skip, the name, the reason. The reason of a failed case is in the lines after it: the comment of a
# lab script, or the place and message of Criterion.
record() {
	awk -v suite="$1" -v status="$2" '
		function row(result, name, reason) {
			sub(/^[0-9]* *(- )?/, "", name)
			printf "%s\t%s: %s\t%s\n", result, suite, name, reason
			rows++
			failed += result == "fail"
		}
		function end_failure() {
			if (failure != "")
				row("fail", failure, reason)
			failure = reason = ""
		}
		/^(not )?ok |^1\.\.|^Bail out!/ { end_failure() }
		/^1\.\.0 *# *SKIP/ {
			sub(/^1\.\.0 *# *SKIP */, "")
			row("skip", "all of it", $0)
			next
		}
		/^ok .*# *SKIP/ {
			name = why = substr($0, 4)
			sub(/ *# *SKIP.*/, "", name)
			sub(/.*# *SKIP */, "", why)
			row("skip", name, why)
			next
		}
		/^1\.\.[0-9]+/ { planned = substr($1, 4) + 0 }
		/^ok / { row("pass", substr($0, 4)) }
		/^not ok / { failure = substr($0, 8) }
		/^Bail out!/ { row("fail", "bailed out", $0) }
		failure != "" && (/^# ./ || /^ +- .*:[0-9]+:/ || /^      [^ ]/) && length(reason) < 200 {
			sub(/^[# -]+/, "")
			sub(/ *\|\+$/, "")
			reason = reason (reason == "" ? "" : " ") $0
		}
		END {
			end_failure()
			if (status != 0 && status != 77 && !failed)
				row("fail", "the run", rows ? "ended with status " status " after " rows \
					" cases" : "exit status " status)
			else if (rows < planned)
				row("fail", "the run", rows " of " planned " cases ran")
			else if (!rows)
				row(status == 77 ? "skip" : "pass", "the run")
		}' >>"$results"
}

run_lab() {
	local script status
	for script in tests/lab/*.sh; do
		[ "$script" != tests/lab/lib.sh ] || continue
		echo "== $script"
		status=0
		SLUICE_BUILD=$(realpath "$build") "$script" >"$tmp/output" || status=$?
		cat "$tmp/output"
		record "lab/$(basename "$script" .sh)" "$status" <"$tmp/output"
	done
}

run_unit() {
	local test
	meson test -C "$build" --no-rebuild --print-errorlogs || true
	while read -r test; do
		jq -r '.stdout // ""' <<<"$test" |
			record "$(jq -r '.name | sub(".* / "; "")' <<<"$test")" "$(jq -r '
				if .result == "OK" or .result == "EXPECTEDFAIL" then 0
				elif .result == "SKIP" then 77
				else .returncode | if . == 0 then 1 else . end end' <<<"$test")"
	done <"$build/meson-logs/testlog.json"
}

tests/packages.sh
if [ ! -f "$build/build.ninja" ]; then
	meson setup "$build" "${options[@]}"
fi
ninja -C "$build"
if [ "$reliability" ]; then
	exec tests/reliability.py "$build"
fi

run_unit
status=0
tests/requirements >"$tmp/output" 2>&1 || status=$?
[ "$status" = 0 ] || tail -n 30 "$tmp/output"
record requirements "$status" </dev/null
if [ -z "$unit" ]; then
	run_lab
fi
if [ "$coverage" ]; then
	gcovr --root . --filter igmp/ "$build"
	gcovr --root . --filter igmp/ --branches "$build" | tail -n 4
fi

echo
awk -F'\t' '$1 != "pass" { printf "%s  %s%s\n", toupper($1), $2, $3 == "" ? "" : " (" $3 ")" }' "$results"
count() {
	grep -c "^$1	" "$results" || true
}
failed=$(count fail)
echo "$(count pass) passed, $failed failed, $(count skip) skipped"
[ "$failed" = 0 ]
