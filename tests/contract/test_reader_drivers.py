"""Every obligation of ``edge/readers/__init__.py``, over every driver.

How long the world needs differs from driver to driver and is no obligation, so waiting here is generous; what is promised with a time is held to it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_sync.wire.refusals import REFUSALS, Refused
from edge.drivers import DRIVERS
from edge.readers import READ_REFUSALS, ReaderEvent, ReaderState, Wanted
from edge.readers.troubles import TROUBLES
from tests.contract.pcsc_rig import PcscRig
from tests.contract.remote_rig import RemoteRig
from tests.contract.rigs import SILENT_S, Played, Rig
from tests.contract.serial_line_rig import SamRig, ScannerRig
from tests.contract.simulated_rig import SimulatedRig

RIGS: dict[str, type[Rig]] = {
    "pcsc": PcscRig,
    "remote": RemoteRig,
    "simulated": SimulatedRig,
    "serial_line": SamRig,
    "serial_line scanner": ScannerRig,
}
"""Every driver's rigs, by the driver's name in edge.toml, with a word behind it where a driver has several; and that of the readers of agents,
which stand in no row."""

SEEN_S_MAX = 15.0
QUIET_S = 1.0
LATE_S_MAX = 15.0
"""How far beyond its deadline a read may end on a busy machine; one that hangs ends later."""


class Desk:
    """A driver on its rig, and what it told."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.driver = rig.driver(self._tell)
        self.told: asyncio.Queue[ReaderEvent] = asyncio.Queue()
        self.changes: list[str] = []
        self.strangers: list[str] = []

    def _tell(self, event: ReaderEvent) -> None:
        if threading.current_thread() is not threading.main_thread():
            self.strangers.append(threading.current_thread().name)
        assert event.state.name == self.rig.row
        assert event.state == self.state()
        self.changes.append(str(event.change))
        self.told.put_nowait(event)

    def state(self) -> ReaderState:
        (state,) = [state for state in self.driver.states() if state.name == self.rig.row]
        return state

    async def next(self) -> str:
        async with asyncio.timeout(SEEN_S_MAX):
            return str((await self.told.get()).change)

    async def card(self, card: Played = Played.GOOD) -> None:
        """``card`` is on the reader, and the driver has said so."""
        await self.rig.insert(card)
        assert await self.next() == "inserted"

    async def read(self, deadline_s: float = SEEN_S_MAX) -> str:
        """The number on the card, or the code of the refusal."""
        began = time.monotonic()
        try:
            found = (await self.driver.read(self.rig.row, deadline_s, Wanted())).number
        except Refused as refused:
            found = refused.code
        assert time.monotonic() - began < deadline_s + LATE_S_MAX
        assert found in (self.rig.number, *READ_REFUSALS)
        return found


def playing(card: Played) -> list[str]:
    """The drivers whose rigs can play ``card``."""
    return [name for name, rig in sorted(RIGS.items()) if card in rig.plays]


