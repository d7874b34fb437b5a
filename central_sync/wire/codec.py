"""Bytes ↔ messages, and the digest that makes a resend recognisable.

On the line: MessagePack in one zstd frame (compression.py). A body names its version itself (``version`` in its map); older ones are
lifted to the present shape by versions.py before they are read. Nothing larger than ``BODY_BYTES_MAX`` is unpacked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from central_sync.wire import versions
from central_sync.wire.catalogue import BY_NUMBER, Row
from central_sync.wire.compression import KNOWN, Level, compressed, decompressed
from central_sync.wire.limits import BODY_BYTES_MAX, PACKET_BYTES_MAX, PACKET_DEPTH_MAX
from central_sync.wire.packets import Request
from central_sync.wire.refusals import Refused

CONTENT_TYPE = "application/vnd.pishkhan+msgpack"
_ACCEPTS = {number: f"{CONTENT_TYPE};dictionary={number}" for number in KNOWN}
ACCEPT = ", ".join(_ACCEPTS.values())
"""How an edge says which answers it can read, the best first; without the parameter it gets frames without a dictionary."""

BACKLOG_BYTES_MIN = 64 * 1024
"""From this size on a body is compressed as part of a backlog."""

_HASH_WITHOUT_PAUSE_BYTES = 2_047
_HASH_BYTES_SMALL = 64 * 1024

M = TypeVar("M", bound=msgspec.Struct)
UNKNOWN_FIELD = ": unknown field"
NUL = "a NUL character"
_PATH = re.compile(r" - at `([^`]*)`$")
_NAME = r"(?![A-Za-z0-9_]*[0-9]{4})[A-Za-z_][A-Za-z0-9_]{0,39}"
_STEPS = rf"\$(?:\.{_NAME}|\[[0-9]{{1,5}}\]|\[\.\.\.\])*"
_UNKNOWN = re.compile(rf"Object contains unknown field `(?P<name>[^`]*)`(?: - at `(?P<path>{_STEPS})`)?$")
_FIELD = re.compile(_NAME)
_ESCAPED_NUL = rb"\u0000"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a hostile MessagePack body can raise; msgspec leaves text that is not UTF-8 to Python's own error."""


def pack(message: msgspec.Struct, *, level: Level | None = None, dictionary: int = 0) -> bytes:
    """A message as it goes on the line. ``level``: by its size if none is given, since a large body is a backlog's. ``dictionary``: 0, or
    one that the peer has said it knows (of :data:`central_sync.wire.compression.KNOWN`).
    """
    plain = msgspec.msgpack.encode(message)
    if level is None:
        level = Level.INTERACTIVE if len(plain) < BACKLOG_BYTES_MIN else Level.BACKLOG
    return compressed(plain, level, dictionary)


def unpack(body: bytes, kind: type[M], bytes_max: int = BODY_BYTES_MAX) -> M:
    """The message of type ``kind`` in ``body``, of our own wire version or the previous one, ``bytes_max`` long when decompressed.

    Raises:
        Refused: ``packet_too_large``, ``packet_invalid``, ``dictionary_unknown`` or ``version_unsupported``.
    """
    plain = decompressed(body, bytes_max)
    try:
        return msgspec.convert(versions.lifted(msgspec.msgpack.decode(plain), kind), kind)
    except _UNREADABLE as error:
        raise Refused("packet_invalid", location(error)) from error


def dictionary_for(accept: str) -> int:
    """The best dictionary to write for a peer that sent this ``Accept`` header; 0: none."""
    read = accept.replace(" ", "").split(",")
    return next((number for number, said in _ACCEPTS.items() if said in read), 0)


