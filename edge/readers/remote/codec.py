"""PURE: what an edge and an agent say to each other: msgpack, one message a frame, each a tagged struct.

Either side reads a frame with :func:`from_agent` or :func:`from_edge`; whatever is no message of this table is :class:`Nonsense`. An agent may be
stolen or broken, so that what it says of readers and cards goes through :func:`trusted_states`, :func:`trusted_identity` and
:func:`trusted_refusal` before anybody sees it. Unknown fields are let pass: a newer side may say more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct, structs

from central_sync.terms import identifiers
from central_sync.wire.refusals import Refused
from edge.readers import READ_REFUSALS, Change, ReaderState
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.remote.limits import (
    DETAIL_CHARACTERS_MAX,
    MESSAGE_BYTES_MAX,
    NAME_CHARACTERS_MAX,
    PHOTO_BYTES_MAX,
    READ_ID_CHARACTERS_MAX,
    READERS_PER_AGENT_MAX,
    TEXT_CHARACTERS_MAX,
)
from edge.readers.troubles import TROUBLES

T = TypeVar("T")

ReadNumber = Annotated[int, Meta(ge=0, le=2**53)]
Name = Annotated[str, Meta(max_length=NAME_CHARACTERS_MAX)]
ReadId = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_-]{{16,{READ_ID_CHARACTERS_MAX}}}$")]


class Nonsense(Exception):
    """A frame that is no message, or one that contradicts itself. Its text never quotes the frame."""


class _Said(Struct, frozen=True, kw_only=True):
    """Base of all messages."""


# -- what an agent says ------------------------------------------------------------------------------------------------


class ReadersAre(_Said, frozen=True, kw_only=True, tag="readers"):
    """All readers of the agent and how they are now; the first message, and again when one changed without an event."""

    readers: Annotated[list[ReaderState], Meta(max_length=READERS_PER_AGENT_MAX)]


class Happened(_Said, frozen=True, kw_only=True, tag="happened"):
    """``change`` at the reader whose state is now ``state``."""

    change: Change
    state: ReaderState


class ReadDone(_Said, frozen=True, kw_only=True, tag="done"):
    """The answer to a :class:`ReadAsked`."""

    number: ReadNumber
    identity: CardIdentity


class ReadFailed(_Said, frozen=True, kw_only=True, tag="failed"):
    """The refusal of a :class:`ReadAsked`."""

    number: ReadNumber
    code: Name
    detail: str = ""


class ReadMade(_Said, frozen=True, kw_only=True, tag="made"):
    """A card was read at the agent's own face; the edge shall know it as a proof of presence."""

    read_id: ReadId
    reader: Name
    identity: CardIdentity
    lies: bool = True
    """Whether that card lies there still."""


# -- what an edge says -------------------------------------------------------------------------------------------------


class Welcome(_Said, frozen=True, kw_only=True, tag="welcome"):
    """The edge's first message: whose edge it is, and its civil days' IANA zone."""

    institution: str
    zone: str


class ReadAsked(_Said, frozen=True, kw_only=True, tag="read"):
    """Read the card on ``reader`` (as the agent calls it) within ``deadline_s``."""

    number: ReadNumber
    reader: str
    deadline_s: Annotated[float, Meta(ge=0, le=3600)]
    photo: bool = False


class ReadDropped(_Said, frozen=True, kw_only=True, tag="drop"):
    """Nobody waits for this read any more."""

    number: ReadNumber


class ReadNoted(_Said, frozen=True, kw_only=True, tag="noted"):
    """The edge knows the read ``read_id``."""

    read_id: str


FromAgent = ReadersAre | Happened | ReadDone | ReadFailed | ReadMade
FromEdge = Welcome | ReadAsked | ReadDropped | ReadNoted

_encoder = msgspec.msgpack.Encoder()
_of_agent = msgspec.msgpack.Decoder(FromAgent)
_of_edge = msgspec.msgpack.Decoder(FromEdge)


def frame(message: FromAgent | FromEdge) -> bytes:
    """The frame of ``message``."""
    return _encoder.encode(message)


def from_agent(content: bytes) -> FromAgent:
    """What an agent said.

    Raises:
        Nonsense: it is no message, or one that contradicts itself.
    """
    said: FromAgent = _read(_of_agent, content)
    if isinstance(said, ReadersAre) and len({state.name for state in said.readers}) != len(said.readers):
        raise Nonsense("two readers with one name")
    return said


def from_edge(content: bytes) -> FromEdge:
    """What the edge said.

    Raises:
        Nonsense: it is no message.
    """
    said: FromEdge = _read(_of_edge, content)
    return said


def _read(decoder: msgspec.msgpack.Decoder[T], content: bytes) -> T:
    if len(content) > MESSAGE_BYTES_MAX:
        raise Nonsense(f"over {MESSAGE_BYTES_MAX} bytes")
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise Nonsense(f"no message of ours ({type(error).__name__})") from None


# -- what is believed of an agent --------------------------------------------------------------------------------------


def named(agent: str, reader: str) -> str:
    """The edge's name of an agent's reader."""
    return f"{agent}/{reader}"


def trusted_state(agent: str, state: ReaderState) -> ReaderState:
    """``state`` as the edge shows it: named after its agent, with a trouble that has a sentence.

    Raises:
        Nonsense: the name cannot be shown.
    """
    if not (0 < len(state.name) <= NAME_CHARACTERS_MAX and state.name.isprintable()):
        raise Nonsense("a reader's name that cannot be shown")
    trouble = state.trouble if not state.trouble or state.trouble in TROUBLES else "reader_failed"
    return structs.replace(
        state,
        name=named(agent, state.name),
        driver=state.driver[:NAME_CHARACTERS_MAX] if state.driver.isprintable() else "",
        card_present=state.connected and state.card_present,
        trouble=trouble,
    )


def trusted_identity(identity: CardIdentity, *, photo: bool) -> CardIdentity:
    """``identity`` if it holds what any driver of our own would have let through; without a photo that nobody asked for.

    Raises:
        Refused: ``card_unreadable``.
    """
    if identity.kind or identity.number:
        number = identifiers.checked(identity.kind, identity.number)
        if number is None:
            raise Refused("card_unreadable", "the number fails its check")
        identity = structs.replace(identity, number=number)
    if any(len(text) > TEXT_CHARACTERS_MAX for text in _texts(identity)) or len(identity.photo) > PHOTO_BYTES_MAX:
        raise Refused("card_unreadable", "a field that is too long")
    return identity if photo else structs.replace(identity, photo=b"")


def trusted_refusal(code: str, detail: str) -> Refused:
    """The refusal that an agent tells; a code that no driver may use is the agent's fault."""
    if code not in READ_REFUSALS:
        return Refused("reader_failed", "its computer tells a refusal that is not known")
    return Refused(code, detail[:DETAIL_CHARACTERS_MAX])


def _texts(struct: Struct) -> Iterable[str]:
    for value in structs.astuple(struct):
        if isinstance(value, str):
            yield value
        elif isinstance(value, Insurance):
            yield from _texts(value)
