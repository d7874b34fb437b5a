"""What can go wrong inside the hub, by who has to act.

A request that is impossible is a :class:`central_sync.wire.refusals.Refused`, not an error. Errors are ours: none of them
holds a packet's value, an identifier or a database parameter in its text.
"""

from __future__ import annotations


class HubError(Exception):
    """Base of the hub's own errors."""


class StoreError(HubError):
    """The database could not do its part; nothing of the unit of work was kept."""


class StoreBusy(StoreError):
    """Another unit of work was in the way (deadlock, serialisation, lock wait): the same work may simply be done again."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or written: an operator has to act."""


class StoreTooOld(StoreError):
    """The SQLite library is older than the one that is safe with write-ahead logging."""


class StoreNotMigrated(StoreError):
    """The database's tables are not those of this version: run ``pishkhan-hub migrate``."""


class MemberFileInvalid(HubError):
    """A member file holds lines that cannot be taken; nothing of it was imported. ``lines`` are (line number, what was wrong)."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        first = ", ".join(f"line {number}: {what}" for number, what in lines[:5])
        super().__init__(f"{len(lines)} bad lines; {first}")
        self.lines = lines


class PayerUnavailable(HubError):
    """Whoever pays a layer could not be asked, or what it said cannot be believed: it is asked again. The text is a short code."""


class PayerAway(PayerUnavailable):
    """The payer itself cannot be reached in time: its other claims need not be tried."""
