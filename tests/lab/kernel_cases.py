# SPDX-License-Identifier: BSD-3-Clause
"""The cases that are run on the kernel and on igmp/, for both families. A case is a list of steps.

A step has actions, each at a time in milliseconds after its start, and a window in which its records
are counted. A step with `lnx` names the departures of Linux that it may show, and lists the records
that the kernel may send instead of those of igmp/; a call may return `errors` (ours, kernel's).
"""

import itertools
import random
import socket
from dataclasses import dataclass, field

from kernel_wire import query

REPEATS_MS = 1300  # a change and its repeats
RESPONSE_MS = 900  # a response to a query of 500 ms


@dataclass
class Step:
    title: str
    actions: list  # (ms after the step's start, call, session, group, sources) or (ms, "packet", bytes)
    window_ms: int = REPEATS_MS
    lnx: str = ""
    kernel: list = None  # records the kernel may send instead: (type, group, sources) -> count
    errors: tuple = ()  # (ours, kernel's) where they differ


@dataclass
class Case:
    name: str
    family: int
    mtu: int = 1500
    steps: list = field(default_factory=list)

    def group(self, number):
        return f"239.77.1.{number}" if self.family == socket.AF_INET else f"ff0e::77:{number:x}"

    def source(self, number):
        if self.family == socket.AF_INET:
            return f"10.1.{number // 250}.{number % 250 + 1}"
        return f"2001:db8::{number + 1:x}"

    def sources(self, letters):
        return tuple(self.source(ord(c) - ord("a")) for c in letters)

    def call(self, name, letters="", session=0, group=1, at=0):
        return (at, name, session, self.group(group), self.sources(letters))

    def query(self, version, group=None, letters="", at=0, **options):
        name = self.group(group) if group else None
        return (at, "packet", query(self.family, version, name, self.sources(letters), **options))

    def step(self, title, *actions, **options):
        self.steps.append(Step(title, list(actions), **options))


STATES = [("include", "ab"), ("include", "bc"), ("exclude", ""), ("exclude", "ab"),
          ("exclude", "bc")]


def changes(family, half):
    """CHG-1 to CHG-5: every filter to every other."""
    case = Case(f"changes {half + 1}", family)
    case.step("join", case.call("join"))
    pairs = [p for p in itertools.permutations(STATES, 2)][half::2]
    for old, new in pairs:
        case.step(f"back to {old}", case.call(*old))
        case.step(f"{old} to {new}", case.call(*new))
    case.step("leave", case.call("leave"))
    case.step("first source", case.call("join_source", "a"))
    case.step("last source", case.call("leave_source", "a"))
    return case


def merging(family):
    """CHG-8, 10, 11, 12: a further change while another is repeated."""
    case = Case("merging", family)
    case.step("two sources", case.call("join_source", "a"), case.call("join_source", "b", at=50))
    case.step("a source comes and goes", case.call("join_source", "c"),
              case.call("leave_source", "c", at=50))
    case.step("leave", case.call("leave"))
    case.step("join and leave", case.call("join"), case.call("leave", at=50))
    case.step("join", case.call("join"))
    case.step("leave and join", case.call("leave"), case.call("join", at=50))
    case.step("include", case.call("include", "a"))
    case.step("filter mode, then sources", case.call("exclude", "ab"),
              case.call("exclude", "bc", at=50))
    case.step("exclude nothing", case.call("exclude"))
    case.step("filter mode, then leave", case.call("include", "a"), case.call("leave", at=50),
              lnx="LNX-46", kernel=[("TO_IN", case.group(1), case.sources("a"))]
              + [("BLOCK", case.group(1), case.sources("a"))] * 2)
    return case


def sessions(family):
    """STA-4, STA-5: several sessions merge."""
    case = Case("sessions", family)
    for session, letters in enumerate(("abcd", "bcde")):
        case.step(f"join {session}", case.call("join", session=session))
        case.step(f"exclude {letters}", case.call("exclude", letters, session=session))
    for letter in "def":
        case.step(f"include {letter}", case.call("join_source", letter, session=2))
    case.step("exclude nothing", case.call("join", session=3))
    for session in (3, 0, 1, 2):
        case.step(f"close {session}", (0, "close", session))
    return case


