"""PURE: the head of a plain POST, as nearly every program of a hospital writes one.

Only what can be read in one way is read here: HTTP/1.1, printable ASCII, each header once, a body of a stated length, nothing about how the connection
or the body shall be carried. Of everything else nothing is said, and aiohttp, which knows all of HTTP, has the word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES_MAX = 8 * 1024
"""Longer ones are aiohttp's to refuse."""

_PLAIN = re.compile(rb"POST (/[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n")
_LENGTH = re.compile(r"[0-9]{1,9}")
_NOT_PLAIN = frozenset(
    {"content-encoding", "expect", "http2-settings", "te", "trailer", "transfer-encoding", "upgrade"}
)  # fmt: skip


class Head(NamedTuple):
    """``headers`` by their names in lower case. ``body_at``: where the body begins; ``end``: where it ends."""

    path: str
    headers: dict[str, str]
    body_at: int
    end: int


def read(data: bytes | bytearray) -> Head | None:
    """The head at the beginning of ``data``; ``None``: it is not whole, or not plain."""
    found = _PLAIN.match(data, 0, HEAD_BYTES_MAX)
    if found is None:
        return None
    lines = found[2].decode("ascii").split("\r\n")
    lines.pop()
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip(" \t")
    length = headers.get("content-length", "")
    if (
        len(headers) != len(lines)
        or "host" not in headers
        or not _LENGTH.fullmatch(length)
        or not _NOT_PLAIN.isdisjoint(headers)
        or headers.get("connection", "keep-alive").lower() != "keep-alive"
    ):
        return None
    return Head(found[1].decode("ascii"), headers, found.end(), found.end() + int(length))
