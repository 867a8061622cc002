#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends, writes and reads UDP multicast frames: any source address, with or without a VLAN tag."""

import argparse
import ipaddress
import json
import os
import socket
import struct
import sys
import time

ETHERTYPES = {4: 0x0800, 6: 0x86DD}
TAGS = (0x8100, 0x88A8)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(source, group, port, vlan, payload):
    source, group = ipaddress.ip_address(source), ipaddress.ip_address(group)
    length = 8 + len(payload)
    pseudo = source.packed + group.packed + struct.pack("!II", length, socket.IPPROTO_UDP)
    udp = struct.pack("!HHHH", port, port, length, 0) + payload
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    if group.version == 4:
        mac = b"\x01\x00\x5e" + bytes([group.packed[1] & 0x7F]) + group.packed[2:]
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0x4000, 4,
                             socket.IPPROTO_UDP, 0, source.packed, group.packed)
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    else:
        mac = b"\x33\x33" + group.packed[12:]
        header = struct.pack("!IHBB16s16s", 6 << 28, length, socket.IPPROTO_UDP, 4,
                             source.packed, group.packed)
    tag = struct.pack("!HH", TAGS[0], vlan) if vlan else b""
    return (mac + b"\x02\x00\x00\x00\x00\x50" + tag
            + struct.pack("!H", ETHERTYPES[group.version]) + header + udp)


def stream_frames(args, number):
    """One frame per stream; the payload begins with the number."""
    payload = struct.pack("!I", number).ljust(args.size, b"\x47")
    for text in args.stream:
        stream = dict(part.split("=", 1) for part in text.split(","))
        yield frame(stream["source"], stream["group"], int(stream.get("port", 5000)),
                    int(stream.get("vlan", 0)), payload)


def send(args):
    """Send COUNT frames of each stream, in turn, out of an interface."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((args.interface, 0))
        start = time.monotonic()
        for number in range(args.count):
            for data in stream_frames(args, number):
                raw.send(data)
            ahead = start + (number + 1) / args.rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)


def flood(interface, frames, seconds):
    """Sends the frames again and again as fast as it can; returns the frames per second."""
    start, sent = time.monotonic(), 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((interface, 0))
        while (elapsed := time.monotonic() - start) < seconds:
            for data in frames[sent % len(frames):][:64]:
                try:
                    raw.send(data)
                except OSError:  # the queue is full
                    time.sleep(0.0001)
                sent += 1
    return int(sent / elapsed)


def write(args):
    """Write the frames of `send` into a capture file."""
    with open(args.capture, "wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(args.count):
            for data in stream_frames(args, number):
                capture.write(struct.pack("<IIII", number, 0, len(data), len(data)) + data)


def records(path):
    with open(path, "rb") as capture:
        header = capture.read(24)
        if len(header) < 24:
            return
        order = "<" if header[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while len(record := capture.read(16)) == 16:
            data = capture.read(struct.unpack(order + "IIII", record)[2])
            yield data


def datagrams(path):
    """(VLAN, source, group, port, payload) of each UDP datagram; 0 is no VLAN."""
    for data in records(path):
        vlan, at = 0, 12
        ethertype = int.from_bytes(data[12:14], "big")
        if ethertype in TAGS:
            vlan = int.from_bytes(data[14:16], "big") & 0xFFF
            at, ethertype = 16, int.from_bytes(data[16:18], "big")
        at += 2
        if ethertype == ETHERTYPES[4] and data[at + 9] == socket.IPPROTO_UDP:
            addresses, udp = data[at + 12:at + 20], at + (data[at] & 15) * 4
        elif ethertype == ETHERTYPES[6] and data[at + 6] == socket.IPPROTO_UDP:
            addresses, udp = data[at + 8:at + 40], at + 40
        else:
            continue
        half = len(addresses) // 2
        port, length = struct.unpack("!HH", data[udp + 2:udp + 6])
        yield (vlan, str(ipaddress.ip_address(addresses[:half])),
               str(ipaddress.ip_address(addresses[half:])), port, data[udp + 8:udp + length])


def summary(args):
    """Print one line per stream: group source vlan frames."""
    counts = {}
    for vlan, source, group, _, _ in datagrams(args.capture):
        counts[group, source, vlan] = counts.get((group, source, vlan), 0) + 1
    for (group, source, vlan), count in sorted(counts.items()):
        print(group, source, vlan, count)


def payload(args):
    """Print the payload of one group."""
    for _, _, group, _, data in datagrams(args.capture):
        if group == args.group:
            sys.stdout.buffer.write(data)


def client(args):
    """Send each line of standard input to a control socket, and print its answer."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(args.socket)
        stream = control.makefile("rw")
        for line in sys.stdin:
            print(line.strip(), file=stream, flush=True)
            print(stream.readline().strip(), flush=True)
        if args.hold:
            stream.read()


def batch(args):
    """Print a JSON-RPC batch on one line: METHOD for COUNT groups from FIRST on."""
    first = ipaddress.ip_address(args.first)
    print(json.dumps([
        {"jsonrpc": "2.0", "id": i, "method": args.method,
         "params": {"group": str(first + i), **json.loads(args.params)}}
        for i in range(args.count)]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    streams = argparse.ArgumentParser(add_help=False)
    streams.add_argument("stream", nargs="+", help="group=G,source=S[,vlan=V][,port=P]")
    streams.add_argument("--count", type=int, default=50, help="frames per stream")
    streams.add_argument("--size", type=int, default=188, help="bytes of payload")
    command = commands.add_parser("send", help=send.__doc__, parents=[streams])
    command.add_argument("--rate", type=float, default=1000, help="rounds per second")
    command.add_argument("--interface", required=True)
    command.set_defaults(run=send)
    command = commands.add_parser("write", help=write.__doc__, parents=[streams])
    command.add_argument("--capture", required=True)
    command.set_defaults(run=write)
    command = commands.add_parser("summary", help=summary.__doc__)
    command.add_argument("capture")
    command.set_defaults(run=summary)
    command = commands.add_parser("payload", help=payload.__doc__)
    command.add_argument("capture")
    command.add_argument("group")
    command.set_defaults(run=payload)
    command = commands.add_parser("client", help=client.__doc__)
    command.add_argument("socket")
    command.add_argument("--hold", action="store_true", help="keep the connection open")
    command.set_defaults(run=client)
    command = commands.add_parser("batch", help=batch.__doc__)
    command.add_argument("method")
    command.add_argument("first")
    command.add_argument("count", type=int)
    command.add_argument("--params", default="{}")
    command.set_defaults(run=batch)
    args = parser.parse_args()
    try:
        args.run(args)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
