"""What every page of a desk sees of its reader, and that a card is read once however many pages listen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.console.desk.bells import Bells
from edge.console.desk.cards import DeskCards, Sight, State
from edge.console.desk.seats import Seat
from edge.readers.bindings import Binding, by_row
from edge.readers.front import Front
from edge.readers.reads import Read
from edge.readers.simulated.driver import SimulatedReader
from tests.edge.console.desk.hospital import CARD, NUMBER

SEAT: Any = Seat("desk-1", None, None)
ELSEWHERE: Any = Seat("desk-2", None, None)


class Place:
    """A desk with a reader; ``asked`` are the numbers that the insurer was asked about."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "reader"
        self.folder.mkdir()
        self.asked: list[str] = []
        self.hold: asyncio.Event | None = None
        bound = by_row({"card": Binding(desk="desk-1")})
        self.front = Front(
            lambda told: [SimulatedReader("card", self.folder, told)],
            lambda: datetime.now(UTC),
            lambda: date(2026, 3, 1),
            bound,
        )
        self.cards = DeskCards(self.front.desks, self._ask)
        self.bells = Bells(self.front.events)
        self.bells.tell(self.cards.heard)

    async def _ask(self, _seat: Seat, read: Read) -> str:
        self.asked.append(read.identity.number)
        if self.hold:
            await self.hold.wait()
        return f"look-{len(self.asked)}"

    def put(self, card: str = CARD) -> None:
        part = self.folder / "card.part"
        part.write_text(card, encoding="utf-8")
        part.rename(self.folder / "card.json")

    def take(self) -> None:
        (self.folder / "card.json").unlink()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    await made.front.start()
    await made.bells.start()
    yield made
    await made.cards.stop()
    await made.bells.stop()
    await made.front.quieten()
    await made.front.stop()


class Page:
    """A page that listens; what it has seen."""

    def __init__(self, place: Place, seat: Seat = SEAT) -> None:
        self.seen: list[Sight] = []
        self._sights = place.cards.sights(seat)
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for sight in self._sights:
            if not self.seen or self.seen[-1] != sight:
                self.seen.append(sight)

    async def sees(self, state: State) -> Sight:
        end = asyncio.get_running_loop().time() + 10
        while not self.seen or self.seen[-1].state is not state:
            assert asyncio.get_running_loop().time() < end, self.seen
            await asyncio.sleep(0.01)
        return self.seen[-1]

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._sights.aclose()


@pytest.fixture
async def opened(place: Place) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    pages: list[Page] = []

    async def open_page(seat: Seat = SEAT) -> Page:
        pages.append(Page(place, seat))
        await asyncio.sleep(0)
        return pages[-1]

    yield open_page
    for page in pages:
        await page.leave()


async def test_a_card_is_read_once_for_all_pages_and_the_name_comes_before_the_insurers_word(
    place: Place, opened
) -> None:
    place.hold = asyncio.Event()
    one, two = await opened(), await opened()
    await one.sees(State.EMPTY)
    place.put()
    for page in (one, two):
        assert (await page.sees(State.ASKING)).name == json.loads(CARD)["name"]
    place.hold.set()
    assert (await one.sees(State.FOUND)).look == (await two.sees(State.FOUND)).look == "look-1"
    assert place.asked == [NUMBER]


async def test_a_card_that_still_lies_there_is_not_read_again_before_it_was_taken_away(place: Place, opened) -> None:
    page = await opened()
    place.put()
    await page.sees(State.FOUND)
    await page.leave()
    again = await opened()
    assert (await again.sees(State.LYING)).look == "look-1"
    place.take()
    await again.sees(State.EMPTY)
    place.put()
    await again.sees(State.FOUND)
    assert len(place.asked) == 2


async def test_a_page_that_is_opened_beside_one_that_was_left_is_not_led_where_that_was_led(
    place: Place, opened
) -> None:
    left = await opened()
    place.put()
    await left.sees(State.FOUND)  # its browser has gone on; that nobody listens is found out late
    fresh = await opened()
    await fresh.sees(State.LYING)
    assert State.FOUND not in [sight.state for sight in fresh.seen]


async def test_nothing_is_read_while_no_page_listens_and_a_card_changed_meanwhile_is_a_new_one(
    place: Place, opened
) -> None:
    page = await opened()
    place.put()
    await page.sees(State.FOUND)
    await page.leave()
    place.take()
    await asyncio.sleep(0.25)
    place.put()
    await asyncio.sleep(0.25)
    assert len(place.asked) == 1
    await (await opened()).sees(State.FOUND)
    assert len(place.asked) == 2


async def test_a_card_that_fails_and_a_reader_that_goes_are_told_and_their_end_too(place: Place, opened) -> None:
    page = await opened()
    place.put("{}")
    assert (await page.sees(State.FAILED)).code == "card_unreadable"
    place.take()
    await page.sees(State.EMPTY)
    away = place.folder.rename(place.folder.with_name("away"))
    await page.sees(State.LOST)
    away.rename(place.folder)
    await page.sees(State.EMPTY)


async def test_another_desks_reader_is_none_of_this_desks(place: Place, opened) -> None:
    page = await opened(ELSEWHERE)
    place.put()
    await asyncio.sleep(0.3)
    assert [sight.state for sight in page.seen] == [State.NONE]
    assert place.cards.glance("desk-3").state is State.NONE


async def test_a_fault_in_asking_is_told_and_ends_no_page(
    place: Place, opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> str:
        raise RuntimeError(NUMBER)

    page = await opened()
    await page.sees(State.EMPTY)
    monkeypatch.setattr(place.cards._watches["desk-1"], "_asked", fails)
    place.put()
    assert (await page.sees(State.FAILED)).code == "edge_fault"
