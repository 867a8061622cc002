#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the parts of the suite that are about reliability, longer than usual, and writes their figures into
the table of README.md. Each part prints TAP, and lines "# figure: NAME: VALUE UNIT". Exit status 1 if a part
fails, which the table then says.

usage: tests/reliability.py BUILD"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
FRAMES_MIN, REQUESTS_MIN = 10000000, 1000000
SUITES = [  # of Meson
    "ctrl/hostile", "ctrl/roles", "ctrl/descriptors", "ctrl/sandbox", "ctrl/stall", "ctrl/user", "ctrl/rpc",
    "dataplane/share", "dataplane/memif_server", "dataplane/memif_race", "dataplane/stall", "dataplane/removal",
    "igmp/forgery", "igmp/flood", "router/random", "router/month", "faults/*", "allocation/*",
]
LAB = {"input", "junk", "life", "taken", "user"}  # and those that print figures
REPLAYS = [  # fuzz target, random inputs, what it takes out of them
    ("fuzz_pipeline", 1250000, "frames"),
    ("fuzz_packet", 300000, "frames"),
    ("fuzz_parse", 300000, "frames"),
    ("fuzz_machine", 20000, None),
    ("fuzz_config", 20000, None),
    ("fuzz_memif", 50000, None),
    ("fuzz_rpc", 2000, None),
    ("fuzz_rpc_state", 300, "requests"),
]
CASE = re.compile(r"^(ok|not ok)\b(.*)", re.M)
FIGURE = re.compile(r"^# figure: (.+): ([0-9.]+) (.*)$", re.M)
ITEMS = re.compile(r"\d+ inputs, (\d+) items")
PART_S = 1200  # until a part counts as never ending
BEGIN, END = "<!-- reliability: written by tests/run.sh --reliability -->", "<!-- end of reliability -->"


class Results:
    def __init__(self):
        self.survived = 0
        self.failures = []  # texts
        self.skipped = []  # names of parts
        self.figures = []  # (name, value, unit)
        self.n_parts = 0

    def add(self, name, status, text):
        """The output of a part in TAP."""
        self.n_parts += 1
        failed = 0
        for result, rest in CASE.findall(text):
            if result == "not ok":
                failed += 1
                self.failures.append(name + ":" + rest)
            elif not re.search(r"# *SKIP", rest):
                self.survived += 1
        if status == 77 or re.search(r"^1\.\.0 *# *SKIP", text, re.M):
            self.skipped.append(name)
        elif status != 0 and not failed:
            self.failures.append("%s: exit status %s" % (name, status))
        self.figures += [(figure, float(value), unit) for figure, value, unit in FIGURE.findall(text)]

    def sum(self, pattern):
        return sum(value for name, value, _ in self.figures if re.match(pattern, name))

    def largest(self, pattern):
        return max((value for name, value, _ in self.figures if re.match(pattern, name)), default=None)

    def require(self, holds, text):
        if not holds:
            self.failures.append(text)


# ---- Parts -------------------------------------------------------------------------------------

ENVIRONMENT = dict(os.environ, SLUICE_RELIABILITY="1")


def run_part(results, name, *command):
    begin = time.monotonic()
    part = subprocess.Popen(command, cwd=TOP, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, errors="replace", start_new_session=True)
    try:
        text, _ = part.communicate(timeout=PART_S)
        status = part.returncode
    except subprocess.TimeoutExpired:
        os.killpg(part.pid, signal.SIGTERM)  # a lab script then removes its namespaces
        text, _ = part.communicate()
        status = "none after %d s" % PART_S
    show(results, name, status, text, time.monotonic() - begin)
    return text


def show(results, name, status, text, seconds):
    before = len(results.failures)
    results.add(name, status, text)
    print("== %s: %s, %.0f s" % (name, "failed" if len(results.failures) > before else "passed", seconds))
    for line in text.splitlines():
        if line.startswith("# figure:"):
            print(line)
    if len(results.failures) > before:
        print("\n".join(text.splitlines()[-40:]))
    sys.stdout.flush()


def run_suites(results, build):
    """One at a time, because they measure how long others wait."""
    subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--num-processes", "1", "--logbase", "reliability",
                    "--timeout-multiplier", "3", *SUITES], cwd=TOP, env=ENVIRONMENT, check=False,
                   stdout=subprocess.DEVNULL)
    with open(build / "meson-logs/reliability.json") as file:
        for test in map(json.loads, file):
            status = {"OK": 0, "SKIP": 77}.get(test["result"], test["result"])
            text = (test.get("stdout") or "") + (test.get("stderr") or "")
            show(results, test["name"].rsplit(" / ", 1)[-1], status, text, test["duration"])


