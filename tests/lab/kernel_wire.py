# SPDX-License-Identifier: BSD-3-Clause
"""Packets of the comparison with the kernel: builds queries, reads what hosts send."""

import ipaddress
import socket
import struct

TYPES = {1: "IS_IN", 2: "IS_EX", 3: "TO_IN", 4: "TO_EX", 5: "ALLOW", 6: "BLOCK"}
OLD = {0x12: "v1 report", 0x16: "v2 report", 0x17: "leave", 131: "v1 report", 132: "done"}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet_address(destination):
    packed = ipaddress.ip_address(destination).packed
    if len(packed) == 4:
        return b"\x01\0\x5e" + bytes([packed[1] & 0x7F]) + packed[2:]
    return b"\x33\x33" + packed[-4:]


def ip_packet(source, destination, message, damage=0):
    """The IP packet around an IGMP or MLD message; `damage` is added to its checksum."""
    source, destination = (ipaddress.ip_address(a).packed for a in (source, destination))
    if len(source) == 4:
        total = checksum(message[:2] + b"\0\0" + message[4:])
        message = message[:2] + struct.pack("!H", total ^ damage) + message[4:]
        header = struct.pack("!BBHHHBBH", 0x46, 0xC0, 24 + len(message), 0, 0x4000, 1, 2, 0)
        header += source + destination + b"\x94\x04\0\0"
        return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + message
    pseudo = source + destination + struct.pack("!II", len(message), 58)
    total = checksum(pseudo + message[:2] + b"\0\0" + message[4:])
    message = message[:2] + struct.pack("!H", total ^ damage) + message[4:]
    header = struct.pack("!IHBB", 0x60000000, 8 + len(message), 0, 1)
    return header + source + destination + b"\x3a\0\x05\x02\0\0\x01\0" + message


def query(family, version, group=None, sources=(), response_ms=500, robustness=2, interval=125,
          count=None, flags=0, trailing=b"", destination=None, damage=0):
    """A query's IP packet. Versions count the way of IGMP: 3 is MLDv2 too, 2 is MLDv1."""
    packed = b"".join(ipaddress.ip_address(s).packed for s in sources)
    tail = b""
    if version == 3:
        number = len(sources) if count is None else count
        tail = struct.pack("!BBH", flags | robustness, interval, number) + packed
    tail += trailing
    if family == socket.AF_INET:
        code = 0 if version == 1 else response_ms // 100
        field = ipaddress.ip_address(group or "0.0.0.0").packed
        message = struct.pack("!BBH", 0x11, code, 0) + field + tail
        return ip_packet("10.77.0.254", destination or group or "224.0.0.1", message, damage)
    field = ipaddress.ip_address(group or "::").packed
    message = struct.pack("!BBHHH", 130, 0, 0, response_ms, 0) + field + tail
    return ip_packet("fe80::99", destination or group or "ff02::1", message, damage)


def read(packet):
    """The records of one host's IP packet: (type, group, sources), [] if it is something else."""
    if packet[0] >> 4 == 4:
        if packet[9] != 2:
            return []
        message, length = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big")], 4
        group_at = 4
    else:
        if packet[6] != 0 or packet[40] != 58:
            return []
        message, length = packet[48 : 40 + int.from_bytes(packet[4:6], "big")], 16
        group_at = 8
    if message[0] in OLD:
        group = ipaddress.ip_address(message[group_at : group_at + length])
        return [(OLD[message[0]], str(group), ())]
    if message[0] not in (0x22, 143):
        return []
    records, at = [], 8
    for _ in range(int.from_bytes(message[6:8], "big")):
        kind, auxiliary, number = struct.unpack_from("!BBH", message, at)
        at += 4
        group = ipaddress.ip_address(message[at : at + length])
        at += length
        sources = [message[at + i * length : at + (i + 1) * length] for i in range(number)]
        at += number * length + 4 * auxiliary
        names = tuple(sorted(str(ipaddress.ip_address(s)) for s in sources))
        records.append((TYPES[kind], str(group), names))
    return records
