"""How the edge stands, put together from its parts: for the status, for the technician's page, and for what the hub is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from central_sync.wire.messages import EdgeReport, PayerWord
from edge import health, report
from edge.anchors.beside import Beside, beside
from edge.anchors.shadow import Shadow
from edge.config import Config
from edge.console.technician import Standing
from edge.errors import JournalUnavailable
from edge.firmware.noticing import Noticing
from edge.firmware.watch import leg_now
from edge.housekeeping import backup_age
from edge.identity import Identity
from edge.journal import Journal, Stats
from edge.line import Line
from edge.maintenance.window import Window
from edge.readers.bindings import ReaderRow
from edge.room import Room
from edge.rulebooks import Rulebooks
from edge.uplink import Uplink
from edge.version import version
from edge.workstations import Workstations

_NOTHING = Stats(
    entries={}, pending=0, parked=0, awaited=0, hids_left=0, commits=0, operations=0, file_bytes=0, wal_bytes=0
)
"""What is known of a journal that cannot be read."""


class Standings:
    """Looks at the parts anew each time. ``who`` is the identity in use now, ``readers`` its card readers, ``maintenance`` what is announced,
    ``payers`` those that the hub waits for; ``differences``: how much of the books was found to differ from the hub's.
    """

    def __init__(
        self,
        folder: Path,
        config: Config,
        who: Callable[[], Identity],
        journal: Journal,
        uplink: Uplink,
        line: Line,
        room: Room,
        rulebooks: Rulebooks,
        workstations: Workstations,
        readers: Callable[[], list[ReaderRow]],
        noticing: Noticing,
        clock: Callable[[], datetime],
        maintenance: Callable[[], Window | None] = lambda: None,
        payers: Callable[[], tuple[PayerWord, ...] | None] = lambda: None,
        shadow: Callable[[], Shadow] = Shadow,
        differences: Callable[[], int] = lambda: 0,
    ) -> None:
        self._folder = folder
        self._config = config
        self._who = who
        self._journal = journal
        self._uplink = uplink
        self._line = line
        self._room = room
        self._rulebooks = rulebooks
        self._workstations = workstations
        self._readers = readers
        self._noticing = noticing
        self._clock = clock
        self._maintenance = maintenance
        self._payers = payers
        self._shadow = shadow
        self._differences = differences

    async def standing(self) -> Standing:
        """How the edge stands, what that was judged by, and the readers."""
        return self._standing(await self._stats())

    async def report(self) -> EdgeReport:
        """The same, as the hub is told."""
        stats = await self._stats()
        standing = self._standing(stats)
        said = report.made(standing.status, standing.signs, standing.readers, stats, self._who().valid_until)
        following, drill = self._shadow().said
        others = await asyncio.to_thread(beside, Path(self._config.appliance)) if self._noticing.appliance else Beside()
        return msgspec.structs.replace(
            said,
            **others._asdict(),
            authority=self._who().issuer,
            authority_next=following,
            authority_drill=drill,
            differences=self._differences(),
        )

    async def _stats(self) -> Stats | None:
        try:
            return await self._journal.stats()
        except JournalUnavailable:
            return None

    def _standing(self, stats: Stats | None) -> Standing:
        now, found, who = self._clock(), stats or _NOTHING, self._who()
        signs = self._signs(found, now, usable=stats is not None and self._journal.writable)
        rulebook = self._rulebooks.standing
        status = health.Status(
            return_code=0,
            institution=who.institution,
            name=who.name,
            version=version(),
            now=now,
            line="up" if signs.line_up else "down",
            line_trouble=self._uplink.trouble,
            clock="right" if signs.clock_right else "wrong",
            clock_skew_s=round(self._line.skew_s, 3),
            hids_left=found.hids_left,
            pending=found.pending,
            awaited=found.awaited,
            entries=found.entries,
            certificate_days_left=signs.certificate_days_left,
            warnings=health.warnings(signs),
            hours_left=signs.hours_left,
            rulebook=rulebook.version,
            rulebook_number=rulebook.number,
            rulebook_days=rulebook.days,
            rulebook_trouble=rulebook.trouble,
            answer_ms=self._line.answer_ms,
            maintenance=health.planned(self._maintenance(), now),
            payers=None if signs.payers is None else list(signs.payers),
            takes_work=health.takes_work(signs),
            works=health.works(signs),
        )
        return Standing(status, signs, self._readers())

    def _signs(self, stats: Stats, now: datetime, *, usable: bool) -> health.Signs:
        who, capacity = self._who(), self._room.capacity()
        return health.Signs(
            journal_usable=usable,
            line_up=self._uplink.up,
            clock_right=not self._line.skewed,
            hids_left=stats.hids_left,
            certificate_days_left=who.days_left(now),
            free_bytes=health.free_bytes(self._folder),
            workstations=self._workstations.count(),
            full=capacity.full,
            hours_left=capacity.hours_left,
            backup_days=backup_age(self._folder, self._config, who.institution, now).days,
            parked=stats.parked,
            contradictions=self._uplink.contradictions,
            rulebook_trouble=self._rulebooks.standing.trouble,
            authority_trouble=self._shadow().trouble,
            maintained=(window := self._maintenance()) is not None and window.lasts(now),
            tunnel=leg_now(Path(self._config.appliance)) if self._noticing.appliance else None,
            site=self._noticing.notice,
            payers=self._payers(),
        )
