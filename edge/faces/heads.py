"""PURE: the head of a plain POST, as nearly every program of a hospital writes one.

Only what can be read in one way is read here: HTTP/1.1, printable ASCII, each header once, a body of a stated length, nothing about how the connection
or the body shall be carried. Of everything else nothing is said, and aiohttp, which knows all of HTTP, has the word.

A program writes its heads in one way, and only the length differs from call to call: so a connection's second head is compared with its first, which
takes a sixth of the time that reading it does.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES_MAX = 8 * 1024
"""Longer ones are aiohttp's to refuse."""
_LINES_MAX = 100
"""And those of more lines: it takes 128 at most."""

_PLAIN = re.compile(rb"POST (/[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n")
_LENGTH = re.compile(r"[0-9]{1,9}")
_LENGTH_DIGITS_MAX = 9
_LENGTH_LINE = re.compile(rb"\r\ncontent-length:[\t ]*([0-9]+)", re.IGNORECASE)
_NOT_PLAIN = frozenset(
    {"content-encoding", "expect", "http2-settings", "te", "trailer", "transfer-encoding", "upgrade"}
)  # fmt: skip


class Headers(dict[str, str]):
    """By their names in lower case, without the body's length. ``proof``: what whoever lets callers in has made of them, which is the same for each call that
    says them again; ``None``: nothing yet.
    """

    proof: str | None = None


class Head(NamedTuple):
    """``body_at``: where the body begins; ``end``: where it ends."""

    path: str
    headers: Headers
    body_at: int
    end: int


def read(data: bytes | bytearray) -> Head | None:
    """The head at the beginning of ``data``; ``None``: it is not whole, or not plain."""
    found = _PLAIN.match(data, 0, HEAD_BYTES_MAX)
    if found is None:
        return None
    lines = found[2].decode("ascii").split("\r\n")
    lines.pop()
    headers = Headers()
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip(" \t")
    names = len(headers)
    length = headers.pop("content-length", "")
    if (
        names != len(lines)
        or names > _LINES_MAX
        or "host" not in headers
        or not _LENGTH.fullmatch(length)
        or not _NOT_PLAIN.isdisjoint(headers)
        or headers.get("connection", "keep-alive").lower() != "keep-alive"
    ):
        return None
    return Head(found[1].decode("ascii"), headers, found.end(), found.end() + int(length))


class Form(NamedTuple):
    """How a program writes its heads: ``before`` and ``after`` the body's length it says the same each time."""

    before: bytes
    after: bytes
    path: str
    headers: Headers


def form(data: bytes | bytearray, head: Head) -> Form:
    """That of ``head``, which was read from the beginning of ``data``."""
    found = _LENGTH_LINE.search(data, 0, head.body_at)
    assert found is not None  # else it would not have been read
    begin, end = found.span(1)
    return Form(bytes(data[:begin]), bytes(data[end : head.body_at]), head.path, head.headers)


def again(form: Form, data: bytes | bytearray) -> Head | None:
    """As :func:`read`, if ``data`` begins with a head of that form; with the very same ``headers``. ``None``: it does not."""
    before, after, path, headers = form
    if not data.startswith(before):
        return None
    begin = len(before)
    end = data.find(after[:1], begin, begin + _LENGTH_DIGITS_MAX + 1)
    body_at = end + len(after)
    if end < 0 or body_at > HEAD_BYTES_MAX or not data.startswith(after, end):
        return None
    digits = data[begin:end]
    if not digits.isdigit():
        return None
    return Head(path, headers, body_at, body_at + int(digits))
