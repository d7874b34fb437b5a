"""A console over a real journal, with all that the technician's pages work with, and a form as a browser sends it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
from aiohttp.test_utils import TestClient

from central_sync.terms.days import Calendar
from edge import identity
from edge.agents import Agents
from edge.audit import Audit
from edge.config import Config
from edge.console.lobby import BASE, Lobby
from edge.console.routes import Console
from edge.housekeeping import Housekeeping
from edge.journal import Journal, backup
from edge.maintenance.calendar import Maintenance
from edge.technicians import Technicians
from edge.workstations import Workstations
from tests.edge.console.test_routes import World, text_of
from tests.edge.journal.drafts import NOW, draft
from tests.edge.journal.papers import Papers
from tests.edge.world import registration

PAPERS = Papers("H1")


class Place(World):
    """The console of :class:`World`, over a journal."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        super().__init__(folder)
        self.now = NOW + timedelta(hours=2)
        self.journal = journal
        audit, who = Audit(folder), replace(identity.load(folder), calendar="jalali")
        audit.start()
        keeper = Housekeeping(folder, journal, lambda: who, Config(), lambda: self.now, "1")
        keeper.audit = audit
        self.maintenance = Maintenance(folder, audit, lambda: self.now)
        lobby = Lobby(self.accounts, lambda: self.now, "H", "Asia/Tehran", Calendar.JALALI, secure=False)
        backup.make_recovery_key(folder)
        self.technicians = Technicians(
            folder, Config(), lambda: who, journal, keeper, self.maintenance, Workstations(folder / "workstations.json"), Agents(folder), list, lambda: ("https://edge", None), self.standing,
            lambda: self.readers, audit, lambda: self.now,
        )  # fmt: skip
        self.console = Console(lobby, self.standing, audit, self.technicians.pages)

    async def append(self, msgid: str, **more: object) -> int:
        packet = msgspec.msgpack.encode(registration())
        return (await self.journal.append(draft(msgid, **({"number": "2201", "packet": packet} | more)))).standing.seq

    def acts(self) -> list[tuple[str, int]]:
        lines = [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]
        return [(line["act"], line.get("record", 0)) for line in lines if not line["act"].startswith("console")]


async def posted(client: TestClient, path: str, form_of: str = "/technician", **fields: str) -> tuple[int, str, str]:
    """A form with the key that stands on a page: status, where it leads, text."""
    _, page = await text_of(client, form_of)
    key = re.search(r'name="form_key" value="([^"]+)"', page).group(1)
    answer = await client.post(BASE + path, data={"form_key": key, **fields}, allow_redirects=False)
    return answer.status, answer.headers.get("Location", ""), await answer.text()
