"""What a driver of card readers needs to stand in the contract suite: a rig, which plays the world around one reader.

A new driver: write ``tests/contract/<driver>_rig.py`` with a class that derives from :class:`Rig`, and add it to ``RIGS`` in
``tests/contract/test_reader_drivers.py``. Nothing else. A rig uses real parts (a daemon, a terminal, a folder), and never the driver's own code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from edge.readers import Driver, OnEvent

ROW = "desk-1"


class Played(StrEnum):
    """Cards that a rig can put on its reader. Every rig plays ``GOOD`` and ``BAD``."""

    GOOD = "good"
    """Names a person; ``Rig.number`` is theirs."""
    BAD = "bad"
    """Is there, but no identity can be read from it."""
    SLOW = "slow"
    """Begins to answer and then stays silent for :data:`SILENT_S`."""
    PULLED = "pulled"
    """Leaves by itself in the middle of its read."""


SILENT_S = 3.0


class Rig(ABC):
    """One reader, unplugged and without a card when the rig was made, and what happens to it."""

    plays: ClassVar[frozenset[Played]] = frozenset({Played.GOOD, Played.BAD})
    bad_codes: ClassVar[frozenset[str]] = frozenset({"card_unreadable"})
    """What a read of ``BAD`` may be refused with."""
    lost_codes: ClassVar[frozenset[str]] = frozenset({"reader_lost"})
    """What a read on an unplugged reader may be refused with."""
    again_codes: ClassVar[frozenset[str]] = frozenset()
    """What a second read of a card that still lies there is refused with, where the reader itself reads a card only once."""
    number: ClassVar[str]
    row: ClassVar[str] = ROW
    """The reader's name; an agent's readers have its name before theirs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def driver(self, told: OnEvent) -> Driver:
        """The driver under test for this reader, not started; the reader's name is ``row``."""

    @abstractmethod
    async def plug(self) -> None:
        """Plug the reader in. Returns when that has happened; the driver may need longer to see it."""

    @abstractmethod
    async def unplug(self) -> None:
        """Pull the reader out, with the card that is on it (which is gone when the reader comes back)."""

    @abstractmethod
    async def insert(self, card: Played = Played.GOOD) -> None:
        """Put ``card`` on the reader."""

    @abstractmethod
    async def remove(self) -> None:
        """Take away whatever is on the reader."""

    async def close(self) -> None:  # noqa: B027 - most rigs leave nothing behind
        """End every part of the rig."""
