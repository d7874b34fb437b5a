"""PURE: the commands of ISO 7816-4 that kinds of cards share: choose a file, read its bytes, read its records.

Every read has a bound, and a card that gives more than it was asked for breaks the rules. What a status means for a kind of card is its own to say;
here only "there is no more" is known.
"""

from __future__ import annotations

from edge.readers.cards.conversation import GET_RESPONSE, CardFault, Conversation, exchange

BLOCK_BYTES = 0xF0
"""Of one READ BINARY. Below 256, because some readers cut what is longer."""
OFFSET_BYTES_MAX = 0x7FFF
"""READ BINARY has 15 bits for the offset."""
FILE_BYTES_MAX = 32_768
NO_FILE, NO_RECORD, PAST_THE_END = 0x6A82, 0x6A83, 0x6B00


def select(command: bytes, get_response: bytes | None = None) -> Conversation[bool]:
    """Whether the card takes this SELECT (a whole command). What the card says of the file is left on the card.

    Raises:
        CardFault: the card breaks the rules of answering.
    """
    response = yield from exchange(command, get_response)
    return response.ok


def application(aid: bytes) -> bytes:
    """The SELECT of an application by its name, without asking what the card says of it."""
    return bytes([0x00, 0xA4, 0x04, 0x00, len(aid)]) + aid


def read_binary(start: int = 0, bytes_max: int = FILE_BYTES_MAX, block_bytes: int = BLOCK_BYTES) -> Conversation[bytes]:
    """The chosen file from ``start``, to its end or for ``bytes_max`` bytes.

    Raises:
        CardFault: a refusal other than the file's end, or a block longer than was asked for.
    """
    data = b""
    while len(data) < bytes_max:
        offset = start + len(data)
        wanted = min(block_bytes, bytes_max - len(data), OFFSET_BYTES_MAX + 1 - offset)
        if wanted <= 0:
            raise CardFault(f"a file of over {OFFSET_BYTES_MAX} bytes")
        response = yield from exchange(bytes([0x00, 0xB0, offset >> 8, offset & 0xFF, wanted & 0xFF]))
        if response.status == PAST_THE_END:
            break
        if not response.ok:
            raise CardFault(f"READ BINARY was answered {response.status:04X}")
        if len(response.data) > wanted:
            raise CardFault("READ BINARY gave more than was asked for")
        data += response.data
        if len(response.data) < wanted:
            break
    return data


def read_exactly(start: int, length_bytes: int, block_bytes: int = BLOCK_BYTES) -> Conversation[bytes]:
    """``length_bytes`` bytes of the chosen file from ``start``.

    Raises:
        CardFault: as :func:`read_binary`, or the file ends before.
    """
    data = yield from read_binary(start, length_bytes, block_bytes)
    if len(data) != length_bytes:
        raise CardFault("the file is shorter than it says")
    return data


def read_record(number: int, p2: int, expected_bytes: int = 0) -> Conversation[bytes | None]:
    """Record ``number``; ``p2`` names the file as the kind of card wants it. ``None`` if there is no such record or file.

    Raises:
        CardFault: any other refusal.
    """
    response = yield from exchange(bytes([0x00, 0xB2, number, p2, expected_bytes]), GET_RESPONSE)
    if response.status in (NO_FILE, NO_RECORD):
        return None
    if not response.ok:
        raise CardFault(f"READ RECORD was answered {response.status:04X}")
    return response.data
