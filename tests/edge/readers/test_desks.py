"""What a desk may do with its readers."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import structs

from central_sync.wire.refusals import Refused
from edge.readers import Change, OnEvent, ReaderEvent, ReaderState, Wanted
from edge.readers.bindings import Binding, by_row
from edge.readers.cards.identity import CardIdentity
from edge.readers.desks import READS_PER_DESK_AT_ONCE_MAX
from edge.readers.front import Front
from tests.patience import HUNG_S

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Slots:
    """A driver of a device with two slots, of which the second has a card with a photo."""

    def __init__(self, first: str = "card_absent", second: str = "") -> None:
        self.does = {"pc/0": first, "pc/1": second}
        self.wanted: list[Wanted] = []
        self.cancelled: list[str] = []

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    def states(self) -> list[ReaderState]:
        return [
            ReaderState(name=name, driver="slots", connected=True, card_present=not code)
            for name, code in self.does.items()
        ]

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        self.wanted.append(wanted)
        code = self.does[reader]
        if code in ("card_absent", "waits"):
            try:
                await asyncio.sleep(deadline_s)
            except asyncio.CancelledError:
                self.cancelled.append(reader)
                raise
        if code:
            raise Refused(code)
        return CardIdentity(kind="ir_national_code", number="0499370899", card="slots", photo=b"jpeg")


def front(driver: Slots, **more: Any) -> Front:
    bound = by_row({"pc": Binding(desk="ws-1")})
    return Front(lambda _: [driver], lambda: NOON, lambda: date(2026, 3, 1), bound, **more)


async def refusal(made: Front, asked: str = "", deadline_s: float = 5) -> str:
    with pytest.raises(Refused) as caught:
        await made.desks.read("ws-1", asked, deadline_s)
    return caught.value.code


async def test_of_several_readers_of_a_desk_the_one_with_the_card_is_read() -> None:
    driver = Slots()
    async with asyncio.timeout(HUNG_S):
        read = await front(driver).desks.read("ws-1", "", 60)
    assert (read.reader, read.desk) == ("pc/1", "ws-1")
    assert driver.cancelled == ["pc/0"]


async def test_a_card_that_cannot_be_read_is_told_at_once_and_a_lost_reader_does_not_keep_the_other() -> None:
    async with asyncio.timeout(HUNG_S):
        assert await refusal(front(Slots(second="card_mute")), deadline_s=60) == "card_mute"
        assert (await front(Slots(first="reader_lost")).desks.read("ws-1", "", 60)).reader == "pc/1"
    assert await refusal(front(Slots("reader_lost", "card_absent")), deadline_s=1) == "card_absent"
    assert await refusal(front(Slots("reader_lost", "reader_lost")), deadline_s=1) == "reader_lost"


async def test_a_photo_comes_only_where_it_is_allowed_and_asked_for() -> None:
    for allowed in (False, True):
        for asked in (False, True):
            driver = Slots()
            made = front(driver, photo=allowed)
            read = await made.desks.read("ws-1", "pc/1", 1, photo=asked)
            assert read.identity is not None
            assert bool(read.identity.photo) is (allowed and asked)
            assert driver.wanted == [Wanted(photo=allowed and asked)]
            last = made.desks.last("ws-1", "pc/1")
            assert last is not None
            assert last.identity is not None
            assert last.identity.photo == b"", "it is never kept"


async def test_when_the_program_stops_a_read_that_waits_is_refused_at_once() -> None:
    made = front(Slots(first="waits"))
    waiting = asyncio.create_task(refusal(made, "pc/0", 60))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(HUNG_S):
        await made.desks.stop()
        assert await waiting == "shutting_down"
        assert await refusal(made) == "shutting_down"


async def test_whoever_goes_away_ends_the_read() -> None:
    driver = Slots(first="waits")
    waiting = asyncio.create_task(front(driver).desks.read("ws-1", "pc/0", 60))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0.01)
    assert driver.cancelled == ["pc/0"]


class Swapped(Slots):
    """While its card's read is answered, that card is taken away and another one put down: told right after the read, as drivers do."""

    def __init__(self) -> None:
        super().__init__("card_absent", "")
        self.told: OnEvent = lambda _: None

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        found = await super().read(reader, deadline_s, wanted)
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self.swap, reader)
        return found

    def swap(self, reader: str) -> None:
        state = ReaderState(name=reader, driver="slots", connected=True, card_present=False)
        self.told(ReaderEvent(change=Change.REMOVED, state=state))
        self.told(ReaderEvent(change=Change.INSERTED, state=structs.replace(state, card_present=True)))


@pytest.mark.parametrize("asked", ["pc/1", "pc"])
async def test_a_card_swapped_for_another_one_as_its_read_ends_proves_nothing(asked: str) -> None:
    driver = Swapped()
    bound = by_row({"pc": Binding(desk="ws-1", card_must_stay=True)})

    def drivers(told: OnEvent) -> list[Slots]:
        driver.told = told
        return [driver]

    made = Front(drivers, lambda: NOON, bound=bound)
    read = await made.desks.read("ws-1", asked, 60)
    await asyncio.sleep(0.01)
    with pytest.raises(Refused, match="card_removed"):
        made.presence.check(read.read_id, "ws-1", ("ir_national_code", "0499370899"))


async def test_a_desk_that_reads_without_waiting_for_answers_leaves_room_for_the_others() -> None:
    made = front(Slots("card_absent", "card_absent"))
    waiting = [asyncio.create_task(made.desks.read("ws-1", "pc/0", 60)) for _ in range(READS_PER_DESK_AT_ONCE_MAX)]
    await asyncio.sleep(0.01)
    assert await refusal(made) == "too_busy"
    with pytest.raises(Refused, match="card_absent"):
        await made.desks.look("pc/1", 0.05)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await refusal(made, "pc/0", 0.05) == "card_absent"
