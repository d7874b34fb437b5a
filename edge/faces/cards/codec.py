"""PURE: the readers' dialect: its calls and answers, and the event that a card came or went."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from edge.faces.bodies import DONE, ErrorBody, ReplyBody, SignedRequest
from edge.readers import ReaderEvent
from edge.readers.bindings import ReaderRow
from edge.readers.reads import Read


class ReadRequest(SignedRequest, frozen=True, kw_only=True):
    """Read the card on ``reader``, waiting for it until the deadline. ``reader`` may be empty: then the desk's own, or the only one.
    ``photo``: with the photo, where the edge allows it.
    """

    reader: str = ""
    photo: bool = False


class ReadersBody(Struct, frozen=True, kw_only=True):
    """All readers and how they are."""

    return_code: int
    readers: list[ReaderRow]
    error: ErrorBody | None = None


def readers_body(rows: list[ReaderRow]) -> ReadersBody:
    """The list as the caller reads it."""
    return ReadersBody(return_code=DONE, readers=rows)


def read_body(read: Read | None) -> ReplyBody:
    """The card as the caller reads it: ``answer`` is the identity, its ``person`` ready for 1101 and 2001 (``null`` if the card carries no
    number), and ``read_id``, ``reader``, ``desk`` and ``read_at`` of the read. ``None``: nothing was read lately, and the answer is ``null``.
    """
    if read is None or read.identity is None:
        return ReplyBody(return_code=DONE, outcome="final")
    identity = read.identity
    answer: dict[str, Any] = {
        **msgspec.to_builtins(identity),
        "person": {"kind": identity.kind, "number": identity.number} if identity.number else None,
        "read_id": read.read_id,
        "reader": read.reader,
        "desk": read.desk,
        "read_at": read.at,
    }
    return ReplyBody(return_code=DONE, outcome="final", answer=answer)


def event_data(event: ReaderEvent) -> dict[str, Any]:
    """What the embed face's stream tells as ``card``: which reader and what happened, never who."""
    state = event.state
    return {
        "reader": state.name,
        "change": str(event.change),
        "connected": state.connected,
        "card_present": state.card_present,
    }