def queries(family):
    """RSP and VAL: responses to good and bad queries of all kinds."""
    case = Case("queries", family)
    full, part, but = 1, 2, 3
    case.step("join", case.call("join"))
    case.step("include", case.call("join_source", "a", group=part),
              case.call("join_source", "b", group=part))
    case.step("exclude", case.call("join", group=but), case.call("exclude", "ab", group=but, at=50))

    def ask(title, *actions, **options):
        case.step(title, *actions, window_ms=RESPONSE_MS, **options)

    ask("general", case.query(3))
    ask("group", case.query(3, full))
    ask("group with sources", case.query(3, part))
    ask("sources, some wanted", case.query(3, part, "bx"))
    ask("sources, none wanted", case.query(3, part, "xy"))
    ask("sources, all blocked", case.query(3, but, "ab"))
    ask("sources, some blocked", case.query(3, but, "bx"), lnx="LNX-11",
        kernel=[("IS_EX", case.group(but), case.sources("ab"))])
    ask("sources of any", case.query(3, full, "x"), lnx="LNX-11",
        kernel=[("IS_EX", case.group(full), ())])
    ask("two group-and-source queries", case.query(3, part, "a"), case.query(3, part, "b", at=20))
    ask("sources, then the group", case.query(3, part, "a"), case.query(3, part, at=20))
    ask("unknown group", case.query(3, 99))
    ask("no response time", case.query(3, response_ms=0), lnx="LNX-9")
    ask("suppress bit", case.query(3, flags=8))
    ask("flags", case.query(3, flags=0xF0))
    ask("trailing bytes", case.query(3, trailing=b"\1\2\3\4\5\6"))
    ask("bad checksum", case.query(3, damage=0x0101))
    ask("sources without a group", case.query(3, letters="a"), lnx="LNX-15")
    ask("more sources than bytes", case.query(3, part, "ab", count=3), lnx="LNX-15")
    for extra in (1, 2, 3):
        ask(f"{extra} bytes too long", case.query(2, trailing=bytes(extra)))
    ask("robustness 4", case.query(3, robustness=4), lnx="LNX-4")
    case.step("leave, four times", case.call("leave"), window_ms=3300, lnx="LNX-4")
    case.step("close", (0, "close", 0), window_ms=3300)
    return case


def old_versions(family):
    """CMP: an older querier: the messages of its version, and no others."""
    case = Case("old versions", family)
    ip4 = family == socket.AF_INET
    case.step("join", case.call("join"))
    # CMP-3, CMP-4: Linux changes its mode here, and only then.
    case.step("group-specific old query", case.query(2, 1), window_ms=RESPONSE_MS, lnx="LNX-20",
              kernel=[("v2 report" if ip4 else "v1 report", case.group(1), ())])
    case.step("old general query", case.query(2), window_ms=RESPONSE_MS)
    case.step("join in the old mode", case.call("join", group=2), window_ms=11000)
    case.step("sources in the old mode", case.call("exclude", "ab", group=2))
    case.step("new query in the old mode", case.query(3), window_ms=RESPONSE_MS)
    case.step("leave in the old mode", case.call("leave", group=2))
    if ip4:
        case.step("v1 query", case.query(1), window_ms=11000)
        case.step("leave in v1", case.call("leave"))
    else:
        case.step("leave the first", case.call("leave"))
    return case


