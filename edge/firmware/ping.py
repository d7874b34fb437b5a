"""SHELL: asks a machine whether it is there, by an interface of our choice, with a packet of any size that nobody may cut in pieces."""

from __future__ import annotations

import os
import secrets
import socket
import struct
import time

ECHO, ECHO_REPLY = 8, 0
HEADERS_BYTES = 28
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
"""Linux: do not fragment, and do not believe what was learnt of the path before."""


def answers(host: str, device: str, timeout_s: float, packet_bytes: int = 64) -> bool:
    """Whether ``host`` answers a ping of ``packet_bytes`` (with its headers) that leaves by ``device``. Needs CAP_NET_RAW."""
    mark = secrets.token_bytes(4)
    number, ends = int.from_bytes(mark[:2]), time.monotonic() + timeout_s
    packet = _echo(number, mark + bytes(max(0, packet_bytes - HEADERS_BYTES - len(mark))))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as asking:
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
            asking.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
            asking.sendto(packet, (host, 0))
            while (left := ends - time.monotonic()) > 0:
                asking.settimeout(left)
                reply, (who, _) = asking.recvfrom(65536)
                if who == host and _is_answer(reply, number, mark):
                    return True
    except PermissionError:
        raise
    except OSError:
        return False  # no device, no route, too large for it, or no answer in time: each says that it is not reached
    return False


def _is_answer(reply: bytes, number: int, mark: bytes) -> bool:
    at = (reply[0] & 15) * 4
    kind, _, _, identifier, _ = struct.unpack_from("!BBHHH", reply, at)
    return kind == ECHO_REPLY and identifier == number and reply[at + 8 : at + 12] == mark


def _echo(number: int, payload: bytes) -> bytes:
    plain = struct.pack("!BBHHH", ECHO, 0, 0, number, os.getpid() & 0xFFFF) + payload
    return plain[:2] + _checksum(plain).to_bytes(2) + plain[4:]


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
