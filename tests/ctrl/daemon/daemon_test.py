#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""sluiced and sluice as an operator uses them: files, signals, exit statuses, output.

usage: daemon_test.py SLUICED SLUICE CONFIGURATIONS, the last one a directory (in TAP)
"""

import glob
import json
import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

from control_fixture import Client
from daemon_fixture import (BASE, CONFIGURATIONS, PATIENCE, SLUICE, SLUICED, Daemon, Skip, contains, equal,
                        run, run_tests, test, wait_until)

# ---- Without a running daemon ------------------------------------------------------------------


@test("every configuration of configs/ passes --check silently on a machine with its lcores")
def check_ready_configurations():
    files = glob.glob(CONFIGURATIONS + "/*.yaml")
    assert files
    cpus = os.sysconf("SC_NPROCESSORS_CONF")
    for file in files:
        with open(file) as text:
            lcores = re.findall(r"\d+", "".join(re.findall("^lcores:.*", text.read(), re.M)))
        missing = {int(lcore) for lcore in lcores if int(lcore) >= cpus}
        result = run(SLUICED, "--config", file, "--check")
        lines = result.stderr.splitlines()
        equal((result.returncode, result.stdout, len(lines)), (1 if missing else 0, "", len(missing)))
        for line, lcore in zip(lines, sorted(missing)):
            contains(line, "there is no lcore %d, this machine has the CPUs 0-%d" % (lcore, cpus - 1))


@test("an lcore that the machine lacks gives one line that names it")
def missing_lcore():
    lcore = os.sysconf("SC_NPROCESSORS_CONF")
    with Daemon("", start=False) as d:
        d.write("lcores: {control: 0, workers: [%d]}\n" % lcore, BASE.replace(', "--lcores", "0@0,1@0"', ""))
        for args in ((), ("--check",)):
            result = run(SLUICED, "--config", d.file, *args)
            equal((result.returncode, result.stdout), (1, ""))
            equal(len(result.stderr.splitlines()), 1)
            contains(result.stderr, "lcores.workers[0]: there is no lcore %d" % lcore)


@test("promise 8: --check reports all mistakes, one per line, each with its file and line")
def check_mistakes():
    with Daemon("memberships:\n  - {group: 10.1.1.1}\n  - {group: 232.1.1.1}\n", start=False) as d:
        result = run(SLUICED, "--config", d.file, "--check")
        equal(result.returncode, 1)
        equal(result.stdout, "")
        lines = result.stderr.splitlines()
        equal(len(lines), 2)
        contains(lines[0], "sluiced: %s:12: memberships[0].group: 10.1.1.1 is not" % d.file)
        contains(lines[1], "sluiced: %s:13: memberships[1].group: " % d.file)


@test("promise 8: with a mistake sluiced does not start and leaves no socket")
def start_mistaken():
    for mistake, words in (("foo: 1\n", "foo: unknown key"),
                           ("interfaces: 1\n", "interfaces: repeated key"),
                           ("limits: {groups: many}\n", "limits.groups: \"many\" is not")):
        with Daemon(mistake, start=False) as d:
            result = run(SLUICED, "--config", d.file)
            equal((result.returncode, result.stdout), (1, ""))
            equal(len(result.stderr.splitlines()), 1)
            contains(result.stderr, "sluiced: %s:11: " % d.file)
            contains(result.stderr, words)
            assert not os.path.exists(d.socket)


@test("promise 8: an unknown device gives one line that names the port and the device")
def unknown_device():
    with Daemon("", start=False) as d:
        d.write("", BASE.replace("net_null0,no-rx=1", "net_nothing7"))
        result = run(SLUICED, "--config", d.file)
        equal((result.returncode, result.stdout), (1, ""))
        equal(len(result.stderr.splitlines()), 1)
        contains(result.stderr, "sluiced: ")
        contains(result.stderr, "out0")
        contains(result.stderr, "net_nothing7")
        assert not os.path.exists(d.socket)


@test("a wrong EAL argument gives one line that names it")
def wrong_eal():
    with Daemon("", start=False) as d:
        d.write("", BASE.replace('"--no-pci"', '"--no-such-thing"'))
        result = run(SLUICED, "--config", d.file)
        equal((result.returncode, result.stdout), (1, ""))
        contains(result.stderr, "sluiced: EAL: ")
        contains(result.stderr, "unrecognized option '--no-such-thing'")
        equal(len(result.stderr.splitlines()), 1)
        assert "Usage" not in result.stderr


def start_fails(base):
    """The one line that a daemon with this configuration prints before it exits."""
    with Daemon("", start=False) as d:
        d.write("", base)
        result = run(SLUICED, "--config", d.file)
        equal((result.returncode, result.stdout), (1, ""))
        equal(len(result.stderr.splitlines()), 1)
        assert not os.path.exists(d.socket)
        return result.stderr


@test("an EAL argument that prints a text and ends the process is refused")
def eal_help():
    for argument in "-h", "--help", "--hel":
        contains(start_fails(BASE.replace("--no-pci", argument)), "%s in `eal` only prints a text" % argument)


@test("without hugepages one line says what to do")
def no_hugepages():
    with open("/proc/sys/vm/nr_hugepages") as file:
        if int(file.read()) > 0:
            raise Skip("this machine has hugepages")
    line = start_fails(BASE.replace('"--no-huge", ', "").replace('"-m", "160", ', ""))
    contains(line, "vm.nr_hugepages")
    contains(line, "--no-huge")


@test("a misspelt driver gives one line that names the device and the intended driver")
def misspelt_driver():
    line = start_fails(BASE.replace("net_null0,no-rx=1", "net_nul0,no-rx=1"))
    contains(line, '"net_nul0,no-rx=1"')
    contains(line, "did you mean net_null?")


@test("a missing interface gives one line that names it")
def missing_interface():
    line = start_fails(BASE.replace("net_null0,no-rx=1", "net_af_packet0,iface=nosuch"))
    contains(line, 'no interface "nosuch"')
    assert "not permitted" not in line, line


@test("a missing pcap file gives one line that names it")
def missing_pcap():
    line = start_fails(BASE.replace("net_null0,no-rx=1", "net_pcap1,rx_pcap=/nowhere/x.pcap,tx_drop=1"))
    contains(line, "cannot open /nowhere/x.pcap: No such file or directory")


@test("too little memory gives one line that names -m")
def little_memory():
    contains(start_fails(BASE.replace('"160"', '"8"')), "-m")


@test("more memory than possible gives one line that names -m")
def much_memory():
    contains(start_fails(BASE.replace('"160"', '"99999999"')), "-m")


@test("an lcore that EAL does not map gives one line that names it")
def unmapped_lcore():
    contains(start_fails(BASE.replace("0@0,1@0", "1@0,2@0")), "lcores.control")


@test("sluiced distinguishes a wrong command line from a missing file")
def sluiced_usage():
    equal(run(SLUICED, "--nonsense").returncode, 2)
    equal(run(SLUICED, "stray").returncode, 2)
    equal(run(SLUICED, "--log-level", "loud").returncode, 2)
    result = run(SLUICED, "--config", "/nowhere/x.yaml")
    equal((result.returncode, result.stderr),
          (1, "sluiced: /nowhere/x.yaml: No such file or directory\n"))
    for option, words in (("--help", "usage: sluiced"), ("--version", "sluiced ")):
        result = run(SLUICED, option)
        equal(result.returncode, 0)
        contains(result.stdout, words)


@test("sluice exits with 2 on a wrong command line")
def sluice_usage():
    for args in ((), ("fly",), ("join",), ("join", "239.1.1.1", "239.1.1.2"), ("block", "239.1.1.1"),
                 ("filter", "239.1.1.1", "some"), ("show",), ("show", "nothing"), ("--nonsense",),
                 ("show", "ports", "--interface", "tv"), ("watch", "--to", "x"),
                 ("leave", "239.1.1.1", "--to", "x"), ("join", "239.1.1.1", "--source")):
        result = run(SLUICE, *args)
        equal((args, result.returncode, result.stdout), (args, 2, ""))
        contains(result.stderr, "usage: sluice")
    equal(run(SLUICE, "--help").returncode, 0)
    contains(run(SLUICE, "--version").stdout, "sluice ")


@test("sluice exits with 3 if no daemon answers")
def no_daemon():
    for command in (("show", "groups"), ("join", "239.1.1.1"), ("watch",)):
        result = run(SLUICE, "--socket", "/nowhere/s", *command)
        equal((result.returncode, result.stdout), (3, ""))
        contains(result.stderr, "sluice: no daemon answers on /nowhere/s")


# ---- Life --------------------------------------------------------------------------------------


@test("promise 4: SIGTERM and SIGINT leave all groups on the wire, then exit 0")
def terminate():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Daemon() as d:
            d.ok("join", "239.2.2.2")
            equal(d.stop(number), 0)
            assert not os.path.exists(d.socket), "the socket is left behind"
            records = d.records()
            # TO_EX and ALLOW when joining, TO_IN and BLOCK when leaving, RV (2) times each.
            for group, joined, left in (("239.1.1.1", 4, 3), ("239.2.2.2", 4, 3), ("232.1.1.1", 5, 6)):
                kinds = [kind for kind, of in records if of == group]
                assert kinds.count(joined) >= 1, (group, kinds)
                equal((group, kinds[-2:]), (group, [left, left]))


@test("sluiced notifies systemd when it is ready and when it stops")
def sd_notify():
    with tempfile.TemporaryDirectory() as directory:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(directory + "/notify")
            notify.settimeout(PATIENCE)
            with Daemon(env={"NOTIFY_SOCKET": directory + "/notify"}) as d:
                equal(notify.recv(4096), b"READY=1\nSTATUS=Running")
                d.reload()
                assert re.fullmatch(rb"RELOADING=1\nSTATUS=.*\nMONOTONIC_USEC=\d+", notify.recv(4096))
                equal(notify.recv(4096), b"READY=1\nSTATUS=Running")
                d.stop()
                equal(notify.recv(4096), b"STOPPING=1\nSTATUS=Leaving all groups")


@test("only the owner and the group may use the socket")
def socket_mode():
    with Daemon() as d:
        equal(stat.S_IMODE(os.stat(d.socket).st_mode), 0o660)


@test("a second daemon is refused before it changes anything, and the first one goes on")
def second_daemon():
    with Daemon() as d:
        result = run(SLUICED, "--config", d.file)
        equal(result.returncode, 1)
        equal(result.stderr, "sluiced: %s: another daemon answers there\n" % d.socket)
        equal(set(d.groups()), {"239.1.1.1", "232.1.1.1"})


@test("a daemon starts after one was killed, and removes the sockets of its clients")
def killed():
    with Daemon() as d:
        d.process.kill()
        d.process.wait()
        assert os.path.exists(d.socket)
        left = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        left.bind(d.socket + ".7")
        left.close()
        live = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        live.bind(d.socket + ".8")
        live.listen()
        equal(d.sluice("show", "groups").returncode, 3)
        d.start()
        equal(set(d.groups()), {"239.1.1.1", "232.1.1.1"})
        assert not os.path.exists(d.socket + ".7")
        assert os.path.exists(d.socket + ".8")
        live.close()
        os.unlink(d.socket + ".8")
        equal(d.stop(), 0)


@test("promise 8: random data on the control socket is harmless")
def noise():
    with Daemon() as d:
        for text in (b"\0" * 4096, b"GET / HTTP/1.1\r\n\r\n", b"[" * 100000 + b"\n", os.urandom(65536)):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(d.socket)
                client.sendall(text)
        equal(set(d.groups()), {"239.1.1.1", "232.1.1.1"})
        equal(d.stop(), 0)


# ---- Reload ------------------------------------------------------------------------------------


@test("SIGHUP applies memberships and outputs and does not touch the rest")
def reload_changes():
    with Daemon() as d:
        d.ok("join", "239.2.2.2")
        d.write("  - {name: more}\nmemberships:\n  - {group: 239.1.1.1, to: [more]}\n"
                "  - {group: 239.3.3.3}\n")
        d.reload()
        contains(d.said(), "info: reload: done: +1 -1 memberships, 1 changed, +1 output\n")
        equal(d.groups(), {"239.1.1.1": ["more"], "239.2.2.2": [], "239.3.3.3": []})
        # What stays joined is not reported again beyond its first robustness repeats.
        equal(d.stop(), 0)
        kinds = [kind for kind, of in d.records() if of == "239.1.1.1"]
        assert kinds.count(4) <= 2, kinds
        equal(kinds[-2:], [3, 3])


@test("a reload applies all it can and names each refused entry")
def reload_partly():
    with Daemon("memberships:\n  - {group: 239.1.1.1}\n  - {group: 239.1.1.2}\n") as d:
        d.ok("join", "239.9.9.1")
        d.write("limits: {groups: 4}\nmemberships:\n"
                + "".join("  - {group: 239.1.1.%d}\n" % n for n in range(2, 9)))
        d.reload()
        equal(set(d.groups()), {"239.9.9.1", "239.1.1.2", "239.1.1.3", "239.1.1.4"})
        for n, group in enumerate(range(5, 9), 3):
            contains(d.said(), "warning: reload: memberships[%d]: 239.1.1.%d on tv: " % (n, group))
        contains(d.said(), "error: reload: +2 -1 memberships, 4 refused, new limits\n")
        assert "done" not in d.said()


@test("a reload applies raised limits to open sessions")
def reload_raises_limits():
    with Daemon("limits: {groups: 5}\n") as d:
        for n in range(5):
            d.ok("join", "239.1.1.%d" % n)
        equal(d.sluice("join", "239.1.1.5").returncode, 1)
        d.write("limits: {groups: 100}\n")
        d.reload()
        for n in range(5, 20):
            d.ok("join", "239.1.1.%d" % n)
        equal(len(d.groups()), 20)


@test("a reload with a limit below the joined groups reports it and leaves nothing")
def reload_lowers_limits():
    with Daemon("") as d:
        for n in range(7):
            d.ok("join", "239.1.1.%d" % n)
        d.ok("join", "232.1.1.1", *("--source=10.0.0.%d" % n for n in range(1, 71)))
        d.write("limits: {groups: 5, sources_per_filter: 64}\n")
        d.reload()
        contains(d.said(), "limits.groups: 5 is less than is joined: session cli has 8, interface tv has 8;")
        contains(d.said(), "limits.sources_per_filter: 64 is less than is joined: 232.1.1.1 on tv has 70;")
        equal(len(d.groups()), 8)
        equal(d.sluice("join", "239.1.1.9").returncode, 1)
        for n in range(4):
            d.ok("leave", "239.1.1.%d" % n)
        d.ok("join", "239.1.1.9")


@test("a reload that removes an output names the memberships without an output")
def reload_removes_output():
    with Daemon("  - {name: spare}\n") as d:
        d.ok("join", "239.2.2.1", "--to", "spare")
        d.ok("join", "239.2.2.2", "--to", "spare")
        d.ok("join", "239.2.2.3", "--to", "spare", "--to", "packager")
        d.write("")
        d.reload()
        equal(d.groups(), {"239.2.2.1": [], "239.2.2.2": [], "239.2.2.3": ["packager"]})
        assert re.search(r"warning: reload: session cli: 2 memberships have no output left and are only "
                         r"counted, 239.2.2.[12] on tv for one\n", d.said()), d.said()
        contains(d.said(), "info: reload: done: -1 output, 2 without an output now\n")


@test("the memberships of an output follow it when a reload changes it")
def reload_changes_output():
    with Daemon() as d:
        d.ok("join", "239.2.2.1", "--to", "packager")
        d.write("memberships:\n  - {group: 239.1.1.1, to: [packager]}\n"
                "  - {group: 232.1.1.1, sources: [10.9.0.50]}\n",
                BASE.replace("port: out0}", "port: out0, vlan: 7}"))
        d.reload()
        contains(d.said(), "info: reload: done: +1 -1 outputs\n")
        equal(d.groups(), {"239.1.1.1": ["packager"], "232.1.1.1": [], "239.2.2.1": ["packager"]})


@test("a reload of the same file finds no difference")
def reload_same():
    with Daemon() as d:
        d.reload()
        contains(d.said(), "info: reload: done: no difference\n")


@test("filter --to replaces the outputs of a membership, join --to adds to them")
def filter_replaces_outputs():
    with Daemon("  - {name: more}\n") as d:
        d.ok("join", "239.1.1.1", "--to", "packager")
        d.ok("join", "239.1.1.1", "--to", "more")
        equal(d.groups(), {"239.1.1.1": ["packager", "more"]})
        d.ok("filter", "239.1.1.1", "exclude", "--to", "more")
        equal(d.groups(), {"239.1.1.1": ["more"]})
        d.ok("filter", "239.1.1.1", "exclude", "10.0.0.1")
        equal(d.groups(), {"239.1.1.1": ["more"]})
        d.ok("filter", "239.1.1.1", "exclude", "--to", "")
        equal(d.groups(), {"239.1.1.1": []})


@test("promise 8: a reload of a bad file is reported and changes nothing")
def reload_bad():
    with Daemon() as d:
        d.write("memberships:\n  - {group: 239.1.1.1, to: [nobody]}\n")
        d.reload()
        contains(d.said(), 'error: reload: %s:12: memberships[0].to[0]: no output named "nobody"'
                 % d.file)
        equal(d.groups(), {"239.1.1.1": ["packager"], "232.1.1.1": []})
        os.unlink(d.file)
        d.reload()
        contains(d.said(), "No such file or directory")
        equal(d.groups(), {"239.1.1.1": ["packager"], "232.1.1.1": []})


@test("a change that needs a restart is refused, and the reload changes nothing")
def reload_refused():
    with Daemon() as d:
        d.write("", BASE.replace("name: tv, ", "name: tv, vlan: 20, "))
        d.reload()
        contains(d.said(), "interfaces")
        contains(d.said(), "nothing is changed")
        equal(d.groups(), {"239.1.1.1": ["packager"], "232.1.1.1": []})


# ---- The command -------------------------------------------------------------------------------


@test("sluice exits with 1 and prints the name of the errno if the daemon refuses")
def refused():
    with Daemon() as d:
        for args, name in ((("leave", "239.9.9.9"), "EADDRNOTAVAIL"),
                           (("join", "232.9.9.9"), "EINVAL"),
                           (("join", "words"), "EINVAL"),
                           (("join", "239.9.9.9", "--interface", "x"), "ENODEV"),
                           (("join", "239.9.9.9", "--to", "x"), "ENOENT")):
            result = d.sluice(*args)
            equal((args, result.returncode, result.stdout), (args, 1, ""))
            contains(result.stderr, "sluice: %s: " % name)


@test("sluice joins, filters, blocks and leaves; options may be anywhere")
def memberships():
    with Daemon("") as d:
        equal(d.ok("join", "--session", "s", "239.1.1.1", "--interface", "tv", "--to", "packager"), "")
        equal(d.ok("join", "232.1.1.1", "--source", "10.9.0.50", "--source", "10.9.0.51"), "")
        d.ok("block", "239.1.1.1", "10.9.0.60", "10.9.0.61", "--session=s")
        d.ok("unblock", "239.1.1.1", "10.9.0.60", "--session=s")
        d.ok("leave", "232.1.1.1", "--source", "10.9.0.51")
        d.ok("filter", "ff15::1", "exclude")
        groups = {g["group"]: (g["mode"], g["sources"], g["outputs"]) for g in d.shown("groups")}
        equal(groups, {"239.1.1.1": ("exclude", ["10.9.0.61"], ["packager"]),
                       "232.1.1.1": ("include", ["10.9.0.50"], []),
                       "ff15::1": ("exclude", [], [])})
        sessions = {s["name"]: len(s["memberships"]) for s in d.shown("sessions")}
        equal(sessions, {"config": 0, "s": 1, "cli": 2})
        d.ok("filter", "ff15::1", "include")
        d.ok("leave", "239.1.1.1", "--session=s")
        equal(d.groups(), {"232.1.1.1": []})


@test("each leave undoes one join, whatever was blocked or filtered between them")
def counted_joins():
    with Daemon("") as d:
        for change in (("block", "239.1.1.1", "10.9.0.60"), ("filter", "239.1.1.1", "include", "10.9.0.50")):
            d.ok("join", "239.1.1.1")
            d.ok("join", "239.1.1.1")
            d.ok(*change)
            d.ok("leave", "239.1.1.1")
            equal(d.groups(), {"239.1.1.1": []})
            d.ok("leave", "239.1.1.1")
            equal(d.groups(), {})


@test("--json show groups prints the documented object")
def json_groups():
    with Daemon("memberships:\n  - {group: 239.1.1.1}\n") as d:
        wait_until(lambda: d.shown("groups")[0]["state"] == "joined", "the first report")
        equal(json.loads(d.ok("--json", "show", "groups")), {"groups": [{
            "interface": "tv", "group": "239.1.1.1", "mode": "exclude", "sources": [],
            "state": "joined", "members": 1, "packets": 0, "bytes": 0, "filtered": 0,
            "last_seen_ms": None, "outputs": []}]})
        for what in ("interfaces", "ports", "outputs", "sessions", "workers", "queriers", "drops", "connections"):
            answer = json.loads(d.ok("--json", "show", what))
            equal(list(answer), [what])
            assert answer[what], what


@test("show groups prints each of many groups once")
def many_groups():
    many = {"239.7.%d.%d" % (n // 250, n % 250) for n in range(1700)}
    with Daemon("") as d:
        batch = [{"jsonrpc": "2.0", "id": 1, "method": "group.join", "params": {"group": group}}
                 for group in many]
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(d.socket)
            client.sendall(json.dumps(batch).encode() + b"\n")
            with client.makefile() as answers:
                assert all(answer.get("result") == {} for answer in json.loads(answers.readline()))
        for args in ((), ("--interface", "tv")):
            answer = json.loads(d.ok("--json", "show", "groups", *args))
            equal(list(answer), ["groups"])
            equal(len(answer["groups"]), len(many))
            equal({group["group"] for group in answer["groups"]}, many)
        equal(len(d.ok("show", "groups").splitlines()), 1 + len(many))
        equal(d.sluice("show", "groups", "--interface", "x").returncode, 1)


@test("show prints aligned columns")
def tables():
    with Daemon() as d:
        for what, words in (("groups", ["GROUP", "239.1.1.1", "10.9.0.50", "packager"]),
                            ("interfaces", ["NAME", "REPORTS", "tv", "10.9.0.2/24"]),
                            ("ports", ["DRIVER", "net_pcap", "net_null"]),
                            ("outputs", ["DROPPED", "packager"]),
                            ("sessions", ["JOINS", "config", "232.1.1.1"]),
                            ("workers", ["LCORE", "IDLE POLLS"]),
                            ("queriers", ["QUERIER", "ipv6"]),
                            ("drops", ["REASON", "COUNT"])):
            table = d.ok("show", what)
            for word in words:
                contains(table, word)
        header, *rows = d.ok("show", "groups").splitlines()
        equal(len(rows), 2)
        for row in rows:
            assert row[header.index("MODE"):].split()[0] in ("include", "exclude"), row
            assert row[header.index("STATE"):].split()[0] in ("pending", "joined"), row


@test("$SLUICE_SOCKET replaces --socket")
def socket_from_environment():
    with Daemon() as d:
        result = run(SLUICE, "show", "groups", env=dict(os.environ, SLUICE_SOCKET=d.socket))
        equal(result.returncode, 0)


@test("show tells the connections and what is kept for them")
def connections():
    with Daemon("") as d:
        quiet, long = (Client(d) for _ in range(2))
        quiet.call("event.subscribe")
        long.socket.sendall(b" " * 100000)
        wait_until(lambda: quiet.call("control.stats")["buffered_bytes"] >= 100000, "the line")
        equal(quiet.call("control.stats")["connections"], 2)
        newest, *others = quiet.call("connection.list")["connections"]
        equal((newest["buffered_bytes"], newest["unread_bytes"], newest["subscribed"]), (100000, 0, False))
        equal([c["subscribed"] for c in others], [True])
        equal([c["user"] for c in others], [os.geteuid()])
        equal([row.split()[1:3] for row in d.ok("show", "connections").splitlines()[2:3]],
              [[str(os.geteuid()), "100000"]])
        header, row = d.ok("show", "control").splitlines()
        equal(row[header.index("CONNECTIONS"):].split()[0], "3")


@test("a request that cannot be built is not sent")
def not_utf8():
    with Daemon("") as d:
        for args in ((b"join", b"239.1.1.\xff"), (b"join", b"239.1.1.1", b"--source", b"\xff"),
                     (b"join", b"239.1.1.1", b"--to", b"\xff"), (b"block", b"239.1.1.1", b"\xff")):
            result = d.sluice(*args)
            equal((args, result.returncode, result.stderr),
                  (args, 1, "sluice: out of memory, or a word is not UTF-8\n"))
        equal(d.groups(), {})


@test("watch prints one line per event, and exits with 3 when the daemon ends")
def watch():
    with Daemon("") as d:
        watchers = [subprocess.Popen([SLUICE, "--socket", d.socket, *args, "watch"], text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for args in ((), ("--json",))]
        # A watcher gets the events after its subscription, whose time the test cannot know.
        heard = [None, None]
        end = time.monotonic() + PATIENCE
        while None in heard:
            assert time.monotonic() < end
            d.ok("join", "239.1.1.1")
            d.ok("leave", "239.1.1.1")
            for i, watcher in enumerate(watchers):
                if heard[i] is None and select.select([watcher.stdout], [], [], 0.1)[0]:
                    heard[i] = watcher.stdout.readline()
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (pending|joined|left) tv 239.1.1.1 "
                            r"session cli \(2\)\n", heard[0]), heard[0]
        event = json.loads(heard[1])
        contains(("pending", "joined", "left"), event["event"])
        equal(event["group"], "239.1.1.1")
        d.stop()
        for watcher in watchers:
            watcher.communicate(timeout=PATIENCE)
            equal(watcher.returncode, 3)


@test("top shows the groups on a terminal and ends at q")
def top():
    with Daemon() as d:
        equal(d.sluice("top").returncode, 2)
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(SLUICE, [SLUICE, "--socket", d.socket, "top"])
        seen = b""
        while b"239.1.1.1" not in seen:
            assert select.select([terminal], [], [], PATIENCE)[0], seen
            seen += os.read(terminal, 4096)
        os.write(terminal, b"q")
        try:
            while os.read(terminal, 4096):
                pass
        except OSError:
            pass  # the terminal's other end is closed
        equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        os.close(terminal)


@test("the log has levels, and shows messages of DPDK only at debug")
def log_levels():
    with Daemon(args=("--log-level", "error")) as d:
        d.stop()
        equal(d.said(), "")
    with Daemon(args=("--log-level", "debug")) as d:
        d.stop()
        contains(d.said(), "debug: EAL: ")
        for line in d.said().splitlines():
            assert re.match("(error|warning|info|debug): ", line), line


sys.exit(run_tests())
