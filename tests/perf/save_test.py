#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Results of benchmarks are saved whole or not at all (in TAP).

usage: save_test.py SAVE, the program perf/save.py
"""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time

SAVE = sys.argv[1]
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(SAVE))
import save  # noqa: E402

OLD, NEW = "old\n" * 1000, "new\n" * 300000
KILLS = 300 if os.environ.get("SLUICE_RELIABILITY") == "1" else 30


def read(path):
    with open(path) as file:
        return file.read()


def old_file(folder):
    path = folder + "/result.json"
    with open(path, "w") as file:
        file.write(OLD)
    return path


def saves(folder):
    path = old_file(folder)
    os.chmod(path, 0o640)
    os.symlink("result.json", folder + "/link")
    save.save(folder + "/link", NEW)
    assert read(path) == NEW
    assert os.stat(path).st_mode & 0o777 == 0o640
    save.save(folder + "/other", OLD)
    assert os.stat(folder + "/other").st_mode & 0o777 == 0o644
    assert sorted(os.listdir(folder)) == ["link", "other", "result.json"]


def survives_power_loss(folder):
    """The data is on the disk before the name, and the name before the end."""
    path, calls = old_file(folder), []
    fsync, replace = os.fsync, os.replace
    os.fsync = lambda fd: (calls.append("fsync " + os.readlink("/proc/self/fd/%d" % fd)), fsync(fd))
    os.replace = lambda a, b: (calls.append("replace " + a), replace(a, b))
    try:
        save.save(path, NEW)
    finally:
        os.fsync, os.replace = fsync, replace
    beside = calls[0].removeprefix("fsync ")
    assert calls == ["fsync " + beside, "replace " + beside, "fsync " + folder], calls


def survives_kill(folder):
    path, dice = old_file(folder), random.Random()
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, SAVE, path], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(NEW.encode())
            process.stdin.close()
        time.sleep(dice.random() * 0.05)
        process.kill()
        process.wait()
        text = read(path)
        assert text in (OLD, NEW), "a part of %d bytes" % len(text)
        if text == NEW:
            old_file(folder)


def survives_full_disk(folder):
    if os.geteuid() != 0:
        return "needs root for a tmpfs"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=65536", "sluice-test", folder]).returncode != 0:
        return "cannot mount a tmpfs"
    try:
        path = old_file(folder)
        result = subprocess.run([sys.executable, SAVE, path], input=NEW, stderr=subprocess.PIPE, text=True)
        assert result.returncode == 1
        assert result.stderr == "save.py: %s: No space left on device\n" % path, result.stderr
        assert read(path) == OLD
        assert os.listdir(folder) == ["result.json"]
    finally:
        subprocess.run(["umount", folder], check=True)
    return None


CASES = [
    ("a file is replaced, with its mode, also by a link to it", saves),
    ("power loss: the data is on the disk before it gets its name, and then the name", survives_power_loss),
    ("kill -9 at any moment leaves the old file or the new one", survives_kill),
    ("a full disk leaves the old file, and nothing beside it", survives_full_disk),
]

print("1..%d" % len(CASES))
failures = 0
for number, (description, case) in enumerate(CASES, 1):
    with tempfile.TemporaryDirectory(prefix="sluice-save-") as directory:
        try:
            skipped = case(directory)
            print("ok %d - %s%s" % (number, description, " # SKIP " + skipped if skipped else ""))
        except AssertionError as error:
            failures += 1
            print("not ok %d - %s\n# %s" % (number, description, error))
sys.exit(failures > 0)
