"""Frames as nobody's kernel would send them, made byte by byte, and a hand that puts them on a cable."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

ICMP, IGMP, IPIP, TCP, UDP, ESP, GRE, ICMP6, SCTP = 1, 2, 4, 6, 17, 50, 47, 58, 132
SYN, ACK = 2, 16
BROADCAST = "ff:ff:ff:ff:ff:ff"
SENDER = """import socket, sys
cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
cable.bind((sys.argv[1], 0))
for line in sys.stdin:
    for frame in line.split():
        cable.send(bytes.fromhex(frame))
    print(flush=True)
"""
"""``python -c SENDER DEVICE``: puts the frames of a line, in hexadecimal, on the cable, and says an empty line."""


def ethernet(to: str, payload: bytes) -> bytes:
    """A frame to that card; IPv4 or IPv6, as its payload says."""
    kind = 0x86DD if payload[0] >> 4 == 6 else 0x0800
    return bytes.fromhex(to.replace(":", "")) + b"\x02\x00\x00\x00\x00\x66" + struct.pack("!H", kind) + payload


def ip4(source: str, to: str, protocol: int, payload: bytes, *, offset: int = 0, more: bool = False, options: bytes = b"") -> bytes:  # fmt: skip
    """An IPv4 packet; ``offset``: of a fragment, in bytes, a multiple of eight; ``more`` follow."""
    words = 5 + len(options) // 4
    flags = (0x2000 if more else 0) | offset // 8
    length = 4 * words + len(payload)
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, length, 0x6666, flags, 64, protocol, 0)
    whole = head + IPv4Address(source).packed + IPv4Address(to).packed + options
    return whole[:10] + struct.pack("!H", checksum(whole)) + whole[12:] + payload


def ip6(source: str, to: str, following: int, payload: bytes, hops: int = 255) -> bytes:
    """An IPv6 packet."""
    head = struct.pack("!IHBB", 6 << 28, len(payload), following, hops)
    return head + IPv6Address(source).packed + IPv6Address(to).packed + payload


def tcp(source: str, to: str, ports: tuple[int, int], flags: int = SYN, numbers: tuple[int, int] = (1, 0)) -> bytes:
    """A TCP segment without data."""
    head = struct.pack("!HHIIBBHHH", *ports, *numbers, 0x50, flags, 1024, 0, 0)
    return head[:16] + struct.pack("!H", checksum(_pseudo(source, to, TCP, head) + head)) + head[18:]


def udp(source: str, to: str, ports: tuple[int, int], payload: bytes = b"") -> bytes:
    """A UDP datagram."""
    head = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    return head[:6] + struct.pack("!H", checksum(_pseudo(source, to, UDP, head) + head)) + head[8:]


def icmp(kind: int, code: int, rest: bytes = b"\0\1\0\1", payload: bytes = b"") -> bytes:
    """An ICMP message of IPv4; ``rest``: the four bytes after the checksum."""
    whole = struct.pack("!BBH", kind, code, 0) + rest + payload
    return whole[:2] + struct.pack("!H", checksum(whole)) + whole[4:]


def icmp6(source: str, to: str, kind: int, rest: bytes) -> bytes:
    """An ICMP message of IPv6."""
    whole = struct.pack("!BBH", kind, 0, 0) + rest
    return whole[:2] + struct.pack("!H", checksum(_pseudo(source, to, ICMP6, whole) + whole)) + whole[4:]


def checksum(data: bytes) -> int:
    """The Internet's."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _pseudo(source: str, to: str, protocol: int, payload: bytes) -> bytes:
    if ":" in source:
        return IPv6Address(source).packed + IPv6Address(to).packed + struct.pack("!II", len(payload), protocol)
    return IPv4Address(source).packed + IPv4Address(to).packed + struct.pack("!BBH", 0, protocol, len(payload))
