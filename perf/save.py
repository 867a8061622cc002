#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes standard input to FILE, as a whole or not at all: on a full disk, or if the power fails, the old
file stays as it was. It is written beside FILE, and takes its place when it is on the disk.

usage: save.py FILE
"""

import os
import stat
import sys
import tempfile


def mode_of(path):
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return 0o644


def save(path, text):
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    descriptor, beside = tempfile.mkstemp(dir=folder, prefix=".", suffix=".new")
    try:
        with open(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode_of(path))
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    # The name is on the disk, too.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text = sys.stdin.read()
    try:
        save(sys.argv[1], text)
    except OSError as error:
        sys.exit(f"save.py: {sys.argv[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
