"""What a clerk's pages say while the journal cannot be used, and how many of them may listen at once."""

from __future__ import annotations

import re

import pytest
from aiohttp import ClientResponse

from central_sync.pages.news import STREAMS_OF_SESSION_MAX, TOO_MANY
from edge.console.lobby import BASE
from edge.errors import JournalUnavailable
from tests.edge.console.desk.hospital import Hospital, Person
from tests.edge.world import Edge, until


async def test_a_journal_that_cannot_be_used_is_told_on_each_page_with_what_to_do(
    clerk: Person, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    hid = await clerk.visit()
    read = edge.journal._read

    async def broken(*_: object) -> None:
        raise JournalUnavailable("the disk is gone")

    clerk.hospital.clerks._casebook._kept._read = broken
    for path in ("/desk", f"/desk/case/{hid}", f"/desk/case/{hid}/bill", f"/desk/case/{hid}/slip"):
        await clerk.get(path)
        assert clerk.status == 503
        assert "The gateway cannot save. Call your IT desk." in clerk.main
        assert f'href="{BASE}{path}"' in clerk.page, "try again leads to the same page"
    clerk.hospital.clerks._casebook._kept._read = read
    await clerk.get(f"/desk/case/{hid}")
    assert "The case is open." in clerk.main


async def test_an_open_page_of_a_case_says_that_it_cannot_be_read_and_goes_on_when_it_can(
    clerk: Person, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.console.desk.work.BEAT_S", 0.05)
    hid = await clerk.visit()
    read = edge.journal._read

    async def broken(*_: object) -> None:
        raise JournalUnavailable("the disk is gone")

    async with clerk.client.get(f"{BASE}/desk/case/{hid}/live") as stream:
        await told(stream, "The case is open.")
        clerk.hospital.clerks._casebook._kept._read = broken
        version = await told(stream, "How this case stands cannot be read now.")
        clerk.hospital.clerks._casebook._kept._read = read
        assert version == await told(stream, "The case is open."), "a page that is the same is not loaded anew"


async def told(stream: ClientResponse, words: str) -> str:
    """Read until the news has the ``words``; the version that it is of."""
    while True:
        line = (await stream.content.readline()).decode()
        assert line, "the news ended"
        if words in line:
            return re.search(r'data-version=\\"(\w+)', line).group(1)


async def test_one_session_has_a_bounded_number_of_listening_pages_and_leaves_others_their_places(
    hospital: Hospital, clerk: Person
) -> None:
    hid = await clerk.visit()
    other = await hospital.clerk("desk-2", "clerk-2")
    path = f"{BASE}/desk/case/{hid}/live"
    open_ = [await clerk.client.get(path) for _ in range(STREAMS_OF_SESSION_MAX)]
    assert {one.status for one in open_} == {200}
    refused = await clerk.client.get(path)
    assert (refused.status, await refused.text()) == (429, TOO_MANY)
    async with other.client.get(path) as one:
        assert one.status == 200
    open_.pop().close()

    async def room() -> bool:
        async with clerk.client.get(path) as one:
            return one.status == 200

    await until(room)
    for one in open_:
        one.close()
