"""What the technician's pages work with, put together: a part of the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from central_sync.pages.news import News
from central_sync.wire.enrolment import make_code
from edge import identity
from edge.agents import Agents
from edge.agents_port import ensure
from edge.audit import Audit
from edge.config import Config
from edge.console.access_pages import AccessPages
from edge.console.backup_pages import BackupPages
from edge.console.check_pages import CheckPages
from edge.console.journal_pages import JournalPages
from edge.console.lobby import Lobby
from edge.console.maintenance_pages import MaintenancePages
from edge.console.routes import Served
from edge.console.technician import Standing
from edge.control import Tell, Verb
from edge.diagnostics import Diagnostics
from edge.entries import Entries
from edge.errors import NotPossible
from edge.housekeeping import Housekeeping
from edge.identity import Identity
from edge.journal import Journal
from edge.maintenance.calendar import Maintenance
from edge.probing import Probe
from edge.readers.bindings import Binding, ReaderRow
from edge.workstations import Workstations


class Technicians:
    """Over the parts of one edge. ``who`` is the identity in use now."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        who: Callable[[], Identity],
        journal: Journal,
        housekeeping: Housekeeping,
        maintenance: Maintenance,
        workstations: Workstations,
        agents: Agents,
        connected: Callable[[], Sequence[str]],
        face: Callable[[], tuple[str, datetime | None]],
        standing: Callable[[], Awaitable[Standing]],
        readers: Callable[[], list[ReaderRow]],
        audit: Audit,
        clock: Callable[[], datetime],
    ) -> None:
        self._folder, self._config, self._audit = folder, config, audit
        self._workstations, self._agents, self._connected = workstations, agents, connected
        self._who = who
        self._housekeeping = housekeeping
        self._maintenance = maintenance
        self._entries = Entries(journal, who().institution, audit, clock)
        self._diagnostics = Diagnostics(folder, config, who().institution, journal, standing, audit, clock)
        self._probe = Probe(
            config.sync_url or who().sync_url, config.enrol_url or who().enrol_url, lambda: identity.client_context(who()),
            config.sync_device, readers, workstations.count, face, clock,
        )  # fmt: skip
        self._stops: list[Callable[[], Awaitable[None]]] = []

    @property
    def verbs(self) -> Mapping[str, Verb]:
        """What the control socket offers."""
        return {"diagnostics": self._diagnostics.verb}

    def pages(self, lobby: Lobby, news: News) -> Sequence[Served]:
        """The technician's pages beside the first one."""
        zone, calendar = self._who().zone, self._who().shown_in
        checks = CheckPages(lobby, news, self._probe, self._diagnostics.make)
        backups = BackupPages(lobby, news, self._housekeeping, self._back_up)
        self._stops = [checks.stop, backups.stop]
        return [
            JournalPages(lobby, self._entries, self._release, zone, calendar),
            checks,
            MaintenancePages(lobby, self._maintenance, zone, calendar),
            backups,
            AccessPages(lobby, self._workstations, self._agents, self._invited, self._connected, self._audit),
        ]

    async def stop(self) -> None:
        """End what the pages have begun."""
        for stop in self._stops:
            await stop()

    def _invited(self, name: str, binding: Binding, now: datetime, lasts: timedelta) -> str:
        if name in {row.name for row in self._config.readers}:
            raise NotPossible(f"{name} is the name of a reader in edge.toml: take another one")
        certificate = ensure(self._folder, now)
        return make_code(self._agents.invite(name, binding, now, lasts), certificate)

    async def _release(self, msgid: str, by: str) -> None:
        await self._housekeeping.verbs["release"]({"what": msgid, "by": by}, _quiet)

    async def _back_up(self, by: str, tell: Tell) -> Mapping[str, Any]:
        return await self._housekeeping.verbs["backup"]({"by": by}, tell)


def _quiet(*_: object) -> None:
    return None
