#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Frames with odd values in their headers: the list, the sender, and a kernel socket that receives them.

Each payload names its case, so that a frame is found wherever it arrives.
"""

import argparse
import ipaddress
import select
import socket
import struct
import sys
import time

from frames import checksum, records

PORT = 5000
MARK = b"odd frame "
GROUPS4 = ("239.1.2.3", "224.0.0.251", "224.0.1.0", "232.1.1.1")
GROUPS6 = ("ff0e::1:2", "ff02::fb", "ff05::1:3", "ff1e::5", "ff3e::8000:1", "ff0f::1", "ff03::1", "ff08::1")
LAST = "last frame"


class Frame:
    """An IPv4 or IPv6 datagram. Each attribute is a field; None means the right value."""

    def __init__(self, name, ipv6=False, **fields):
        self.name = name
        self.ipv6 = ipv6
        self.group = "ff0e::1:2" if ipv6 else "239.1.2.3"
        self.source = "2001:db8::50" if ipv6 else "10.9.0.50"
        self.mac = self.ethertype = self.tags = None
        self.source_mac = b"\x02\0\0\0\0\x50"
        self.version = 6 if ipv6 else 4
        self.words = self.length = self.checksum = None  # IPv4 header and packet
        self.tos = self.identification = self.flags = 0
        self.ttl = 16
        self.protocol = socket.IPPROTO_UDP
        self.extensions = b""  # IPv4 options, or IPv6 extension headers
        self.first = None  # type of the first extension header
        self.source_port, self.port = 40000, PORT
        self.udp_length = self.udp_checksum = None
        self.padding = b""
        self.cut = None  # bytes of the frame that are sent
        self.size = 64
        for field, value in fields.items():
            assert hasattr(self, field), field
            setattr(self, field, value)

    def ethernet(self):
        group = ipaddress.ip_address(self.group).packed
        mac = b"\x33\x33" + group[12:] if self.ipv6 else b"\x01\0\x5e" + bytes([group[1] & 127]) + group[2:]
        ethertype = self.ethertype or (0x86DD if self.ipv6 else 0x0800)
        tags = b"".join(struct.pack("!HH", *tag) for tag in self.tags or ())
        return (self.mac or mac) + self.source_mac + tags + struct.pack("!H", ethertype)

    def udp(self):
        payload = (MARK + self.name.encode()).ljust(self.size, b"\0")
        length = 8 + len(payload)
        addresses = ipaddress.ip_address(self.source).packed + ipaddress.ip_address(self.group).packed
        header = struct.pack("!HHH", self.source_port, self.port,
                             length if self.udp_length is None else self.udp_length)
        pseudo = addresses + struct.pack("!II", length, socket.IPPROTO_UDP)
        right = checksum(pseudo + header + b"\0\0" + payload) or 0xFFFF
        return header + struct.pack("!H", right if self.udp_checksum is None else self.udp_checksum) + payload

    def packet(self):
        source, group = (ipaddress.ip_address(a).packed for a in (self.source, self.group))
        data = self.udp()
        length = len(self.extensions) + len(data)
        if self.ipv6:
            return struct.pack("!IHBB", self.version << 28 | self.tos, length if self.length is None else self.length,
                               self.protocol if self.first is None else self.first,
                               self.ttl) + source + group + self.extensions + data
        words = 5 + len(self.extensions) // 4 if self.words is None else self.words
        header = struct.pack("!BBHHHBBH", self.version << 4 | words, self.tos,
                             20 + length if self.length is None else self.length, self.identification,
                             self.flags, self.ttl, self.protocol, 0) + source + group + self.extensions
        right = checksum(header)
        return header[:10] + struct.pack("!H", right if self.checksum is None else self.checksum(right)) \
            + header[12:] + data

    def bytes(self):
        whole = self.ethernet() + self.packet() + self.padding
        return whole[:self.cut] if self.cut else whole


# ---- The list --------------------------------------------------------------------------------

def extension(following, body):
    """An IPv6 extension header of a multiple of 8 bytes."""
    assert (2 + len(body)) % 8 == 0
    return bytes([following, (2 + len(body)) // 8 - 1]) + body


PAD = b"\x01\x04\0\0\0\0"
SOURCES4 = ("0.0.0.0", "0.0.0.1", "0.255.255.255", "1.0.0.0", "10.9.0.1", "10.9.0.0", "10.9.0.255", "126.255.255.255",
            "127.0.0.0", "127.0.0.1", "127.255.255.255", "128.0.0.0", "169.254.1.1", "192.0.2.1", "198.51.100.1",
            "203.0.113.1", "223.255.255.255", "224.0.0.0", "224.0.0.1", "239.1.2.3", "239.255.255.255", "240.0.0.0",
            "255.255.255.254", "255.255.255.255")
SOURCES6 = ("::", "::1", "::2", "::ffff:10.9.0.50", "::10.9.0.50", "64:ff9b::1", "100::1", "2002:a09:32::1", "fc00::1",
            "fd00::1", "fe80::50", "fec0::1", "ff02::1", "ff0e::1:2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
MACS = {"broadcast": b"\xff" * 6, "the port's own": None, "another host": b"\x02\0\0\0\0\x99",
        "another group": b"\x01\0\x5e\x7f\0\x09", "IPv6 group": b"\x33\x33\0\x01\0\x02",
        "bridge group": b"\x01\x80\xc2\0\0\0", "zero": b"\0" * 6, "CDP": b"\x01\0\x0c\xcc\xcc\xcc"}


def ethernet(own):
    for ipv6 in (False, True):
        family = "IPv6" if ipv6 else "IPv4"
        yield Frame(family, ipv6)
        for what, mac in MACS.items():
            yield Frame(f"{family} to the MAC address of {what}", ipv6, mac=mac or own)
        yield Frame(f"{family} from a group MAC address", ipv6, source_mac=b"\x03\0\0\0\0\x50")
        yield Frame(f"{family} from broadcast", ipv6, source_mac=b"\xff" * 6)
        yield Frame(f"{family} from a zero MAC address", ipv6, source_mac=b"\0" * 6)
        yield Frame(f"{family} from the port's MAC address", ipv6, source_mac=own)
        for ethertype in (0x0806, 0x86DD if not ipv6 else 0x0800, 0x88CC, 0x8847, 0x9000, 0xFFFF, 0x05DC, 0x0040):
            yield Frame(f"{family} with EtherType 0x{ethertype:04x}", ipv6, ethertype=ethertype)
        for tags in ([(0x8100, 0)], [(0x8100, 0xE000)], [(0x8100, 0x1000)], [(0x88A8, 0)], [(0x8100, 1)],
                     [(0x8100, 4095)], [(0x88A8, 5), (0x8100, 6)], [(0x8100, 0), (0x8100, 0)],
                     [(0x8100, 1), (0x8100, 2), (0x8100, 3)]):
            yield Frame(f"{family} with tags {' '.join('%04x:%04x' % tag for tag in tags)}", ipv6, tags=tags)
        for padding in (1, 18, 400):
            yield Frame(f"{family} with {padding} bytes after the packet", ipv6, padding=b"\xaa" * padding)


def ipv4():
    for version in (0, 3, 5, 6, 15):
        yield Frame(f"IPv4 of version {version}", version=version)
    for words in (0, 1, 4, 6, 15):
        yield Frame(f"IPv4 with a header of {words} words", words=words)
    for tos in (1, 2, 3, 0x10, 0xB8, 0xFF):
        yield Frame(f"IPv4 with TOS 0x{tos:02x}", tos=tos)
    for length in (0, 1, 19, 20, 27, 28, 40, 91, 93, 1500, 65535):
        yield Frame(f"IPv4 of length {length} instead of 92", length=length)
    for flags in (0x4000, 0x8000, 0xC000):
        yield Frame(f"IPv4 with flags 0x{flags:04x}", flags=flags)
    yield Frame("IPv4 first fragment without a second one", flags=0x2000)
    yield Frame("IPv4 last fragment without a first one", flags=0x0010)
    yield Frame("IPv4 fragment beyond 64 KiB", flags=0x1FFF)
    yield Frame("IPv4 fragment with DF", flags=0x6000)
    for ttl in (0, 1, 2, 255):
        yield Frame(f"IPv4 with TTL {ttl}", ttl=ttl)
    for protocol in (0, 1, 4, 6, 41, 47, 50, 89, 103, 132, 136, 255):
        yield Frame(f"IPv4 with protocol {protocol}", protocol=protocol)
    yield Frame("IPv4 with a wrong checksum", checksum=lambda right: right ^ 1)
    yield Frame("IPv4 with checksum 0", checksum=lambda right: 0)
    yield Frame("IPv4 with checksum 0xffff", checksum=lambda right: 0xFFFF)
    for source in SOURCES4:
        yield Frame(f"IPv4 from {source}", source=source)
    for source in ("0.0.0.0", "0.0.0.1", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        yield Frame(f"IPv4 link-local group from {source}", source=source, group="224.0.0.251")
    for group in ("224.0.0.251", "224.0.1.0", "232.1.1.1"):
        yield Frame(f"IPv4 to {group}", group=group)
    for group in ("10.9.0.2", "10.9.0.99", "127.0.0.1", "0.0.0.0", "240.0.0.1", "239.1.2.4"):
        yield Frame(f"IPv4 to {group}", group=group, mac=b"\x01\0\x5e\x01\x02\x03")
    for what, options in {
            "no operation": b"\1\1\1\1", "an end": b"\0\0\0\0", "Router Alert": b"\x94\x04\0\0",
            "an unknown option": b"\x9e\x04\0\0", "record route": b"\x07\x07\x04\0\0\0\0\0",
            "a timestamp": b"\x44\x08\x05\0\0\0\0\0", "a loose source route": b"\x83\x07\x04\x0a\0\0\x01\0",
            "a strict source route": b"\x89\x07\x04\x0a\0\0\x01\0", "40 bytes": b"\1" * 40,
            "an option of length 0": b"\x94\0\0\0", "an option of length 1": b"\x94\x01\0\0",
            "an option past the header": b"\x94\x20\0\0", "a record route past the header": b"\x07\x27\x04\0",
            "a security option": b"\x82\x0b" + b"\0" * 10}.items():
        yield Frame(f"IPv4 with {what}", extensions=options)
    for cut in (14, 20, 33, 34, 41):
        yield Frame(f"IPv4 cut to {cut} bytes", cut=cut)


def ipv6():
    for version in (0, 4, 5, 7, 15):
        yield Frame(f"IPv6 of version {version}", True, version=version)
    for tos in (0x00000001, 0x000FFFFF, 0x0FF00000, 0x0FFFFFFF):
        yield Frame(f"IPv6 with class and label 0x{tos:07x}", True, tos=tos)
    for length in (0, 1, 7, 8, 20, 71, 73, 1460, 65535):
        yield Frame(f"IPv6 of length {length} instead of 72", True, length=length)
    for hops in (0, 1, 255):
        yield Frame(f"IPv6 with hop limit {hops}", True, ttl=hops)
    for protocol in (0, 1, 4, 6, 41, 43, 44, 50, 59, 60, 89, 103, 132, 135, 136, 139, 140, 253, 255):
        yield Frame(f"IPv6 with next header {protocol}", True, protocol=protocol)
    for source in SOURCES6:
        yield Frame(f"IPv6 from {source}", True, source=source)
    for source in ("::", "::1", "ff02::1"):
        yield Frame(f"IPv6 link-local group from {source}", True, source=source, group="ff02::fb")
    for group in GROUPS6[1:]:
        yield Frame(f"IPv6 to {group}", True, group=group)
    for group in ("2001:db8::2", "::", "::1", "ff0e::1:3"):
        yield Frame(f"IPv6 to {group}", True, group=group, mac=b"\x33\x33\0\x01\0\x02")
    for what, (first, extensions) in {
            "hop-by-hop options": (0, extension(17, PAD)),
            "destination options": (60, extension(17, PAD)),
            "a Router Alert": (0, extension(17, b"\5\2\0\0\1\0")),
            "an unknown option to skip": (60, extension(17, b"\x1e\4\0\0\0\0")),
            "an unknown option to drop": (60, extension(17, b"\x5e\4\0\0\0\0")),
            "an unknown option to drop and report": (60, extension(17, b"\x9e\4\0\0\0\0")),
            "an option past its header": (60, extension(17, b"\x1e\x40\0\0\0\0")),
            "routing header 0 used up": (43, extension(17, b"\0\0\0\0\0\0")),
            "routing header 0": (43, extension(17, b"\0\1" + b"\0" * 20)),
            "an unknown routing header": (43, extension(17, b"\xfd\1\0\0\0\0")),
            "a whole packet as a fragment": (44, bytes([17, 0, 0, 0, 0, 0, 0, 9])),
            "a first fragment without a second one": (44, bytes([17, 0, 0, 1, 0, 0, 0, 9])),
            "a last fragment without a first one": (44, bytes([17, 0, 0, 64, 0, 0, 0, 9])),
            "no next header after options": (60, extension(59, PAD)),
            "an extension header past the packet": (60, bytes([17, 200]) + PAD),
            "hop-by-hop options twice": (0, extension(0, PAD) + extension(17, PAD)),
            "hop-by-hop options after others": (60, extension(0, PAD) + extension(17, PAD)),
            "nine extension headers": (60, extension(60, PAD) * 8 + extension(17, PAD)),
            "an authentication header": (51, bytes([17, 4]) + b"\0" * 22),
            "a mobility header": (135, extension(17, PAD)),
            "a HIP header": (139, extension(17, PAD)),
            "a shim6 header": (140, extension(17, PAD))}.items():
        yield Frame(f"IPv6 with {what}", True, first=first, extensions=extensions)
    for cut in (14, 30, 53, 54, 61):
        yield Frame(f"IPv6 cut to {cut} bytes", True, cut=cut)


def udp():
    for ipv6_ in (False, True):
        family = "IPv6" if ipv6_ else "IPv4"
        for port in (0, 4999, 5001, 65535):
            yield Frame(f"{family} UDP to port {port}", ipv6_, port=port)
        for port in (0, 5000, 65535):
            yield Frame(f"{family} UDP from port {port}", ipv6_, source_port=port)
        for length in (0, 1, 7, 8, 40, 71, 73, 65535):
            yield Frame(f"{family} UDP of length {length} instead of 72", ipv6_, udp_length=length)
        yield Frame(f"{family} UDP with checksum 0", ipv6_, udp_checksum=0)
        yield Frame(f"{family} UDP with a wrong checksum", ipv6_, udp_checksum=0x1234)


def frames(own):
    every = [*ethernet(own), *ipv4(), *ipv6(), *udp(), Frame(LAST)]
    names = [frame.name for frame in every]
    assert len(set(names)) == len(names), "two cases have one name"
    return every


# ---- Sending and receiving -------------------------------------------------------------------

def name_in(data):
    """The case of a frame or datagram, None if it is none of ours."""
    at = data.find(MARK)
    return data[at + len(MARK):].split(b"\0")[0].decode() if at >= 0 else None


def send(args):
    """Send all frames out of an interface, the last one until the receiver has surely got it."""
    own = bytes.fromhex(args.own.replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((args.interface, 0))
        for frame in frames(own):
            raw.send(frame.bytes())
            time.sleep(0.001)
        print(len(frames(own)))


def receive(args):
    """Join the groups with kernel sockets and print the case of each datagram."""
    index = socket.if_nametoindex(args.interface)
    four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    for each in (four, six):
        each.bind(("", PORT))
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    for group in GROUPS4:
        four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        struct.pack("=4s4si", socket.inet_aton(group), b"\0" * 4, index))
    for group in GROUPS6:
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                       struct.pack("=16si", socket.inet_pton(socket.AF_INET6, group), index))
    print("ready", flush=True)
    while True:
        for ready in select.select([four, six], [], [])[0]:
            print(name_in(ready.recv(65536)), flush=True)


def compare(args):
    """Print status and description of each case: where one side got the frame, the list has to say so."""
    allowed = {}
    with open(args.allowed) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, who, why = (part.strip() for part in line.split("|"))
                allowed[name] = who, why
    with open(args.kernel) as file:
        kernel = set(file.read().splitlines())
    sluice = {name_in(data) for data in records(args.sluice)}
    every = [frame.name for frame in frames(b"\2\0\0\0\0\1")]
    for name in every:
        who = {(True, True): "both", (True, False): "kernel", (False, True): "Sluice",
               (False, False): "neither"}[name in kernel, name in sluice]
        expected, why = allowed.pop(name, (None, None))
        good = who == expected if expected else who in ("both", "neither")
        print(f"{0 if good else 1}|{name}: {who}{': ' + why if why else ''}")
    for name in allowed:
        print(f"1|{name}: listed, but not sent")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for function, arguments in ((send, ("--interface", "--own")), (receive, ("--interface",)),
                                (compare, ("--allowed", "--kernel", "--sluice"))):
        command = commands.add_parser(function.__name__, description=function.__doc__)
        for argument in arguments:
            command.add_argument(argument, required=True)
        command.set_defaults(function=function)
    args = parser.parse_args()
    args.function(args)


main()
