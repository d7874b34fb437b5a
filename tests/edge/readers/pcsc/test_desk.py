"""One reader as the loop sees it: reads in line, workers that do not come back, changes that wait for a read to end."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import ReaderEvent, Wanted
from edge.readers.cards.kinds import identify
from edge.readers.pcsc.desk import GONE_S_MAX, LEFT_MAX, STUCK_S, Desk, lost
from edge.readers.pcsc.seat import Seat
from edge.readers.pcsc.standing import Standing
from edge.readers.troubles import TROUBLES
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.misbehaving import Silent
from tests.edge.readers.pcsc.conftest import NUMBER, Listener, Table
from tests.edge.readers.pcsc.test_worker import Held

LATE_S_MAX = 15.0
"""So late that it hangs."""


async def refusal(listener: Listener, deadline_s: float) -> str:
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        await listener.read(deadline_s)
    assert time.monotonic() - began < deadline_s + LATE_S_MAX
    return caught.value.code


async def test_workers_that_do_not_come_back_are_left_and_bounded_and_forgiven(table: Table) -> None:
    async with Listener(table.names[0]) as listener:
        await listener.until("reader_back")
        table.put(Silent(EgkCard(), 3, 60))
        await listener.until("inserted")
        for _ in range(LEFT_MAX):
            assert await refusal(listener, 1.3) == "card_slow"
        await asyncio.sleep(STUCK_S)
        assert listener.state().trouble == "reader_stuck"
        while (code := await refusal(listener, 1.3)) == "card_slow":
            pass  # one of those reads had hardly begun when its time was over: this machine may stand still
        assert code == "reader_failed"
        assert listener.told.empty()
        table.drop()
        await listener.until("removed")
        table.put(EgkCard())
        await listener.until("inserted")
        assert await listener.read() == NUMBER
        assert listener.state().trouble == ""


async def test_a_reader_that_hangs_keeps_no_other_from_reading(table: Table) -> None:
    """The loop is not even touched: it would stand still for a minute."""
    async with Listener("*") as listener:
        await listener.until(*["reader_back"] * 4)
        hanging, other = listener.driver.states()[0].name, listener.driver.states()[2].name
        table.put(Silent(EgkCard(), 0, 60), 0)
        await listener.until("inserted")
        table.put(EgkCard(), 2)
        await listener.until("inserted")
        stuck = asyncio.create_task(listener.read(name=hanging))
        await asyncio.sleep(0.2)
        gaps = []
        for _ in range(10):
            began = time.monotonic()
            assert await listener.read(name=other) == NUMBER
            gaps.append(time.monotonic() - began)
        table.take(2)
        await listener.until("removed")
        assert max(gaps) < LATE_S_MAX
        assert not stuck.done()
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        table.drop()


async def test_another_programs_talk_is_named_at_the_deadline(table: Table) -> None:
    async with Listener(table.names[0]) as listener:
        table.put(EgkCard())
        await listener.until("reader_back", "inserted")
        other = Held(table.names[0], "SCARD_SHARE_SHARED")
        other.begin()
        assert await refusal(listener, 0.5) == "reader_busy"
        other.let_go()
        assert await listener.read() == NUMBER
        alone = Held(table.names[0], "SCARD_SHARE_EXCLUSIVE")
        await listener.trouble("reader_busy")
        alone.let_go()
        await listener.trouble("")
        assert listener.told.empty()


def desk_with(told: list[ReaderEvent]) -> Desk:
    loop = asyncio.get_running_loop()

    def on_loop(work, *arguments) -> None:
        with contextlib.suppress(RuntimeError):  # a worker that is back after its test
            loop.call_soon_threadsafe(work, *arguments)

    return Desk("desk-1", told.append, identify, on_loop)


async def test_a_read_that_goes_on_without_its_card_is_failed_and_then_the_removal_is_told(table: Table) -> None:
    told: list[ReaderEvent] = []
    desk = desk_with(told)
    async with Listener(table.names[0]) as listener:
        table.put(Silent(EgkCard(), 3, 60))
        await listener.until("reader_back", "inserted")
        desk.see(Standing(True, True, source=table.names[0]))
        reading = asyncio.create_task(desk.read(60, Wanted()))
        await asyncio.sleep(0.1)
        desk.see(Standing(True, source=table.names[0]))
        await asyncio.sleep(0.1)
        assert [str(event.change) for event in told] == ["reader_back", "inserted"]
        with pytest.raises(Refused, match="card_removed"):
            await asyncio.wait_for(reading, GONE_S_MAX + LATE_S_MAX)
        await asyncio.sleep(0.1)
        assert [str(event.change) for event in told] == ["reader_back", "inserted", "removed"]
        table.drop()


async def test_without_a_thread_a_read_is_refused_and_the_next_one_is_not(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    async with Listener(table.names[0]) as listener:
        table.put(EgkCard())
        await listener.until("reader_back", "inserted")
        with monkeypatch.context() as patched:
            patched.setattr(Seat, "start", full)
            assert await refusal(listener, 5) == "reader_failed"
        assert await listener.read() == NUMBER


async def test_after_its_end_nothing_is_told_or_read() -> None:
    told: list[ReaderEvent] = []
    desk = desk_with(told)
    desk.stop()
    desk.see(Standing(True, True, source="A"))
    assert not told
    with pytest.raises(Refused, match="reader_lost"):
        await desk.read(5, Wanted())


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
def test_every_trouble_of_a_lost_reader_says_whether_it_is_unplugged(trouble: str) -> None:
    assert lost(trouble).code in ("reader_lost", "reader_failed")
    assert lost("reader_absent").code == "reader_lost"
    assert lost("service_down").code == "reader_failed"
