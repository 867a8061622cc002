#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Writes the archives corpus/TARGET.tar.gz again: the smallest set of inputs that reaches what the
# present corpus and the inputs of run.sh in the build directory reach.
#
#   usage: tests/fuzz/refresh.sh [TARGET...]
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=tests/fuzz/lib.sh
source "$here/lib.sh"
max=204800 # bytes of an archive

refresh() { # TARGET
	local target=$1 all=$tmp/$1/all least=$tmp/$1/least archive=$here/corpus/$1.tar.gz
	mkdir -p "$all" "$least" "$build/corpus/$target"
	fuzz_unpack "$target" "$all"
	"$build/tests/fuzz/$target" -set_cover_merge=1 -max_len=4096 -timeout=30 -rss_limit_mb=2048 \
		"$least" "$all" "$build/corpus/$target" >"$tmp/log" 2>&1 || {
		tail -n 20 "$tmp/log" >&2
		return 1
	}
	# The same inputs give the same archive.
	tar -C "$least" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 \
		-cf - . | gzip -9n >"$tmp/archive"
	mv "$tmp/archive" "$archive"
	echo "$target: $(find "$least" -type f | wc -l) inputs, $(stat -c %s "$archive") bytes"
	[ "$(stat -c %s "$archive")" -le "$max" ] || {
		echo "$archive: more than $max bytes" >&2
		return 1
	}
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fuzz_build "$@"
for target in $(fuzz_targets "$@"); do
	refresh "$target"
done