def run_replays(results, build):
    for target, inputs, unit in REPLAYS:
        text = run_part(results, "fuzz/" + target, "tests/fuzz/replay.sh", "%s/tests/fuzz/%s_replay" % (build, target),
                        target, "--random", str(inputs), "--seed", str(time.time_ns()))
        items = ITEMS.search(text)
        if unit and items:
            results.figures.append(("fuzzed %s of %s" % (unit, target), float(items[1]), unit))


def lab_scripts():
    for path in sorted((TOP / "tests/lab").glob("*.sh")):
        if path.name != "lib.sh" and (path.stem in LAB or "# figure:" in path.read_text()):
            yield path


def run_all(build):
    results = Results()
    ENVIRONMENT["SLUICE_BUILD"] = str(build)
    run_suites(results, build)
    run_replays(results, build)
    for path in lab_scripts():
        run_part(results, "lab/" + path.stem, str(path))
    run_part(results, "race_delays", "tests/race_delays.sh", "10")
    run_part(results, "soak", "tests/soak.sh", "0.05")
    results.require(frames_of(results) >= FRAMES_MIN, "fewer than %d fuzzed frames" % FRAMES_MIN)
    results.require(requests_of(results) >= REQUESTS_MIN, "fewer than %d requests" % REQUESTS_MIN)
    return results


# ---- Table -------------------------------------------------------------------------------------


def frames_of(results):
    return results.sum("fuzzed frames of ")


def requests_of(results):
    return results.sum("fuzzed requests of |requests on the socket of a sluiced$")


def number(value):
    return "not measured" if value is None else f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def output_of(*command):
    return subprocess.run(command, cwd=TOP, text=True, check=True, stdout=subprocess.PIPE).stdout.strip()


def caption(seconds):
    with open("/proc/cpuinfo") as file:
        processor = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")),
                         os.uname().machine)
    return "%d CPUs, %s; commit %s of %s; %d minutes." % (
        os.cpu_count(), processor, output_of("git", "rev-parse", "--short", "HEAD"),
        output_of("git", "log", "-1", "--format=%cs"), round(seconds / 60))


def between(results, name, unit):
    return "%s %s, %s %s" % (number(results.largest("soak, %s at the start" % name)), unit,
                             number(results.largest("soak, %s at the end" % name)), unit)


def rows(results):
    failed = len(results.failures)
    yield "faults tried, survived", "%s, %s" % (number(results.survived + failed), number(results.survived))
    yield "bad inputs", "%s fuzzed frames, %s requests" % (number(frames_of(results)), number(requests_of(results)))
    yield "load offered, delivered, lost", ", ".join(
        number(results.largest("soak, load %s" % what)) for what in ["offered", "delivered", "lost"]) + " frames"
    yield "longest wait of an innocent client", "%s ms" % number(
        results.largest("(soak, )?longest wait of (an|[0-9]+) innocent client"))
    yield "clients killed", number(results.sum("clients killed |soak, (attached|killed)"))
    yield "restarts after kill -9, reloads", "%s, %s" % (
        number(results.sum("daemons killed")), number(results.sum("soak, reloads")))
    yield "memory at the start and at the end", between(results, "rss", "KiB")
    yield "descriptors", between(results, "descriptors", "open")
    yield "mbufs", between(results, "mbufs", "in use")
    yield "parts", "%d passed, %d failed, %d skipped" % (
        results.n_parts - len(results.skipped) - len({text.split(":")[0] for text in results.failures}),
        len({text.split(":")[0] for text in results.failures}), len(results.skipped))
    for text in results.failures:
        yield "**failed**", text.replace("|", "\\|")
    for text in results.skipped:
        yield "skipped", text


def write_table(results, seconds):
    table = "\n".join(["| | |", "|---|---|", *("| %s | %s |" % row for row in rows(results))])
    path = TOP / "README.md"
    text = path.read_text()
    before, rest = text.split(BEGIN)
    path.write_text("%s%s\n%s\n\n%s\n%s%s" % (before, BEGIN, table, caption(seconds), END, rest.split(END)[1]))
    print(table)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    begin = time.monotonic()
    results = run_all(pathlib.Path(sys.argv[1]).resolve())
    write_table(results, time.monotonic() - begin)
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
