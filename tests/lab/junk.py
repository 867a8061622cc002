#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Floods an interface with IGMP messages of one type, and prints the frames per second.

usage: junk.py INTERFACE TYPE SOURCE DESTINATION SECONDS
"""

import ipaddress
import socket
import struct
import sys

from frames import checksum, flood


def message(kind, source, destination):
    igmp = bytes([kind, 0, 0, 0]) + ipaddress.ip_address("239.1.1.1").packed
    igmp = igmp[:2] + struct.pack("!H", checksum(igmp)) + igmp[4:]
    header = struct.pack("!BBHHHBBH4s4s4s", 0x46, 0xC0, 24 + len(igmp), 0, 0, 1, socket.IPPROTO_IGMP,
                         0, source.packed, destination.packed, b"\x94\x04\0\0")
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    mac = b"\x01\x00\x5e" + bytes([destination.packed[1] & 0x7F]) + destination.packed[2:]
    return (mac + b"\x02\x00\x00\x00\x00\x50\x08\x00" + header + igmp).ljust(60, b"\0")


def main():
    interface, kind, source, destination, seconds = sys.argv[1:]
    data = message(int(kind, 0), ipaddress.ip_address(source), ipaddress.ip_address(destination))
    print(flood(interface, [data] * 64, float(seconds)))


if __name__ == "__main__":
    main()
