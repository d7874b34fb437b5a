"""PURE: tag, length, value as cards write it (BER-TLV, ISO 7816-4 annex), never past the end of what there is.

A tag is kept as a number of its bytes: ``5A``, ``9F38``. Zeros and FF between two objects are padding. A value is not looked into unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge.readers.cards.conversation import CardFault

TAG_BYTES_MAX = 3
LENGTH_BYTES_MAX = 2
OBJECTS_MAX = 256
_PADDING = (0x00, 0xFF)


def objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and value of each object in ``data``, one level deep.

    Raises:
        CardFault: a tag or a length that is too long, or past the end; more objects than anyone needs.
    """
    place = count = 0
    while place < len(data):
        if data[place] in _PADDING:
            place += 1
            continue
        count += 1
        if count > OBJECTS_MAX:
            raise CardFault(f"over {OBJECTS_MAX} objects in one")
        tag, place = read_tag(data, place)
        length, place = _length(data, place)
        if place + length > len(data):
            raise CardFault("a TLV length goes past the end")
        yield tag, data[place : place + length]
        place += length


def find(data: bytes, *path: int) -> bytes | None:
    """The value of the first object at ``path`` (tags from outside to inside), or ``None``.

    Raises:
        CardFault: as :func:`objects`.
    """
    value: bytes | None = data
    for tag in path:
        value = next((inner for found, inner in objects(value or b"") if found == tag), None)
        if value is None:
            return None
    return value


def read_tag(data: bytes, place: int) -> tuple[int, int]:
    """The tag at ``place``, and the place after it.

    Raises:
        CardFault: it does not end.
    """
    end = place + 1
    if data[place] & 0x1F == 0x1F:
        while end < len(data) and data[end] & 0x80:
            end += 1
        end += 1
    if end > len(data) or end - place > TAG_BYTES_MAX:
        raise CardFault("a TLV tag without an end")
    return int.from_bytes(data[place:end]), end


def _length(data: bytes, place: int) -> tuple[int, int]:
    if place >= len(data):
        raise CardFault("a TLV without a length")
    first, place = data[place], place + 1
    if first < 0x80:
        return first, place
    more = first & 0x7F
    if not 1 <= more <= LENGTH_BYTES_MAX or place + more > len(data):
        raise CardFault("a TLV length that cannot be")
    return int.from_bytes(data[place : place + more]), place + more
