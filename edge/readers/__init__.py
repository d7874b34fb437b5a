"""The port to card readers: what every driver owes.

A driver stands for one row of ``[[readers]]`` in edge.toml and offers :class:`Driver`. It may find one reader (then its name is the row's) or
several (then their names are the row's, a slash, and what tells them apart). It never keeps a card's data: who asks gets them once.

Rules for a driver
    * *List.* ``states`` answers at once and from memory; a reader that was seen once stays in the list until the driver is stopped.
    * *Presence events.* Each change is told once, in the loop, through the callback that the driver was built with: ``inserted``, ``removed``,
      ``reader_lost``, ``reader_back``. An event says which reader, and nothing of the card. ``inserted`` comes before a read of that card
      ends, ``removed`` after a card's last read has ended or failed.
    * *Read within a deadline.* ``read`` waits for a card until its deadline and never longer, whatever the driver or the card does. It raises
      ``Refused`` with one of :data:`READ_REFUSALS`, and nothing else: exceptions of libraries are translated where they are called.
    * *Read again.* A card that lies there is read as often as it is asked for. A reader that cannot do that says ``card_lying`` at the deadline, and does
      not remember the card instead.
    * *Cancel.* A read ends soon after its task was cancelled, and leaves the card usable for the next one.
    * *Never block the loop.* Calls that may hang run in a worker of the driver's own; a worker that hangs is left behind and replaced, and
      the other readers do not notice.
    * *Survive.* Unplugged, plugged in again, its daemon killed and started again, its library missing: the reader is not connected, ``trouble`` says
      why (see ``troubles.py``), and it comes back by itself. ``start`` never fails for such a reason.
    * *Close.* ``stop`` ends watching and whatever read is under way, within ``STOP_S_MAX``; nothing is told after it.
    * Two reads at once on one reader stand in line.
    * *No judgement.* An expired card is read like any other; the registry judges its days, by the institution's zone, for all drivers alike.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from edge.readers.cards.identity import CardIdentity

STOP_S_MAX = 3.0

READ_REFUSALS = (
    "reader_unknown", "reader_lost", "reader_busy", "reader_failed",
    "card_absent", "card_lying", "card_removed", "card_mute", "card_unknown", "card_unreadable", "card_slow",
)  # fmt: skip
"""Why a read may end without an identity; the sentences are in ``central_sync.wire.refusals``."""


class Change(StrEnum):
    """What happened at a reader."""

    INSERTED = "inserted"
    REMOVED = "removed"
    READER_LOST = "reader_lost"
    READER_BACK = "reader_back"


class ReaderState(Struct, frozen=True, kw_only=True):
    """One reader as the faces show it. ``trouble``: a code of ``troubles.py``, or nothing."""

    name: str
    driver: str
    connected: bool
    card_present: bool
    trouble: str = ""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a caller wants beyond the identity. A photo is a lot of bytes and a person's face: it is off unless asked for and allowed."""

    photo: bool = False


class ReaderEvent(Struct, frozen=True, kw_only=True):
    """``change`` at the reader whose state is now ``state``."""

    change: Change
    state: ReaderState


OnEvent = Callable[[ReaderEvent], None]


class Driver(Protocol):
    """What every driver offers; see the module's text."""

    async def start(self) -> None:
        """Begin to watch; returns at once even if nothing is there."""

    async def stop(self) -> None:
        """End watching and whatever read is under way."""

    def states(self) -> list[ReaderState]:
        """Its readers and how they are now."""
        ...

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        """The card on ``reader`` (a name of ``states``), waiting for it at most ``deadline_s`` seconds.

        Raises:
            Refused: one of :data:`READ_REFUSALS`.
        """
        ...
