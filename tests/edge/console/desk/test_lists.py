"""The lists of a desk's first page: told to every page that is open there, read for all of them together."""

from __future__ import annotations

import asyncio
import html
import json
import re
from datetime import timedelta

import pytest
from aiohttp import ClientResponse
from msgspec.structs import replace

from edge.console.desk.lists import Lists
from edge.console.lobby import BASE
from edge.errors import JournalUnavailable
from edge.maintenance.window import Window
from tests.edge.console.desk.hospital import Hospital, Person
from tests.edge.world import Edge, until
from tests.patience import HUNG_S
from tests.sim.hub import SimHub


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.console.desk.counter.LOOK_S", 0.05)
    monkeypatch.setattr("edge.console.desk.lists.READ_EVERY_S", 0.05)


async def told(stream: ClientResponse, words: str, region: str) -> str:
    """Read the news until ``region`` of the page has the ``words``; what it says, without markup."""
    async with asyncio.timeout(HUNG_S):
        while True:
            line = (await stream.content.readline()).decode()
            assert line, "the news ended"
            if not line.startswith("data: {"):
                continue
            part = json.loads(line.removeprefix("data: "))["html"].partition(f'data-region="{region}">')[2]
            said = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part.partition("data-region")[0])))
            if words in said:
                return said


async def test_an_open_first_page_is_told_of_cases_the_line_and_payers_without_being_loaded_anew(
    hospital: Hospital, clerk: Person, edge: Edge, hub: SimHub
) -> None:
    await clerk.get("/desk")
    async with clerk.client.get(f"{BASE}/desk/live") as stream:
        await told(stream, "Line to the insurer", "line")
        other = Person(hospital, clerk.client, "en")
        hid = await other.visit()
        assert "Visit opened" in await told(stream, hid, "lists")
        await other.charge()
        await other.get(f"/desk/case/{hid}/bill")
        await other.send("/settle")
        assert "Unfinished at this desk" in await told(stream, "not booked yet", "lists")
        hospital.clerks._counter._desk.payers = lambda: ("centre-x",)
        await told(stream, "No answer from centre-x : its part comes later Line to the insurer", "line")
        window = Window(
            begin=hospital.now(),
            end=hospital.now() + timedelta(hours=1),
            reason="a disk <b>",
            announced_at=hospital.now(),
        )
        hospital.clerks._counter._desk.maintenance = lambda: window
        assert "nothing new is begun. a disk <b>" in await told(stream, "Maintenance until", "line")
        later = replace(window, begin=window.begin + timedelta(minutes=30))
        hospital.clerks._counter._desk.maintenance = lambda: later
        assert "nothing new" not in await told(stream, "Maintenance is announced: from", "line")
        hospital.clerks._counter._desk.maintenance = lambda: None
        await hub.stop()
        said = await told(stream, "No line to the insurer", "line")
        assert "centre-x" not in said, "nobody can say while the line is down"


async def test_a_first_page_keeps_its_lists_while_the_journal_cannot_be_read(hospital: Hospital, clerk: Person) -> None:
    hid = await clerk.visit()
    kept = hospital.clerks._casebook._kept
    read = kept._read

    async def broken(*_: object) -> None:
        raise JournalUnavailable("the disk is gone")

    async with clerk.client.get(f"{BASE}/desk/live") as stream:
        await told(stream, hid, "lists")
        kept._read = broken
        await hospital.clerks._casebook._facts.remember("test", "k", b"v")  # something was written since
        hospital.clerks._counter._lists._last = None
        hospital.clerks._counter._desk.payers = lambda: ("centre-x",)
        while True:
            line = (await stream.content.readline()).decode()
            if "centre-x" in line:
                break
        assert 'data-region=\\"lists\\"' not in line
        kept._read = read
        await told(stream, hid, "lists")


async def test_all_pages_are_told_of_one_read_and_of_none_while_nothing_is_written(
    hospital: Hospital, clerk: Person, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = hospital.clerks._counter._desk
    lists = Lists(desk, lambda: edge.journal.head)
    reads = 0
    unfinished = desk.casebook.unfinished

    async def counted() -> object:
        nonlocal reads
        reads += 1
        return await unfinished()

    monkeypatch.setattr(desk.casebook, "unfinished", counted)
    monkeypatch.setattr("edge.console.desk.lists.READ_EVERY_S", 0.0)
    found = await asyncio.gather(*(lists.lately(f"desk-{n}") for n in range(50)))
    assert (reads, {one.version for one in found}) == (1, {found[0].version})
    hid = await clerk.visit()
    before = reads
    await until(lambda: edge.journal.open_count == 0)
    here, elsewhere = [await lists.lately(name) for name in ("desk-1", "desk-2")]
    assert [row.hid for row in here.opened] == [hid]
    assert (list(elsewhere.opened), reads) == ([], before + 1)
    monkeypatch.setattr("edge.console.desk.lists.READ_EVERY_S", HUNG_S)
    await clerk.send("/fees", item="A1", price="10")
    assert (await lists.lately("desk-1"), reads) == (here, before + 1), "not sooner"
    await lists.now("desk-1")
    assert reads == before + 2, "a page that is asked for is told how it is"
