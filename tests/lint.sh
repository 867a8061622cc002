#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The rules of style and structure that a machine can check, one case of TAP per rule. Reads what git
# tracks, and the object files of a build.
#
#   usage: [SLUICE_BUILD=DIR] tests/lint.sh     default build
set -euo pipefail
cd "$(dirname "$0")/.."
build=${SLUICE_BUILD:-build}
[ -f "$build/build.ninja" ] || meson setup "$build" >&2
ninja -C "$build" --quiet >&2

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
# structure DESCRIPTION COMMAND...: a rule that holds if the command prints nothing.
structure() {
	local description=$1 findings status=0
	shift
	findings=$("$@") || status=$?
	# A check that fails without a finding has not looked.
	[ "$status" = 0 ] || [ "$findings" ] || findings="the check itself fails with status $status: $*"
	rule "$description" <<<"$findings"
}

mapfile -t files < <(git ls-files --cached --others --exclude-standard | while read -r file; do
	[ ! -f "$file" ] || echo "$file"
done)
select_files() { # REGULAR EXPRESSION
	printf '%s\n' "${files[@]}" | grep -E "$1" || true
}
mapfile -t c < <(select_files '\.[ch]$')
mapfile -t scripts < <(grep -lE '^#!.*(bash|/sh)$' "${files[@]}"; printf "%s\n" tests/lab/lib.sh tests/fuzz/lib.sh)
mapfile -t text < <(grep -IlE '' "${files[@]}")
mapfile -t sources < <(
	select_files '(\.([ch]|py|pml|scd|yaml|build|service\.in|awk)|^packages\.txt)$'
	printf '%s\n' "${scripts[@]}"
)
# Phrases that are hard to read, and archaic words.
english() {
	local thing='frame|reason|cache|group|packet|key|session|socket|worker|stream|port|call|line|burst|output'
	thing+='|interface|member|source|test|row|case|query|report|second|minute|core|event|digit|byte'
	local number='one|two|three|each|digits|bytes|packets|frames|lines?|ns|us|ms|nanoseconds|instructions'
	number+='|reports|records|probes|joins|slots|wakes?|bar|One|Two|Bytes|Nanoseconds'
	local phrase='whom|told|dearer|hereby|hence|for ever|as yet|(is|are) to be|ask(s|ed)? for|in words'
	phrase+='|time and again|as is what|somebody|runs? dry|whatever came'
	git grep -nIE "(^|[^a-zA-Z])($number) an? ($thing)([^a-z]|\$)" -- ':!tests/lint.sh' || true
	git grep -nIE '(//|[#*.]|""") ?Of [A-Za-z0-9]' -- ':!tests/lint.sh' ':!tests/fuzz/corpus' || true
	# In comments, test descriptions and manuals; code may have such names.
	git grep -nIE "(//|# |\"\"\"|description = |BOTH\(|@test).*[^a-z_>.]($phrase)([^a-z_]|\$)" \
		-- ':!tests/lint.sh' ':!tests/fuzz/corpus' ':!*.md' || true
	git grep -nIE "[^a-z_]($phrase)([^a-z_]|\$)" -- '*.md' '*.scd' || true
}

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
structure "files do not call or include each other in a circle" tests/circles "$build"
structure "no two headers have the same name" tests/names headers
structure "functions begin with the name of their file" tests/names prefixes "$build"
structure "other files use each function that is not static" tests/names unused "$build"
structure "no structure is defined twice" tests/names structs
structure "a map in a header names the files of each folder" tests/names maps
structure "the names of files in tests/ say what they are" tests/names tests
structure "folders include only what README.md allows" tests/folders
structure "the English is plain" english
structure "the reading guide of CONTRIBUTING.md holds" tests/guide

echo "1..$cases"
[ "$failures" = 0 ]
