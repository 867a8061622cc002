#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The example with its own receive loop keeps the frames of the group that it joined.
echo 1..1
out=$("$1")
[ "$out" = "kept 800 of 3200 frames" ] || printf 'not '
echo "ok 1 - promise 5: a quarter of the frames is of the joined group ($out)"
