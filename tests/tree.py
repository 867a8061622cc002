# SPDX-License-Identifier: BSD-3-Clause
"""Reads the functions of the tree and their calls from the object files of a build, by source file.

The object files show more than the sources: macros are expanded, static functions are absent, and
relocations distinguish a call from taking the address of a function.
"""

import collections
import json
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
# The relocations of a call or jump, on x86-64 and arm64. Other relocations take an address.
CALL = re.compile(r"R_(?:X86_64_PLT32|AARCH64_CALL26|AARCH64_JUMP26)\s+([\w.]+)")
CODE_SECTIONS = (".text", ".text.unlikely", ".text.hot", ".text.startup", ".text.exit")


def files(endings, folders=()):
    """The files of the tree, tracked or new, with these endings in these folders; no folders: all."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders],
                            cwd=TOP, text=True, check=True, stdout=subprocess.PIPE).stdout.split("\n")
    return [path for path in listed if path.endswith(endings) and (TOP / path).is_file()]


class Objects:
    """defined, used and called: {source file relative to the top: set of names}

    `defined` holds functions only, `used` all undefined symbols."""

    def __init__(self, build):
        self.defined = collections.defaultdict(set)
        self.used = collections.defaultdict(set)
        self.called = collections.defaultdict(set)
        self.build = pathlib.Path(build).resolve()
        self.sources = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            source = os.path.relpath(os.path.join(entry["directory"], entry["file"]), TOP)
            if (self.build / entry["output"]).exists() and not source.startswith(".."):
                self.sources[entry["output"]] = source
        self._read_symbols()
        self._read_calls()

    def _run(self, *command):
        return subprocess.run([*command, *self.sources], cwd=self.build, text=True, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.splitlines()

    def _read_symbols(self):
        for line in self._run("nm", "--extern-only", "--print-file-name", "--format=posix"):
            place, name, kind = line.split()[:3]
            source = self.sources[place.rstrip(":")]
            if kind in "TW":
                self.defined[source].add(name)
            elif kind in "Uw":
                self.used[source].add(name)

    def _read_calls(self):
        sections = [word for name in CODE_SECTIONS for word in ("--section", name)]
        source = None
        for line in self._run("objdump", "--reloc", "--wide", *sections):
            if ":     file format" in line:
                source = self.sources[line.split(":")[0]]
                continue
            call = CALL.search(line)
            if call:
                self.called[source].add(call.group(1).split(".")[0])

    def definers(self, select):
        """{function: the only source file that defines it}, among the files that `select` accepts."""
        files = collections.defaultdict(set)
        for source, names in self.defined.items():
            if select(source):
                for name in names:
                    files[name].add(source)
        return {name: where.pop() for name, where in files.items() if len(where) == 1}
