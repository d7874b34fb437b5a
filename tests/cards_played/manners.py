"""How a played card hands out its answers, whatever it knows: at once, by ``61xx`` and GET RESPONSE, or insisting on the exact length by ``6Cxx``.

``answers`` overrides single commands (hex → hex), to play a card that misbehaves; ``after`` lets it answer so many commands and then only that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

OK = bytes.fromhex("9000")
NOT_FOUND, NO_RECORD, LOCKED = (bytes.fromhex(status) for status in ("6A82", "6A83", "6982"))
NO_INSTRUCTION = bytes.fromhex("6D00")
AT_ONCE, BY_61, BY_6C = "at once", "by 61", "by 6C"
WAYS = (AT_ONCE, BY_61, BY_6C)


class PlayedCard(ABC):
    """A card; what it knows is in ``_answer`` of the kinds."""

    atr = bytes.fromhex("3B00")
    fetch_p2 = 0x00

    def __init__(self) -> None:
        self.way = AT_ONCE
        self.answers: dict[str, str] = {}
        self.after: tuple[int, str] | None = None
        self.log: list[str] = []
        self.reset()

    def reset(self) -> None:
        """As after a cold reset."""
        self.pending = b""

    def apdu(self, command: bytes) -> bytes:
        """The response to ``command``, with its status."""
        written = command.hex().upper()
        self.log.append(written)
        if self.after is not None and len(self.log) > self.after[0]:
            return bytes.fromhex(self.after[1])
        if written in self.answers:
            return bytes.fromhex(self.answers[written])
        if command[1] == 0xC0:
            if command[3] != self.fetch_p2:
                return bytes.fromhex("6A86")
            data, self.pending = self.pending[: command[4] or 256], b""
            return data + OK
        answer = self._answer(command)
        data, status = answer[:-2], answer[-2:]
        if self.way == BY_61 and data and status == OK:
            self.pending = data
            return bytes([0x61, len(data) & 0xFF])
        if self.way == BY_6C and data and status == OK and len(command) == 5 and command[4] != len(data) & 0xFF:
            return bytes([0x6C, len(data) & 0xFF])
        return answer

    @abstractmethod
    def _answer(self, command: bytes) -> bytes: ...


def data_of(command: bytes) -> bytes:
    """What a command carries."""
    return command[5 : 5 + command[4]] if len(command) > 5 else b""