def errors(family):
    """API: what calls return, and what failed ones leave on the wire: nothing."""
    case = Case("errors", family)
    group = case.group(1)
    inval, unavailable, in_use = 22, 99, 98

    def fails(title, *arguments, **options):
        case.step(title, case.call(*arguments), window_ms=REPEATS_MS if options else 150, **options)

    fails("leave from nothing", "leave")
    fails("leave a source from nothing", "leave_source", "a", lnx="LNX-45",
          errors=(unavailable, inval))
    fails("block from nothing", "block", "a")
    fails("unblock from nothing", "unblock", "a")
    case.step("join", case.call("join"))
    fails("join twice", "join", lnx="LNX-45", errors=(0, in_use))
    fails("leave one of two joins", "leave", lnx="LNX-45",
          kernel=[("TO_IN", group, ())] * 2)
    case.step("none is left", case.call("leave"), lnx="LNX-45", errors=(0, unavailable),
              kernel=[])
    case.step("join once more", case.call("join"))
    fails("join a source on EXCLUDE{}", "join_source", "a", lnx="LNX-45", errors=(inval, 0),
          kernel=[("TO_IN", group, case.sources("a"))] * 2)
    case.step("back to EXCLUDE{}", case.call("exclude"), lnx="LNX-45",
              kernel=[("TO_EX", group, ())] * 2)
    case.step("block", case.call("block", "a"))
    fails("block twice", "block", "a")
    fails("join a source on EXCLUDE", "join_source", "b")
    fails("leave a source on EXCLUDE", "leave_source", "b")
    case.step("unblock", case.call("unblock", "a"))
    fails("unblock twice", "unblock", "a")
    case.step("include", case.call("include", "a"))
    fails("join a source twice", "join_source", "a")
    fails("leave another source", "leave_source", "b")
    fails("block on INCLUDE", "block", "b")
    fails("unblock on INCLUDE", "unblock", "b")
    case.step("leave", case.call("leave"))
    case.step("a filter from nothing", case.call("exclude", "a", group=2), lnx="LNX-45",
              errors=(0, inval), kernel=[])
    case.step("join the third", case.call("join", group=3))
    case.step("leave a source on EXCLUDE{}", case.call("leave_source", "a", group=3), lnx="LNX-45",
              errors=(inval, unavailable), kernel=[("TO_IN", case.group(3), ())] * 2)
    return case


def sizes(family):
    """CHG-13 to CHG-15: more than one frame holds."""
    case = Case("sizes", family, mtu=576 if family == socket.AF_INET else 1280)
    case.step("150 groups", *(case.call("join", group=i + 1, session=1) for i in range(150)))
    case.step("close", (0, "close", 1))
    # An IPv6 filter has 64 sources at most, so several sessions have one each.
    for session in range(5):
        part = tuple(case.source(session * 60 + i) for i in range(60))
        case.step(f"first source {session}",
                  (0, "join_source", session, case.group(1), part[:1]))
        case.step(f"include 60 more {session}", (0, "include", session, case.group(1), part))
    case.step("a long INCLUDE is split", case.query(3), window_ms=RESPONSE_MS)
    if family == socket.AF_INET:
        many = tuple(case.source(i) for i in range(300))
        case.step("join", case.call("join", session=5))
        case.step("leave", *((0, "close", session) for session in range(5)))
        case.step("block 300", (0, "exclude", 5, case.group(1), many))
        case.step("a long EXCLUDE is cut", case.query(3), window_ms=RESPONSE_MS)
        case.step("include 300", (0, "include", 5, case.group(1), many))
    return case


def chance(family, seed):
    """Random filters of three sessions: one change per step, or two in quick succession."""
    case = Case(f"random {seed}", family)
    rand = random.Random(f"{family} {seed}")
    joined = set()
    for number in range(16):
        actions = []
        for at in (0, 40)[: rand.choice((1, 1, 2))]:
            session = rand.randrange(3)
            letters = "".join(c for c in "abcd" if rand.random() < 0.5)
            call = rand.choice(("include", "exclude", "exclude"))
            # The kernel sets only filters of joined groups, and not to an empty INCLUDE. No group ends
            # here while a change is repeated (LNX-46).
            if session not in joined:
                call, letters = "join", ""
                joined.add(session)
            elif call == "include" and not letters:
                call = "exclude"
            actions.append(case.call(call, letters, session=session, at=at))
        title = ", ".join(f"{a[1]} {a[2]} {len(a[4])}" for a in actions)
        case.step(f"{number}: {title}", *actions)
        if joined and rand.random() < 0.3:
            session = rand.choice(sorted(joined))
            joined.remove(session)
            case.step(f"{number}: leave {session}", case.call("leave", session=session))
    return case


def all_cases():
    for family in (socket.AF_INET, socket.AF_INET6):
        yield changes(family, 0)
        yield changes(family, 1)
        yield merging(family)
        yield sessions(family)
        yield queries(family)
        yield old_versions(family)
        yield errors(family)
        yield sizes(family)
        for seed in range(4):
            yield chance(family, seed)