@pytest.fixture
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    made = RIGS[request.param](tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def desk(rig: Rig) -> AsyncIterator[Desk]:
    """A reader that is plugged in, and empty; the driver knows it."""
    await rig.plug()
    made = Desk(rig)
    await made.driver.start()
    assert await made.next() == "reader_back"
    yield made
    await made.driver.stop()
    assert not made.strangers, "events are told in the loop"


every = pytest.mark.parametrize("rig", sorted(RIGS), indirect=True)


def test_every_driver_stands_here() -> None:
    assert {name.split()[0] for name in RIGS} == {*DRIVERS, "remote"}


def test_every_refusal_of_a_read_has_its_sentences() -> None:
    assert set(READ_REFUSALS) <= set(REFUSALS)


# -- list, presence events, survive


@every
async def test_an_absent_reader_does_not_keep_a_driver_from_starting_and_is_listed_with_its_trouble(rig: Rig) -> None:
    desk = Desk(rig)
    began = time.monotonic()
    await desk.driver.start()
    assert time.monotonic() - began < LATE_S_MAX
    try:
        async with asyncio.timeout(SEEN_S_MAX):
            while not desk.state().trouble:  # noqa: ASYNC110 - a trouble is a state, and no event
                await asyncio.sleep(0.05)
        assert desk.state().trouble in TROUBLES
        assert (desk.state().connected, desk.state().card_present) == (False, False)
        await rig.plug()
        assert await desk.next() == "reader_back"
        assert (desk.state().connected, desk.state().trouble) == (True, "")
        assert desk.state().driver in DRIVERS
    finally:
        await desk.driver.stop()


@every
async def test_each_change_is_told_once_and_in_order(desk: Desk) -> None:
    await desk.card()
    assert desk.state().card_present
    await asyncio.sleep(QUIET_S)
    await desk.rig.remove()
    assert await desk.next() == "removed"
    assert not desk.state().card_present
    await desk.card()
    await desk.rig.unplug()
    assert [await desk.next(), await desk.next()] == ["removed", "reader_lost"]
    assert desk.state().trouble in TROUBLES
    assert (desk.state().connected, desk.state().card_present) == (False, False)
    await desk.rig.plug()
    assert await desk.next() == "reader_back"
    await desk.card()
    await asyncio.sleep(QUIET_S)
    lost_and_found = ["removed", "reader_lost", "reader_back", "inserted"]
    assert desk.changes == ["reader_back", "inserted", "removed", "inserted", *lost_and_found]
    assert await desk.read() == desk.rig.number


# -- read within a deadline


@every
async def test_a_card_is_read_again_and_again_and_nothing_is_told_of_it(desk: Desk) -> None:
    await desk.card()
    if desk.rig.again_codes:
        assert await desk.read() == desk.rig.number
        assert await desk.read(1) in desk.rig.again_codes
        await desk.rig.remove()
        assert await desk.next() == "removed"
        await desk.card()
        assert await desk.read() == desk.rig.number
        assert [change for change in desk.changes if change != "removed"] == ["reader_back", "inserted", "inserted"]
        return
    assert [await desk.read() for _ in range(3)] == [desk.rig.number] * 3
    assert desk.changes == ["reader_back", "inserted"]


@every
async def test_a_read_waits_for_its_card_and_the_card_is_told_before_the_read_ends(desk: Desk) -> None:
    reading = asyncio.create_task(desk.read())
    await asyncio.sleep(0.2)
    assert not reading.done()
    await desk.rig.insert()
    assert await reading == desk.rig.number
    assert desk.changes == ["reader_back", "inserted"]


@every
async def test_without_a_card_the_deadline_is_kept(desk: Desk) -> None:
    began = time.monotonic()
    assert await desk.read(0.4) == "card_absent"
    assert time.monotonic() - began >= 0.4


@every
async def test_a_read_on_a_lost_reader_says_so_by_its_deadline(desk: Desk) -> None:
    await desk.rig.unplug()
    assert await desk.next() == "reader_lost"
    assert await desk.read(0.4) in desk.rig.lost_codes


@every
async def test_a_read_waits_through_a_reader_that_is_lost_and_comes_back(desk: Desk) -> None:
    reading = asyncio.create_task(desk.read(4 * SEEN_S_MAX))
    await asyncio.sleep(0.1)
    await desk.rig.unplug()
    assert await desk.next() == "reader_lost"
    await desk.rig.plug()
    assert await desk.next() == "reader_back"
    await desk.rig.insert()
    assert await reading == desk.rig.number


@every
async def test_a_reader_that_is_lost_while_waited_on_is_named_at_the_deadline(desk: Desk) -> None:
    reading = asyncio.create_task(desk.read(SEEN_S_MAX / 5))
    await asyncio.sleep(0.1)
    await desk.rig.unplug()
    assert await reading in desk.rig.lost_codes


@every
async def test_a_name_of_no_reader_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(Refused, match="reader_unknown"):
        await asyncio.wait_for(desk.driver.read("desk-9", SEEN_S_MAX, Wanted()), LATE_S_MAX)


@every
async def test_a_bad_card_is_refused_long_before_the_deadline_and_the_next_is_read(desk: Desk) -> None:
    await desk.card(Played.BAD)
    assert await asyncio.wait_for(desk.read(), LATE_S_MAX) in desk.rig.bad_codes
    await desk.rig.remove()
    assert await desk.next() == "removed"
    await desk.card()
    assert await desk.read() == desk.rig.number


@pytest.mark.parametrize("rig", playing(Played.PULLED), indirect=True)
async def test_a_card_that_is_pulled_in_its_read_is_told_after_the_read_has_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.readers.pcsc.worker.LEAVING_MS", 1_000 * LATE_S_MAX)
    await desk.card(Played.PULLED)
    code = await desk.read()
    seen = list(desk.changes)
    assert code == "card_removed"
    assert await desk.next() == "removed"
    assert seen == ["reader_back", "inserted"]
    await desk.card()
    assert await desk.read() == desk.rig.number


@pytest.mark.parametrize("rig", playing(Played.SLOW), indirect=True)
async def test_a_silent_card_keeps_neither_the_deadline_nor_the_loop_nor_the_next_card(desk: Desk) -> None:
    await desk.card(Played.SLOW)
    reading = asyncio.create_task(desk.read(SILENT_S / 3))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert await reading == "card_slow"
    assert turns > 10, "others have their turns meanwhile"
    await desk.rig.remove()
    assert await desk.next() == "removed"
    await desk.card()
    assert await desk.read() == desk.rig.number


# -- cancel, close, standing in line


@every
async def test_a_cancelled_read_ends_soon_and_the_next_one_gets_the_card(desk: Desk) -> None:
    reading = asyncio.create_task(desk.read())
    await asyncio.sleep(0.1)
    reading.cancel()
    await asyncio.wait([reading], timeout=LATE_S_MAX)
    assert reading.cancelled()
    await desk.card()
    reading = asyncio.create_task(desk.read())
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading], timeout=LATE_S_MAX)
    assert await desk.read() == desk.rig.number


@every
async def test_two_reads_at_once_stand_in_line_and_both_get_the_card(desk: Desk) -> None:
    await desk.card()
    assert await asyncio.gather(desk.read(), desk.read()) == [desk.rig.number] * 2


@every
async def test_two_reads_at_once_both_keep_their_deadline(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.readers.remote.session.ANSWER_GRACE_S", LATE_S_MAX)
    assert await asyncio.gather(desk.read(0.4), desk.read(0.4)) == ["card_absent"] * 2


@every
async def test_stop_ends_a_read_under_way_and_nothing_is_told_after_it(desk: Desk) -> None:
    reading = asyncio.create_task(desk.read())
    await asyncio.sleep(0.1)
    await asyncio.wait_for(desk.driver.stop(), LATE_S_MAX)
    assert await asyncio.wait_for(reading, LATE_S_MAX) in READ_REFUSALS
    await desk.rig.insert()
    await asyncio.sleep(QUIET_S)
    assert desk.changes == ["reader_back"]
    await desk.driver.stop()


@pytest.mark.parametrize("rig", playing(Played.SLOW), indirect=True)
async def test_stop_does_not_wait_for_a_silent_card(desk: Desk) -> None:
    await desk.card(Played.SLOW)
    reading = asyncio.create_task(desk.read(4 * SEEN_S_MAX))
    await asyncio.sleep(0.3)
    await asyncio.wait_for(desk.driver.stop(), LATE_S_MAX)
    assert await asyncio.wait_for(reading, LATE_S_MAX) in READ_REFUSALS
