"""Cards that misbehave in ways that any card can: put around a well-behaved one."""

from __future__ import annotations

import time

from tests.pcscd import PlayedCard, Pulled


class Misbehaving:
    """``card``, which answers ``after`` commands as it should, and then does what :meth:`instead` of its kind says."""

    def __init__(self, card: PlayedCard, after: int = 0) -> None:
        self.card = card
        self.atr = card.atr
        self.after = after
        self.commands = 0

    def reset(self) -> None:
        self.card.reset()

    def apdu(self, command: bytes) -> bytes:
        self.commands += 1
        return self.card.apdu(command) if self.commands <= self.after else self.instead(command)

    def instead(self, command: bytes) -> bytes:
        """The answer to every later command; here as well as ever."""
        return self.card.apdu(command)


class Silent(Misbehaving):
    """Thinks for ``seconds`` before each answer."""

    def __init__(self, card: PlayedCard, after: int, seconds: float) -> None:
        super().__init__(card, after)
        self.seconds = seconds

    def instead(self, command: bytes) -> bytes:
        time.sleep(self.seconds)
        return self.card.apdu(command)


class Leaving(Misbehaving):
    """Leaves instead of answering."""

    def instead(self, command: bytes) -> bytes:
        raise Pulled


class Endless(Misbehaving):
    """Has always more to say."""

    def instead(self, command: bytes) -> bytes:
        return b"A" * 16 + b"\x61\x10"
