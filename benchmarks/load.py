"""A client that loads one HTTP address from many connections and costs little itself: ``python -m benchmarks.load < plan``.

Raw sockets with keep-alive under one epoll, each connection one call at a time (closed loop). It runs as a process of its own, so that
what it costs is not taken from the server's process. Reads a :class:`Plan` as JSON from standard input, prints a :class:`Load`.
"""

from __future__ import annotations

import os
import resource
import select
import socket
import sys
import time

import msgspec
from msgspec import Struct

from benchmarks.figure import percentile

READ_BYTES = 64 * 1024
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
STALLED_S_MAX = 30.0
SERIAL = "#serial#"
"""In each of a plan's bodies: where each call writes its own msgid."""
SERIAL_CHARACTERS = 24


class Plan(Struct, frozen=True, kw_only=True):
    """What to send, how, for how long: each connection has one of the bodies. ``expect`` must stand in every answer's body; calls of the warm-up are not counted."""

    host: str
    port: int
    path: str
    connections: int
    seconds: float
    warm_up_s: float
    bodies: list[str]
    token: str = ""
    expect: str = ""


class Load(Struct, frozen=True, kw_only=True):
    """What came of it. ``bad``: answers that did not hold what was expected; ``client_share``: of one core, used by this process."""

    calls: int
    bad: int
    per_s: float
    p50_ms: float
    p99_ms: float
    client_share: float
    first_bad: str = ""


class Caller:
    """One connection, its call under way, and what has come of the answer."""

    __slots__ = ("after", "answer", "before", "began", "sock")

    def __init__(self, address: tuple[str, int], before: bytes, after: bytes) -> None:
        self.before = before
        self.after = after
        self.sock = socket.create_connection(address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""
        self.began = 0.0

    def whole(self) -> bool:
        """Read what is there; whether the answer is complete."""
        chunk = self.sock.recv(READ_BYTES)
        if not chunk:
            raise ConnectionError("the server closed a connection")
        self.answer = self.answer + chunk if self.answer else chunk
        head = self.answer.find(HEAD_END)
        if head < 0:
            return False
        lower = self.answer[:head].lower()
        at = lower.index(LENGTH) + len(LENGTH)
        end = lower.find(b"\r", at)
        length = int(lower[at : end if end >= 0 else None])
        return len(self.answer) >= head + len(HEAD_END) + length


def request_parts(plan: Plan, body: str) -> tuple[bytes, bytes]:
    """A call's bytes before and after its serial; the body has :data:`SERIAL` once."""
    before, after = (part.encode() for part in body.split(SERIAL))
    length = len(before) + SERIAL_CHARACTERS + len(after)
    return head(plan.host, plan.port, plan.path, plan.token, length) + before, after


def head(host: str, port: int, path: str, token: str, length: int) -> bytes:
    """What stands before the ``length`` bytes of a call's body."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    ]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join(lines).encode() + HEAD_END


def run(plan: Plan) -> Load:
    """Load the server by ``plan``.

    Raises:
        ConnectionError, TimeoutError: the server closed a connection or did not answer for long.
    """
    prefix = os.urandom(5).hex().encode() + b"-"
    digits = SERIAL_CHARACTERS - len(prefix)
    expect = plan.expect.encode()
    poll = select.epoll()
    parts = [request_parts(plan, body) for body in plan.bodies]
    callers = [Caller((plan.host, plan.port), *parts[place % len(parts)]) for place in range(plan.connections)]
    by_descriptor = {caller.sock.fileno(): caller for caller in callers}
    serial, bad, first_bad, taken = 0, 0, b"", []
    clock = time.perf_counter
    started = clock()
    counted_from, until = started + plan.warm_up_s, started + plan.warm_up_s + plan.seconds
    used = 0.0
    try:
        for caller in callers:
            poll.register(caller.sock.fileno(), select.EPOLLIN)
            serial += 1
            caller.began = clock()
            caller.sock.sendall(b"%b%b%0*d%b" % (caller.before, prefix, digits, serial, caller.after))
        now = clock()
        while now < until:
            ready = poll.poll(STALLED_S_MAX)
            if not ready:
                raise TimeoutError("the server does not answer")
            if not used and now >= counted_from:
                used = _used_s()
            for descriptor, _ in ready:
                caller = by_descriptor[descriptor]
                if not caller.whole():
                    continue
                now = clock()
                if expect not in caller.answer:
                    bad += 1
                    first_bad = first_bad or caller.answer
                if now >= counted_from:
                    taken.append(now - caller.began)
                caller.answer = b""
                serial += 1
                caller.began = now
                caller.sock.sendall(b"%b%b%0*d%b" % (caller.before, prefix, digits, serial, caller.after))
        span = now - counted_from
    finally:
        for caller in callers:
            caller.sock.close()
    return Load(
        calls=len(taken),
        bad=bad,
        per_s=len(taken) / span,
        p50_ms=percentile(taken, 0.5) * 1000,
        p99_ms=percentile(taken, 0.99) * 1000,
        client_share=(_used_s() - used) / span,
        first_bad=first_bad.partition(HEAD_END)[2].decode(errors="replace")[:500],
    )


def _used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan))) + b"\n")
