"""What the clerk's pages work with, put together: a part of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from central_sync.pages.news import News
from central_sync.wire.refusals import Refused
from edge.audit import Audit
from edge.business_days import BusinessDays, Handles
from edge.casebook import Casebook
from edge.console.desk.bells import Bells
from edge.console.desk.cards import DeskCards
from edge.console.desk.counter import CounterPages
from edge.console.desk.frame import Desk, Place
from edge.console.desk.law import InUse, Law
from edge.console.desk.lists import Lists
from edge.console.desk.pairing import PairingPages
from edge.console.desk.seats import Seat, Seats
from edge.console.desk.teller import Teller
from edge.console.desk.work import WorkPages
from edge.console.lobby import Lobby
from edge.console.routes import Served
from edge.cycles import Cycles
from edge.events import Events
from edge.identity import Identity
from edge.journal import Journal
from edge.maintenance.window import Window
from edge.readers.front import Front
from edge.readers.reads import Read
from edge.workstations import Workstations

STREAMS_MAX = 512
"""Pages that listen at once: a page that was left counts until its next beat finds nobody."""


class Clerks:
    """The clerk's pages over these parts. ``line``: why there is no line now; ``law``: the rulebook in use; ``payers``: those that give no answer; ``maintenance``: what is announced."""

    def __init__(
        self,
        folder: Path,
        who: Identity,
        journal: Journal,
        intake: Handles,
        cycles: Cycles,
        workstations: Workstations,
        front: Front,
        events: Events,
        audit: Audit,
        clock: Callable[[], datetime],
        line: Callable[[], str],
        law: Callable[[], InUse | None],
        payers: Callable[[], Sequence[str]] = lambda: (),
        maintenance: Callable[[], Window | None] = lambda: None,
    ) -> None:
        self._who = who
        self._front = front
        self._audit = audit
        self._line = line
        self._payers = payers
        self._maintenance = maintenance
        self._head = lambda: journal.head
        self._law = Law(law, who.currency)
        self._teller = Teller(intake, clock)
        self._casebook = Casebook(journal.cases, journal)
        self._seats = Seats(folder, workstations, BusinessDays(who.institution, intake, cycles, audit, clock))
        self._bells, self._card_bells = Bells(events), Bells(front.events)
        self._cards = DeskCards(front.desks, self._asked)
        self._card_bells.tell(self._cards.heard)
        self._news: News | None = None
        self._counter: CounterPages | None = None

    def further(self, lobby: Lobby, _news: News) -> Sequence[Served]:
        """The pages, for the console that ``lobby`` is of."""
        who = self._who
        place = Place(who.currency, who.zone, who.shown_in)
        desk = Desk(
            lobby,
            self._seats,
            self._teller,
            self._casebook,
            self._law,
            place,
            self._line,
            self._payers,
            self._maintenance,
        )
        news = self._news = News(lobby.still, STREAMS_MAX, lobby.whose)
        counter = self._counter = CounterPages(desk, self._cards, Lists(desk, self._head), self._front.desks, news)
        return [PairingPages(lobby, self._seats, self._audit), counter, WorkPages(desk, news, self._bells)]

    async def start(self) -> None:
        """Learn what was known before, and begin to listen.

        Raises:
            OSError: the secret of the desks' cookies can be neither read nor made.
        """
        self._seats.start()
        await self._casebook.start()
        await self._bells.start()
        await self._card_bells.start()

    async def stop(self) -> None:
        """End every page's news, and every watch."""
        if self._news is not None:
            await self._news.stop()
        await self._cards.stop()
        await self._law.stop()
        await self._bells.stop()
        await self._card_bells.stop()

    async def _asked(self, seat: Seat, read: Read) -> str:
        if self._counter is None:
            raise Refused("shutting_down")
        return await self._counter.asked(seat, read)
