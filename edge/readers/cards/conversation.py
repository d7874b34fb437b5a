"""PURE: talking to a smart card (ISO 7816-4) without a reader: a generator that yields a command and is sent the response.

A kind of card is written as such a generator; who runs it owns the wire: a driver with a real card, or a test with bytes. :func:`exchange` does what
every card wants: fetch what ``61xx`` announces, repeat with the length that ``6Cxx`` names, within bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple, TypeVar

T = TypeVar("T")
Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Conversation = Generator[bytes, bytes, T]

CHAIN_MAX = 64
"""Responses to one command; a photo comes in 20."""
RESPONSE_BYTES_MAX = 65_536
COMMAND_BYTES_MAX = 261
ANSWER_BYTES_MAX = 258
"""Of one response of a card that speaks short APDUs: 256 and the status word."""
GET_RESPONSE = bytes.fromhex("00C00000")
OK = 0x9000
END_OF_FILE = 0x6282
"""Fewer bytes than asked for; those that came are valid."""


class CardFault(Exception):
    """The card's bytes break the rules. The text is for the technician and never quotes what the card says of a person."""


class Response(NamedTuple):
    """A command's whole answer: ``status`` is the two status bytes as a number."""

    data: bytes
    status: int

    @property
    def ok(self) -> bool:
        """Whether the data are valid."""
        return self.status in (OK, END_OF_FILE)


def exchange(command: bytes, get_response: bytes | None = GET_RESPONSE) -> Conversation[Response]:
    """Send ``command``; its whole response.

    Args:
        command: the APDU as it goes to the card.
        get_response: the header of the command that fetches what ``61xx`` announces; ``None`` leaves it on the card and counts as done.

    Raises:
        CardFault: an answer without a status, or a chain that is too long.
    """
    data, sent = b"", command
    for _ in range(CHAIN_MAX):
        answer = yield sent
        if not 2 <= len(answer) <= ANSWER_BYTES_MAX:
            raise CardFault(f"a response of {len(answer)} bytes")
        status = int.from_bytes(answer[-2:])
        data += answer[:-2]
        if len(data) > RESPONSE_BYTES_MAX:
            raise CardFault(f"a response of over {RESPONSE_BYTES_MAX} bytes")
        match status >> 8:
            case 0x61:
                if get_response is None:
                    return Response(data, OK)
                sent = get_response + bytes([status & 0xFF])
            case 0x6C:
                sent = (
                    sent[:4] + bytes([status & 0xFF])
                    if len(sent) <= 5
                    else sent[: 5 + sent[4]] + bytes([status & 0xFF])
                )
            case _:
                return Response(data, status)
    raise CardFault(f"over {CHAIN_MAX} responses to one command")


def converse(conversation: Generator[Asked, Answered, T], ask: Callable[[Asked], Answered]) -> T:
    """Run ``conversation`` over ``ask`` (a card's: a command to its raw response, status included)."""
    try:
        asked = next(conversation)
        while True:
            asked = conversation.send(ask(asked))
    except StopIteration as done:
        result: T = done.value
        return result
