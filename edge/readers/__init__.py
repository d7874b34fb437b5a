"""The port to card readers.

A driver offers :class:`Reader`: it is started and stopped by app.py, says whether a card lies on it, tells each change through the
callback that it was built with, and reads the card when asked. It never keeps a card's data: who asks gets them once.

Rules for a driver
    * ``read`` waits for a card until its deadline and never longer; it raises ``Refused`` with ``card_absent`` (none came) or
      ``card_unreadable`` (its data fail their checks), and nothing else.
    * A presence change says which reader and whether, and nothing of the card.
    * A reader that is unplugged is absent, not an error: ``connected`` turns false, and true again when it is back.
    * Two reads at once on one reader stand in line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec import Struct

from edge.readers.cards.identity import CardIdentity


class Presence(NamedTuple):
    """A card came onto ``reader`` or left it, or the reader itself came or went."""

    reader: str
    connected: bool
    card_present: bool


class ReaderState(Struct, frozen=True, kw_only=True):
    """One reader as the faces show it."""

    name: str
    driver: str
    connected: bool
    card_present: bool


OnPresence = Callable[[Presence], None]


class Reader(Protocol):
    """What every driver offers."""

    name: str
    driver: str

    async def start(self) -> None:
        """Begin to watch; returns at once even if the reader is not there."""

    async def stop(self) -> None:
        """End watching and whatever read is under way."""

    def state(self) -> ReaderState:
        """How it is now."""
        ...

    async def read(self, deadline_s: float) -> CardIdentity:
        """The card on the reader, waiting for it at most ``deadline_s`` seconds."""
        ...
