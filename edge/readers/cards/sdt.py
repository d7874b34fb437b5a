"""PURE: speaking to a SAM-V module, the part of every Chinese ID card reader that talks to the card (SDT protocol).

A frame is ``AA AA AA 96 69``, a length of two bytes, a body, and the XOR of length and body. The length counts the body and the XOR. A request's body is
command, parameter, data; an answer's is three status bytes, of which the last one says something, and data.

Rules
    * The length alone says where a frame ends, never a pause. :class:`Frames` finds frames in any noise, however the bytes were cut up, and holds no
      more than one frame.
    * An answer does not say what it answers. :meth:`Request.takes` therefore knows which status and size belong to it; what does not is a late
      answer to somebody else, and is passed over.
    * Seconds are those of the field: one to find or select a card, three to read it.
"""

from __future__ import annotations

import operator
from collections.abc import Generator
from functools import reduce
from typing import NamedTuple, TypeVar

T = TypeVar("T")
Talk = Generator["Request", "Answer", T]
"""A conversation with the module: yields requests, is sent their answers, returns what it is about. ``conversation.converse`` runs it."""

MARK = bytes.fromhex("AAAAAA9669")
LENGTH_BYTES = 2
LENGTH_MIN = 4
"""Three bytes of status and the XOR."""
LENGTH_MAX = 2314
"""Text, photo and fingerprint: the longest answer that was ever seen."""

OK = 0x90
FOUND = 0x9F
FIND_FAILED = 0x80
SELECT_FAILED = 0x81
READ_FAILED = 0x41
WRONG_KIND = 0x40
NO_SUCH_ITEM = 0x91

STATUSES: dict[int, str] = {
    -1: "no answer",
    -2: "an answer with a wrong checksum",
    OK: "done",
    FOUND: "a card was found",
    0x10: "the reader got a wrong checksum",
    0x11: "the reader got a wrong length",
    0x21: "the reader does not know the command",
    0x23: "the command is not allowed",
    0x24: "an unknown error",
    0x31: "the card does not accept the reader's security module",
    0x32: "the reader's security module does not accept the card",
    0x33: "the card's data fail their check",
    WRONG_KIND: "a wrong kind of card",
    READ_FAILED: "the card could not be read",
    0x47: "no random number came from the card",
    0x60: "the reader's self-test failed",
    0x66: "the reader is not authorised",
    FIND_FAILED: "no card was found",
    SELECT_FAILED: "no card was selected",
    NO_SUCH_ITEM: "the card has no such item",
}
"""The third status byte."""

_OF_ANY = (0x10, 0x11, 0x21, 0x23, 0x24, 0x60, 0x66)


class Answer(NamedTuple):
    """``status`` is a key of :data:`STATUSES`, or unknown."""

    status: int
    data: bytes

    @property
    def meaning(self) -> str:
        """The status for the technician."""
        known = STATUSES.get(self.status, "an unknown status")
        return known if self.status < 0 else f"{known} ({self.status:02X})"


SILENT = Answer(-1, b"")
"""Stands for an answer that did not come in time."""
DAMAGED = Answer(-2, b"")
"""Stands for a frame whose XOR does not fit."""


class Request(NamedTuple):
    """``body`` without frame. Done is ``done`` with ``bytes_min`` to ``bytes_max`` bytes of data; ``others`` are the statuses of its own failures."""

    name: str
    body: bytes
    done: int
    bytes_min: int
    bytes_max: int
    others: tuple[int, ...]
    seconds: float

    @property
    def frame(self) -> bytes:
        """As it goes over the line."""
        return frame(self.body)

    def takes(self, answer: Answer) -> bool:
        """Whether ``answer`` can be the one to this request."""
        if answer is DAMAGED or answer.status in _OF_ANY or answer.status in self.others:
            return True
        return answer.status == self.done and self.bytes_min <= len(answer.data) <= self.bytes_max


STATUS = Request("status", b"\x11\xff", OK, 0, 0, (0x60,), 1.0)
FIND = Request("find", b"\x20\x01", FOUND, 4, 4, (FIND_FAILED,), 1.0)
SELECT = Request("select", b"\x20\x02", OK, 8, 8, (SELECT_FAILED, 0x31, 0x32, WRONG_KIND), 1.0)
READ = Request("read", b"\x30\x01", OK, 260, LENGTH_MAX, (0x31, 0x32, 0x33, WRONG_KIND, READ_FAILED, 0x47), 3.0)
NEW_ADDRESS = Request("new address", b"\x30\x03", OK, 70, 70, (NO_SUCH_ITEM, READ_FAILED, 0x33, 0x47), 1.0)


def frame(body: bytes) -> bytes:
    """``body`` with mark, length and XOR."""
    counted = (len(body) + 1).to_bytes(LENGTH_BYTES) + body
    return MARK + counted + bytes([_xor(counted)])


class Frames:
    """Cuts what comes over the line into answers."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def unfinished(self) -> bool:
        """Whether a frame has begun."""
        return len(self._bytes) >= len(MARK)

    def clear(self) -> None:
        """Forget what is unfinished."""
        self._bytes.clear()

    def feed(self, some: bytes) -> list[Answer]:
        """The answers that ``some`` more bytes complete; :data:`DAMAGED` where the XOR is wrong.

        After a damaged frame the search goes on right behind the start of its mark: a wrong length must not swallow the frame that follows.
        """
        self._bytes += some
        answers = []
        while (body := self._next()) is not None:
            answers.append(DAMAGED if not body else Answer(body[2], body[3:]))
        return answers

    def resynchronise(self) -> list[Answer]:
        """The time is over: what began was no frame, or one with a wrong length. The answers that lie behind its mark."""
        del self._bytes[:1]
        return self.feed(b"")

    def _next(self) -> bytes | None:
        """The next frame's body; empty when it is damaged; ``None`` when more bytes are needed."""
        held, head = self._bytes, len(MARK) + LENGTH_BYTES
        while True:
            at = held.find(MARK)
            if at < 0:
                del held[: max(len(held) - len(MARK) + 1, 0)]
                return None
            del held[:at]
            if len(held) < head:
                return None
            length = int.from_bytes(held[len(MARK) : head])
            if not LENGTH_MIN <= length <= LENGTH_MAX:
                del held[0]
                continue
            if len(held) < head + length:
                return None
            counted = bytes(held[len(MARK) : head + length])
            if _xor(counted):
                del held[0]
                return b""
            del held[: head + length]
            return counted[LENGTH_BYTES:-1]


def _xor(some: bytes) -> int:
    return reduce(operator.xor, some, 0)
