"""PURE: the readers' dialect: its calls and answers, and the event that a card came or went."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from edge.faces.bodies import DONE, ErrorBody, ReplyBody, SignedRequest
from edge.readers import ReaderEvent, ReaderState
from edge.readers.cards.identity import CardIdentity


class ReadRequest(SignedRequest, frozen=True, kw_only=True):
    """Read the card on ``reader`` (may be empty when there is one reader), waiting for it until the deadline."""

    reader: str = ""


class ReadersBody(Struct, frozen=True, kw_only=True):
    """All readers and how they are."""

    return_code: int
    readers: list[ReaderState]
    error: ErrorBody | None = None


def readers_body(states: list[ReaderState]) -> ReadersBody:
    """The list as the caller reads it."""
    return ReadersBody(return_code=DONE, readers=states)


def card_body(identity: CardIdentity) -> ReplyBody:
    """The card as the caller reads it: ``answer`` is the identity, its ``person`` ready for 1101 and 2001."""
    plain = msgspec.to_builtins(identity)
    answer = {**plain, "person": {"kind": identity.kind, "number": identity.number}}
    return ReplyBody(return_code=DONE, outcome="final", answer=answer)


def event_data(event: ReaderEvent) -> dict[str, Any]:
    """What the event stream tells as ``card``: which reader and what happened, never who."""
    state = event.state
    return {
        "reader": state.name,
        "change": str(event.change),
        "connected": state.connected,
        "card_present": state.card_present,
    }
