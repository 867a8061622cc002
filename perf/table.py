#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a result of perf/run.sh into a document, between the two comments that mark the table:
table.py RESULT.json DOCUMENT.md."""
import json
import sys

sys.dont_write_bytecode = True
from save import save  # noqa: E402

BEGIN, END = "<!-- result: written by perf/table.py -->", "<!-- end of result -->"
SIZES = ("1k", "64k", "1M")


def ratio(result, name, size):
    """Formats the median, the quartiles if the value varies, and the target. A missed target is bold."""
    if size not in result[name]:
        return ""
    median, (low, high) = result[name][size], result["quartiles"][name][size]
    text, target = f"{median:.2f}", ""
    for bound, sign, good in (("at most", "<=", median.__le__), ("at least", ">=", median.__ge__)):
        goal = result.get(bound, {}).get(name, {}).get(size)
        if goal is not None:
            target = f", {sign} {goal:g}"
            text = text if good(goal) else f"**{text}**"
    return text + (f" ({low:.2f} to {high:.2f})" if low < high else "") + target


def ratios(result):
    yield "| ratio | 1k | 64k | 1M |"
    yield "|-|-|-|-|"
    for name in result["quartiles"]:
        yield f"| `{name}` | " + " | ".join(ratio(result, name, size) for size in SIZES) + " |"


def times(result):
    yield "| time | 1k | 64k | 1M |"
    yield "|-|-|-|-|"
    for name, sizes in result["ns"].items():
        cells = ("{1:.2f} ({0:.2f} to {2:.2f})".format(*sizes[size]) if size in sizes else ""
                 for size in SIZES)
        yield f"| `{name}` | " + " | ".join(cells) + " |"


def document(result):
    for what, text in result["run"].items():
        yield f"- {what}: " + (f"`{text}`" if what == "command" else text)
    yield from ("", "Ratios: median (lower to upper quartile), target; bold misses it.", "")
    yield from ratios(result)
    yield ""
    for name, why in result.get("not measured", {}).items():
        yield f"`{name}`: not measured: {why}."
    yield from ("<details><summary>Times behind them, ns</summary>", "")
    yield from times(result)
    yield from ("", "</details>")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        result = json.load(file)
    with open(sys.argv[2]) as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    save(sys.argv[2], f"{before}{BEGIN}\n" + "\n".join(document(result)) + f"\n{END}{after}")


if __name__ == "__main__":
    main()
