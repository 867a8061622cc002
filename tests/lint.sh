#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What a machine can say about style, each rule a case in TAP. Looks at what git tracks.
set -euo pipefail
cd "$(dirname "$0")/.."

# A rule at the end of a pipeline counts in this shell.
shopt -s lastpipe
failures=0
cases=0
# rule DESCRIPTION: holds if standard input, the offending lines, is empty.
rule() {
	local offending
	offending=$(cat)
	cases=$((cases + 1))
	if [ -z "$offending" ]; then
		echo "ok $cases - $1"
	else
		failures=$((failures + 1))
		echo "not ok $cases - $1"
		head -n 40 <<<"$offending" | sed 's/^/# /'
	fi
}

mapfile -t files < <(git ls-files --cached --others --exclude-standard | while read -r file; do
	[ ! -f "$file" ] || echo "$file"
done)
select_files() { # REGULAR EXPRESSION
	printf '%s\n' "${files[@]}" | grep -E "$1" || true
}
mapfile -t c < <(select_files '\.[ch]$')
mapfile -t scripts < <(grep -lE '^#!.*(bash|/sh)$' "${files[@]}"; echo tests/lab/lib.sh)
mapfile -t text < <(grep -IlE '' "${files[@]}")
mapfile -t sources < <(
	select_files '(\.([ch]|py|pml|scd|yaml|build|service|awk)|^packages\.txt)$'
	printf '%s\n' "${scripts[@]}"
)

clang-format --dry-run "${c[@]}" 2>&1 | { grep 'warning:' || true; } | rule "clang-format leaves the C files alone"
for file in "${sources[@]}"; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' || echo "$file"
done | rule "every source says its licence"
{ grep -nE '#include "\.\./' "${c[@]}" || true; } | rule "no include climbs out of its folder"
wc -l "${c[@]}" "${scripts[@]}" | awk '$2 != "total" && $1 > 500' | rule "no file is longer than 500 lines"
{ grep -nE '[[:space:]]+$' "${text[@]}" || true; } | rule "no white space ends a line"
for file in "${text[@]}"; do
	[ -z "$(tail -c 1 "$file")" ] || echo "$file"
done | rule "a newline ends every file"
# The programs' own main() returns its status, so nobody needs these.
select_files '^(igmp|dataplane|ctrl)/.*\.c$' | xargs -r grep -nE '\b(exit|abort)\(' |
	rule "no library ends its process" || true
select_files '^(igmp|dataplane|ctrl)/.*\.[ch]$' | xargs -r grep -nE '__attribute__\(\(constructor' |
	rule "nothing registers itself by a constructor" || true
{ codespell --skip='*.pcap,*.bin,tests/fuzz/corpus' "${text[@]}" || true; } | rule "codespell finds nothing"
# Checks and cleanup call functions by name (2317), with arguments only where they need some (2119).
{ shellcheck -x -P SCRIPTDIR -e SC2317,SC2119 "${scripts[@]}" || true; } | rule "shellcheck finds nothing"

echo "1..$cases"
[ "$failures" = 0 ]
