#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Builds the whole tree for arm64 and runs the suites of igmp/ and of the group table in QEMU's emulation of
# user programs, with tests/criterion/ in the place of Criterion. Debian's packages for arm64 are extracted
# into build-arm64-root/, which takes a minute and 400 MB the first time. As root, because mmdebstrap needs
# it. Prints one case of TAP per program, after the build.
#
#   usage: tests/arm64.sh
set -eu
cd "$(dirname "$0")/.."
build='build-arm64'
root="$PWD/build-arm64-root"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

tests/packages.sh
if [ ! -d "$root" ]; then
	# No scripts of the packages run, so that the kernel needs no binfmt_misc.
	libraries=$(sed -nE '/^lib.*-dev$/ { /clang/d; p }' packages.txt | paste -sd,)
	mmdebstrap --mode=root --architectures=arm64 --variant=extract \
		--include="$libraries,libc6-dev,libgcc-12-dev" bookworm "$root.new"
	mv "$root.new" "$root"
fi
if [ ! -f $build/build.ninja ]; then
	cat >"$root/cross.ini" <<-END
		[constants]
		root = '$root'
		[binaries]
		c = 'aarch64-linux-gnu-gcc'
		ar = 'aarch64-linux-gnu-ar'
		strip = 'aarch64-linux-gnu-strip'
		pkgconfig = 'pkg-config'
		exe_wrapper = ['qemu-aarch64-static', '-L', root]
		[built-in options]
		c_args = ['--sysroot=' + root]
		c_link_args = ['--sysroot=' + root]
		[properties]
		sys_root = root
		pkg_config_libdir = [root + '/usr/lib/aarch64-linux-gnu/pkgconfig', root + '/usr/share/pkgconfig']
		[host_machine]
		system = 'linux'
		cpu_family = 'aarch64'
		cpu = 'armv8-a'
		endian = 'little'
	END
	env -u CC meson setup $build --cross-file "$root/cross.ini"
fi
ninja -C $build

programs=$(find tests/igmp tests/dataplane/table tests/dataplane/path -name '*_test.c' |
	grep -E '/(igmp|table)/|/parse' | grep -v 'tsan_test' | sed 's/\.c$//' | sort)
status=0
n=0
echo "1..$(echo "$programs" | wc -l)"
for program in $programs; do
	n=$((n + 1))
	result=ok
	qemu-aarch64-static -L "$root" "$build/$program" >"$log" 2>&1 || result='not ok'
	if [ "$result" = 'not ok' ]; then
		sed 's/^/# /' "$log"
		status=1
	fi
	echo "$result $n - $program on arm64"
done
exit $status
