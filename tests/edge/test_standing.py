"""How the edge stands, from its real parts, and what the hub is told of it, with the journal and without it."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.app import clock
from edge.audit import Audit
from edge.config import Config
from edge.firmware.noticing import Noticing
from edge.identity import Identity
from edge.readers.bindings import ReaderRow
from edge.room import Room
from edge.rulebooks import Rulebooks
from edge.standing import Standings
from edge.workstations import FILE, Workstations
from tests.edge.world import Edge, fees

WHO = Identity(
    institution="H1", name="One", zone="Asia/Shanghai", currency="CNY", calendar="gregorian", sync_url="https://nowhere.invalid",
    authority=Path(), certificate=Path(), key=Path(), valid_from=clock(), valid_until=clock(),
)  # fmt: skip
READER = ReaderRow(name="desk 1", driver="pcsc", desk="", connected=False, card_present=False, trouble="reader_absent")


def _standings(folder: Path, edge: Edge) -> Standings:
    rulebooks = Rulebooks(lambda: None, edge.line, Audit(folder), lambda _: None, clock)  # type: ignore[arg-type,return-value]
    room = Room(folder)
    return Standings(
        folder, Config(listen="127.0.0.1:0"), lambda: WHO, edge.journal, edge.uplink, edge.line, room, rulebooks,
        Workstations(folder / FILE), lambda: [READER], Noticing(folder), clock, differences=lambda: 7,
    )  # fmt: skip


async def test_a_full_disk_takes_no_work_and_is_no_fault_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Edge(tmp_path, "http://127.0.0.1:1") as edge:
        standings = _standings(tmp_path, edge)
        status = (await standings.standing()).status
        assert (status.takes_work, status.works) == (True, True)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=2**40, used=2**40 - 9, free=9))
        status = (await standings.standing()).status
        assert (status.takes_work, status.works) == (False, True)


async def test_what_waits_is_told_with_its_age_and_so_is_a_journal_that_cannot_be_read(tmp_path: Path) -> None:
    async with Edge(tmp_path, "http://127.0.0.1:1") as edge:
        standings = _standings(tmp_path, edge)
        await edge.kept("2204", fees("0000000000000195"), "m1", 200)
        standing, told = await standings.standing(), await standings.report()
        assert (standing.status.pending, standing.status.line, standing.status.institution) == (1, "down", "H1")
        assert standing.readers == [READER]
        assert told.pending == 1
        assert told.oldest_at is not None
        assert 0 <= (told.sent_at - told.oldest_at).total_seconds() < 60
        assert (told.readers, told.readers_troubled[0].trouble) == (1, "reader_absent")
        assert told.legs["readers"] == "broken"
        assert told.differences == 7
        assert told.certificate_ends == WHO.valid_until
        await edge.journal.close()
        told = await standings.report()
        assert not told.journal_usable
        assert told.legs["edge"] == "broken"