def request_from_json(row: Row, text: bytes) -> Request:
    """The typed request of ``row`` in a packet as the HIS wrote it (JSON, UTF-8).

    Raises:
        Refused: ``packet_missing``, ``packet_too_large``, ``packet_too_deep``, ``packet_not_utf8`` or ``packet_invalid`` with the path
            of the offending field, never its value; also for a NUL character.
    """
    if not text.strip():
        raise Refused("packet_missing")
    if len(text) > PACKET_BYTES_MAX:
        raise Refused("packet_too_large", f"over {PACKET_BYTES_MAX} bytes")
    try:
        request = msgspec.json.decode(text, type=row.request)
    except UnicodeDecodeError as error:
        raise Refused("packet_not_utf8") from error
    except (msgspec.DecodeError, RecursionError) as error:
        # what fits a request's type is UTF-8 and no deeper than the type, so that only what does not fit is looked through: it is slow
        if not is_utf8(text):
            raise Refused("packet_not_utf8") from error
        if depth(text) > PACKET_DEPTH_MAX:
            raise Refused("packet_too_deep", f"over {PACKET_DEPTH_MAX} levels") from error
        raise Refused("packet_invalid", location(error)) from error
    # what the hub would refuse, perhaps days after the patient was told otherwise; one byte is found sooner than six
    if b"\\" in text and _ESCAPED_NUL in text and holds_nul(request):
        raise Refused("packet_invalid", NUL)
    return request


def request_from_wire(row: Row, packet: bytes) -> Request:
    """The typed request of ``row`` in a transaction's packet (MessagePack).

    Raises:
        Refused: ``packet_too_large`` or ``packet_invalid``.
    """
    if len(packet) > PACKET_BYTES_MAX:
        raise Refused("packet_too_large", f"over {PACKET_BYTES_MAX} bytes")
    try:
        return msgspec.msgpack.decode(packet, type=row.request)
    except _UNREADABLE as error:
        raise Refused("packet_invalid", location(error)) from error


def holds_nul(request: Request) -> bool:
    """Whether a text in it has a NUL character, which no database of ours can hold."""
    return any("\0" in text for text in _texts(msgspec.to_builtins(request)))


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)


def digest(number: str, request: Request) -> bytes:
    """SHA-256 over the canonical number and the canonical packet: what two copies of one transaction have in common.

    Token, deadline, operator, ``card_read`` and the HID that the edge leased are no part of it. Canonical: JSON with sorted keys, no
    spaces, and fields left out that hold their default.
    """
    canonical = msgspec.json.encode(request, order="sorted")
    return sha256(BY_NUMBER[number].number.encode() + b"\x00" + canonical)


def sha256(data: bytes) -> bytes:
    """SHA-256 of a small text, in pieces: from 2,048 bytes on hashlib lets other threads run, and waiting for one's turn again costs
    a busy program a hundred times the hash.
    """
    if not _HASH_WITHOUT_PAUSE_BYTES <= len(data) < _HASH_BYTES_SMALL:
        return hashlib.sha256(data).digest()
    state = hashlib.sha256(data[:_HASH_WITHOUT_PAUSE_BYTES])
    for at in range(_HASH_WITHOUT_PAUSE_BYTES, len(data), _HASH_WITHOUT_PAUSE_BYTES):
        state.update(data[at : at + _HASH_WITHOUT_PAUSE_BYTES])
    return state.digest()


def is_utf8(text: bytes) -> bool:
    """Whether it is; of what was decoded into a type without fields of any value, it is known."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def depth(text: bytes) -> int:
    """How deep ``text`` nests brackets and braces outside strings, found without parsing it."""
    level = deepest = 0
    in_string = escaped = False
    for byte in text:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def location(error: Exception) -> str:
    """Where in the packet a decoding error lies (``$.lines[2].amount``), and what was expected, but never what was found. The name of a
    field that nobody knows is told where it reads like one, and cannot be anybody's number.
    """
    text = str(error)
    if text.startswith("Object contains unknown field"):
        unknown = _UNKNOWN.match(text)
        where = (unknown["path"] or "$") if unknown else "$"
        named = unknown and _FIELD.fullmatch(unknown["name"])
        return f"{where}{f'.{named[0]}' if named else ''}{UNKNOWN_FIELD}"
    found = _PATH.search(text)
    expected = re.match(r"^(Expected `[^`]{1,60}`|Object missing required field `[^`]{1,60}`)", text)
    where = found.group(1) if found else "$"
    return f"{where}: {expected.group(1)}" if expected else where
