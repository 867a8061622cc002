#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The example of a receive loop of one's own keeps the frames of the group it joined.
echo 1..1
out=$("$1")
[ "$out" = "kept 800 of 3200 frames" ] || printf 'not '
echo "ok 1 - promise 5: a quarter of the frames is of the joined group ($out)"
