#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs the missing packages of packages.txt. Without root it only lists them, and still succeeds,
# because not every part of the build needs all of them.
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
	echo "missing packages, which only root can install: ${missing[*]}" >&2
	exit 0
fi
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends --no-remove "${missing[@]}" >/dev/null
