"""PURE: the readers' dialect: its calls and answers, and the event that a card came or went."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs

from central_sync.wire.refusals import Refused
from edge.faces.bodies import DONE, REFUSED, ErrorBody, ReplyBody, SignedRequest, error_body
from edge.faces.limits import CARD_REQUEST_S_DEFAULT, CARD_REQUEST_S_MAX, POLL_MS_MAX, PROMPT_CHARACTERS_MAX
from edge.readers import ReaderEvent
from edge.readers.bindings import ReaderRow
from edge.readers.reads import CardRequest, Read, RequestState


class ReadRequest(SignedRequest, frozen=True, kw_only=True):
    """Read the card on ``reader``, waiting for it until the deadline. ``reader`` may be empty: then the desk's own, or the only one.
    ``photo``: with the photo, where the edge allows it.
    """

    reader: str = ""
    photo: bool = False


class AskRequest(SignedRequest, frozen=True, kw_only=True):
    """Ask for a card: the answer comes at once, and the card when the clerk has put one down. ``prompt`` is shown to whoever watches the
    desk's events. ``timeout_s``: how long it may take.
    """

    reader: str = ""
    prompt: Annotated[str, Meta(max_length=PROMPT_CHARACTERS_MAX)] = ""
    timeout_s: Annotated[int, Meta(ge=1, le=CARD_REQUEST_S_MAX)] = CARD_REQUEST_S_DEFAULT


class RequestBody(Struct, frozen=True, kw_only=True):
    """How a card request stands. ``state``: ``waiting``, ``read`` (``answer`` is as that of a read), ``timed_out``, ``cancelled`` or ``failed``;
    ``error`` says why there is no card. ``until``: when it will time out, or when it ended. ``card_error``: why the last card put down
    could not be read, while the request still waits for a better one.
    """

    return_code: int
    request_id: str
    state: str
    reader: str
    until: datetime
    card_error: ErrorBody | None = None
    answer: dict[str, Any] | None = None
    error: ErrorBody | None = None


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


def request_body(request: CardRequest, read: Read | None) -> RequestBody:
    """How the request stands; ``read`` is the one that answered it, while its identity is kept."""
    told = RequestBody(
        return_code=DONE,
        request_id=request.request_id,
        state=str(request.state),
        reader=request.reader,
        until=request.until,
    )
    if request.state is RequestState.WAITING:
        card_error = error_body(request.code, request.detail) if request.code else None
        return structs.replace(told, card_error=card_error)
    answer = read_body(read).answer if request.state is RequestState.READ else None
    if answer is not None:
        return structs.replace(told, answer=answer)
    code = request.code or "card_forgotten"
    return structs.replace(told, return_code=REFUSED, error=error_body(code, request.detail))


def event_data(event: ReaderEvent) -> dict[str, Any]:
    """What the embed face's stream tells as ``card``: which reader and what happened, never who."""
    state = event.state
    return {
        "reader": state.name,
        "change": str(event.change),
        "connected": state.connected,
        "card_present": state.card_present,
    }


def wait_ms(text: str) -> int:
    """How long a poll waits.

    Raises:
        Refused: ``deadline_invalid``.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= POLL_MS_MAX):
        raise Refused("deadline_invalid", f"wait_ms: 0 to {POLL_MS_MAX}")
    return int(text)
