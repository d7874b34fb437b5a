"""Who waits for news of one transaction, and how such news is told to the event stream.

It lives in the event loop and holds nothing that the journal does not have: losing it loses nobody's money.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from edge.events import Event
from edge.journal.shapes import Standing


def outcome_event(standing: Standing, now: datetime) -> Event:
    """What the stream tells of a transaction: nothing of its content but its case."""
    data = {
        "msgid": standing.msgid,
        "number": standing.number,
        "outcome": str(standing.outcome),
        "code": standing.code,
        "confirmation": str(standing.confirmation),
        "hid": standing.hid,
    }
    return Event(kind="outcome", at=now, data=data)


class Waiting:
    """Callers who wait for what becomes of a msgid. Enter before looking at the journal, so that no news is missed."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[Standing]]] = {}

    @contextmanager
    def enter(self, msgid: str) -> Iterator[asyncio.Future[Standing]]:
        """A future of the next news of ``msgid``, registered for the length of the block."""
        future: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
        group = self._waiting.setdefault(msgid, set())
        group.add(future)
        try:
            yield future
        finally:
            group.discard(future)
            if not group:
                self._waiting.pop(msgid, None)
            future.cancel()

    def awaits(self, msgid: str) -> bool:
        """Whether anybody waits for news of ``msgid``."""
        return msgid in self._waiting

    def wake(self, standings: Iterable[Standing]) -> None:
        """Tell those who wait for these transactions; called after the commit that made it true."""
        for standing in standings:
            for future in self._waiting.get(standing.msgid, ()):
                if not future.done():
                    future.set_result(standing)
