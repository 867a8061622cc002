#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Floods an interface with frames of one kind as fast as it can, and prints the frames per second.

usage: flood.py INTERFACE KIND SECONDS

KIND is unjoined (UDP to 10,000 groups), queries (general and group-specific IGMPv3 queries), reports
(forged IGMPv3 reports of many hosts), runts (frames of 14 to 59 bytes, so that IP packets are cut short) or
mixed (all of them).
"""

import ipaddress
import random
import socket
import struct
import sys

from frames import checksum, flood, frame

VARIANTS = 2048


def ip4(address):
    return ipaddress.ip_address(address).packed


def igmp(source, destination, message):
    """A frame with an IGMP message, whose checksum is not there yet."""
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    header = struct.pack("!BBHHHBBH4s4s4s", 0x46, 0xC0, 24 + len(message), 0, 0, 1, socket.IPPROTO_IGMP,
                         0, ip4(source), ip4(destination), b"\x94\x04\0\0")
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    group = ip4(destination)
    mac = b"\x01\x00\x5e" + bytes([group[1] & 0x7F]) + group[2:]
    return (mac + b"\x02\x00\x00\x00\x00\x50\x08\x00" + header + message).ljust(60, b"\0")


def host(dice):
    return "10.9.%d.%d" % (dice.randrange(1, 256), dice.randrange(1, 255))


def group(dice):
    return "239.%d.%d.%d" % (dice.randrange(100, 140), dice.randrange(256), dice.randrange(256))


def unjoined(dice):
    return frame(host(dice), group(dice), 5000, 0, b"\x47" * 26)


def query(dice):
    asked = dice.choice(["0.0.0.0", "239.1.1.1", group(dice)])
    destination = "224.0.0.1" if asked == "0.0.0.0" else asked
    return igmp("10.9.0.50", destination, struct.pack("!BBH4sBBH", 0x11, 10, 0, ip4(asked), 2, 20, 0))


def report(dice):
    records = b"".join(struct.pack("!BBH4s", dice.randrange(1, 7), 0, 0, ip4(dice.choice(["239.1.1.1", group(dice)])))
                       for _ in range(4))
    return igmp(host(dice), "224.0.0.22", struct.pack("!BBHHH", 0x22, 0, 0, 0, 4) + records)


def runt(dice):
    whole = dice.choice([unjoined, query, report])(dice)
    return whole[:dice.randrange(14, 60)]


def mixed(dice):
    return dice.choice([unjoined, query, report, runt])(dice)


KINDS = {"unjoined": unjoined, "queries": query, "reports": report, "runts": runt, "mixed": mixed}


def main():
    interface, kind, seconds = sys.argv[1:]
    dice = random.Random(1)
    frames = [KINDS[kind](dice) for _ in range(VARIANTS)]
    print(flood(interface, frames, float(seconds)))


if __name__ == "__main__":
    main()
