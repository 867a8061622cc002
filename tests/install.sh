#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `meson install` puts the programs, libraries, headers, manuals and pkg-config files where others find
# them: the installed command runs, and a program builds and runs with what pkg-config says.
#
#   usage: tests/install.sh BUILD PREFIX LIBDIR
set -eu
build=$1 prefix=$2 libdir=$2/$3
root=$(mktemp -d)
# `ninja uninstall` reads the log of the last installation. It is kept, because this is not a real one.
log=$build/meson-logs/install-log.txt
[ ! -f "$log" ] || cp "$log" "$root/install-log"
trap '[ ! -f "$root/install-log" ] || cp "$root/install-log" "$log"; rm -rf "$root"' EXIT
cases=0
status=0
check() { # DESCRIPTION COMMAND...
	description=$1
	cases=$((cases + 1))
	shift
	if "$@" >"$root/output" 2>&1; then
		echo "ok $cases - $description"
	else
		status=1
		echo "not ok $cases - $description"
		sed 's/^/# /' "$root/output"
	fi
}
each_exists() { # FILE...
	for file in "$@"; do
		[ -e "$root$prefix/$file" ] || { echo "$file is missing"; return 1; }
	done
}
program() { # LIBRARY
	flags=$(pkg-config --cflags --libs "$1")
	# shellcheck disable=SC2086 # flags are words
	${CC:-cc} "$root/program.c" -o "$root/program" $flags
	LD_LIBRARY_PATH=$root$libdir "$root/program"
}

check "meson installs the build" meson install -C "$build" --no-rebuild --destdir "$root"
check "the programs are installed" each_exists bin/sluice bin/sluice-load sbin/sluiced
check "the headers are installed" each_exists include/sluice/sluice.h include/sluice/types.h \
	include/sluice/nasl.h include/sluice/capl.h include/sluice/rdma_cma.h
check "the manuals are installed" each_exists share/man/man1/sluice.1 share/man/man1/sluice-load.1 \
	share/man/man8/sluiced.8 share/man/man5/sluiced.yaml.5
check "the systemd unit starts the installed daemon" \
	grep -qx "ExecStart=!$prefix/sbin/sluiced .*" "$root$prefix/lib/systemd/system/sluiced.service"
check "systemd-sysusers knows the user of the unit" systemd-sysusers --dry-run \
	"$root$prefix/lib/sysusers.d/sluice.conf"
check "the installed command runs" "$root$prefix/bin/sluice" --help

# Only this test has the files below $root.
sed -i "s|^prefix=.*|prefix=$root$prefix|" "$root$libdir"/pkgconfig/*.pc
export PKG_CONFIG_PATH="$root$libdir/pkgconfig"
cat >"$root/program.c" <<-END
	#include <sluice/nasl.h>

	int main(void)
	{
		return join_multicast_group(0) != 0;
	}
END
check "a program builds with pkg-config sluice-nasl and runs" program sluice-nasl
cat >"$root/program.c" <<-END
	#include <rdma/rdma_cma.h>

	int main(void)
	{
		return rdma_event_str(RDMA_CM_EVENT_MULTICAST_JOIN) == 0;
	}
END
check "a program builds with pkg-config sluice-rdmacm and runs" program sluice-rdmacm
echo "1..$cases"
exit $status
