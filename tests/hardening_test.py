#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is installed is hardened: position independent, relocations read-only after start, stack protector,
FORTIFY, control-flow protection. Reads the ELF files with readelf (in TAP).

usage: hardening_test.py FORTIFY BUILD FILE..., FORTIFY empty or the reason why it is off
"""

import glob
import os
import re
import subprocess
import sys

WHY_NOT_FORTIFIED, BUILD, *FILES = sys.argv[1:]
# The objects of the programs and libraries; tests and benchmarks have flags of Criterion and others.
FOLDERS = ("igmp", "dataplane", "ctrl")
PROPERTIES = {"x86-64": ("IBT", "SHSTK"), "AArch64": ("BTI", "PAC")}

number = failed = 0


def readelf(*args):
    return subprocess.run(["readelf", "--wide", *args], capture_output=True, text=True, check=True).stdout


def case(description, mistakes, skip=""):
    global number, failed
    number += 1
    failed += bool(mistakes)
    print("%sok %d - %s%s" % ("not " if mistakes else "", number, description, skip and " # SKIP " + skip))
    for mistake in mistakes:
        print("# " + mistake)


def check_file(file):
    name = os.path.basename(file)
    dynamic = readelf("--dynamic", file)
    segments = readelf("--program-headers", file)
    symbols = readelf("--dyn-syms", file)
    is_library = ".so" in name
    mistakes = []
    if not re.search(r"FLAGS_1.*\bPIE\b", dynamic) and not is_library:
        mistakes.append("is no position-independent executable")
    if "GNU_RELRO" not in segments:
        mistakes.append("has no RELRO segment")
    if not re.search(r"\(FLAGS(_1)?\).*\b(BIND_NOW|NOW)\b", dynamic):
        mistakes.append("binds lazily, so that its GOT stays writable")
    if not re.search(r"GNU_STACK\s.*\sRW\s", segments):
        mistakes.append("has an executable stack")
    if "__stack_chk_fail" not in symbols:
        mistakes.append("has no stack protector")
    if "TEXTREL" in dynamic:
        mistakes.append("has text relocations")
    case(name + " is position independent, read-only after start, with stack protector", mistakes)
    fortified = re.search(r" __(?!stack)\w+_chk@", symbols)
    case(name + " calls the checked functions of FORTIFY",
         [] if fortified or WHY_NOT_FORTIFIED else ["calls none"], WHY_NOT_FORTIFIED)


def check_objects():
    objects = [object for folder in FOLDERS
               for object in glob.glob("%s/%s/**/*.o" % (BUILD, folder), recursive=True)]
    machine = re.search(r"Machine:.*?(X86-64|AArch64|\S+)$", readelf("--file-header", objects[0]), re.M).group(1)
    wanted = PROPERTIES.get(machine.replace("X86", "x86"))
    if not wanted:
        case("control-flow protection", [], "not known for " + machine)
        return
    mistakes = []
    for object in objects:
        notes = readelf("--notes", object)
        mistakes += ["%s lacks %s" % (object, what) for what in wanted if not re.search(r"\b%s\b" % what, notes)]
    case("each object has control-flow protection (%s)" % ", ".join(wanted), mistakes)


for path in FILES:
    check_file(path)
check_objects()
print("1..%d" % number)
sys.exit(failed > 0)
