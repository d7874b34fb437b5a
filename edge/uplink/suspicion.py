"""PURE: which entry spoils the batches it is in, and when it is parked for a person.

An exchange that breaks puts its batch under suspicion if the hub was heard meanwhile: then it was perhaps not the line. Work under suspicion
travels in batches of half the size, and half again, until the one that breaks them is alone. A try of its own is one that was made alone (or
that the hub answered with ``hub_fault`` for this very item); it counts only if the hub has decided something else since the last that
counted: a hub that fails for all parks nothing. After ``PARK_TRIES_MAX`` such tries the entry is parked.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.limits import PARK_TRIES_MAX
from edge.uplink.lanes import Work


class Suspicion:
    """``heard``: how often the hub answered anything; ``decided``: how many items it has decided."""

    def __init__(self) -> None:
        self.heard = 0
        self.decided = 0

    def took(self, batch: Sequence[Work]) -> None:
        """An exchange of ``batch`` begins."""
        for work in batch:
            if work.heard < 0:
                work.heard, work.decided = self.heard, self.decided

    def answered(self, batch: Sequence[Work]) -> None:
        """The hub answered the exchange of ``batch``: it spoils none. What it says of each item is told apart."""
        self.heard += 1
        for work in batch:
            work.cap = 0

    def broke(self, batch: Sequence[Work]) -> list[Work]:
        """An exchange that may have reached the hub broke. Tells what is to be parked."""
        if len(batch) == 1:
            alone = batch[0]
            if alone.heard < self.heard:
                alone.cap = 1
            return [alone] if self._tried(alone) else []
        for work in batch:
            if work.heard < self.heard:
                work.cap = max(1, len(batch) // 2)
                work.heard = self.heard
        return []

    def faulted(self, work: Work) -> bool:
        """The hub failed on this item. Tells whether it is to be parked."""
        return self._tried(work)

    def _tried(self, work: Work) -> bool:
        if work.decided < self.decided:
            work.tries += 1
            work.decided = self.decided
        return work.tries >= PARK_TRIES_MAX
