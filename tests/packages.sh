#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what packages.txt lists and this machine lacks. Without root it only says what that is,
# and succeeds all the same: not everything needs everything.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' packages.txt)
mapfile -t missing < <(
	dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null |
		awk '$2 == "installed" { print $1 }' | sort -u |
		comm -13 - <(printf '%s\n' "${wanted[@]}" | sort -u)
)
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "not installed, and only root can: ${missing[*]}" >&2
	exit 0
fi
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends --no-remove "${missing[@]}" >/dev/null
