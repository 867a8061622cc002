# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Shared by the scripts of the fuzz targets.

fuzz_folder=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
fuzz_root=$(realpath "$fuzz_folder/../..")
build=${build:-${SLUICE_FUZZ_BUILD:-$fuzz_root/build-fuzz}}

fuzz_targets() { # [TARGET...]: prints these, or all
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		grep -l '^int LLVMFuzzerTestOneInput' "$fuzz_folder"/fuzz_*.c | sed 's,.*/,,; s,\.c$,,'
	fi
}

fuzz_build() { # [TARGET...]
	local targets
	if [ ! -d "$build" ]; then
		CC=clang meson setup "$build" "$fuzz_root" -Dfuzz=true -Dperf=false \
			-Db_sanitize=address,undefined -Db_lundef=false \
			-Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=all' >/dev/null
	fi
	mapfile -t targets < <(fuzz_targets "$@")
	ninja --quiet -j2 -C "$build" "${targets[@]/#/tests/fuzz/}"
}

# The seeds of a target: those written by hand, and the archive of the minimised ones.
fuzz_unpack() { # TARGET DIRECTORY
	[ ! -d "$fuzz_folder/corpus/$1" ] || cp "$fuzz_folder/corpus/$1"/* "$2"
	[ ! -f "$fuzz_folder/corpus/$1.tar.gz" ] || tar -C "$2" -xzf "$fuzz_folder/corpus/$1.tar.gz"
}
