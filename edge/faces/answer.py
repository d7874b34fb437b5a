"""SHELL: an answer in JSON that leaves in one piece, head and body.

aiohttp's own response builds a dictionary of headers and a dozen small objects for each call; ours are always the same few lines, so they
are written as bytes: about a fifth of what a call costs before it reaches the journal. Never kept by a browser or a proxy.
"""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion11
from aiohttp.web_request import BaseRequest

_HEAD = (
    b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    b"Date: %b\r\n%bContent-Length: %d\r\n\r\n"
)
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
_encoder = msgspec.json.Encoder()


class _Date:
    """The ``Date`` header, made once a second."""

    second = 0
    text = b""


def _date() -> bytes:
    now = int(time.time())
    if now != _Date.second:
        _Date.second, _Date.text = now, formatdate(now, usegmt=True).encode()
    return _Date.text


class JsonAnswer(web.StreamResponse):
    """``told`` as JSON with ``status``. ``more``: further header lines, each ended as HTTP ends lines; set before it is sent."""

    def __init__(self, told: msgspec.Struct, status: int = 200) -> None:
        # The base's constructor is left out on purpose: it makes the dictionaries that this class is there to do without.
        self._status = status
        self._json = _encoder.encode(told)
        self.more = b""

    def whole(self, *, ends: bool) -> bytes:
        """The whole answer to a call of HTTP/1.1. ``ends``: the connection ends with it."""
        return self._piece(b"Connection: close\r\n" if ends else b"")

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send the whole answer; aiohttp calls this once, and :meth:`write_eof` after it."""
        self._keep_alive = keep = request.keep_alive
        if request.version != HttpVersion11:
            connection = b"Connection: keep-alive\r\n" if keep else b""
        else:
            connection = b"" if keep else b"Connection: close\r\n"
        piece = self._piece(connection)
        if request.method == hdrs.METH_HEAD:  # who asks for the head alone would take a body for the next answer
            piece = piece[: len(piece) - len(self._json)]
        await request.writer.write(piece)
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to send."""

    def _piece(self, connection: bytes) -> bytes:
        more = self.more + connection
        return _HEAD % (self._status, _PHRASES[self._status], _date(), more, len(self._json)) + self._json
