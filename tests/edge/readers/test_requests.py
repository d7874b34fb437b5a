"""What becomes of a desk's request for a card."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from central_sync.wire.refusals import Refused
from edge.events import Event
from edge.faces.cards.codec import request_body
from edge.readers import Change, OnEvent, ReaderEvent, ReaderState, Wanted
from edge.readers import requests as requests_module
from edge.readers.bindings import Binding, by_row
from edge.readers.cards.identity import CardIdentity
from edge.readers.front import Front
from edge.readers.reads import CardRequest, RequestState
from tests.patience import HUNG_S

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = "good"


class Slot:
    """A driver of one reader at which the test puts cards down by what comes of reading them."""

    def __init__(self, told: OnEvent) -> None:
        self.told = told
        self.card = ""
        self.lost = False
        self.withdrawn = self.gone = False
        self.busy = 0
        self.reads = 0
        self.changed = asyncio.Event()

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    def states(self) -> list[ReaderState]:
        if self.gone:
            return []
        return [ReaderState(name="r1", driver="slot", connected=not self.lost, card_present=bool(self.card))]

    def put(self, card: str) -> None:
        self.card = card
        self.tell(Change.INSERTED if card else Change.REMOVED)

    def unplug(self) -> None:
        self.lost = True
        self.tell(Change.READER_LOST)

    def tell(self, change: Change) -> None:
        self.changed.set()
        self.told(ReaderEvent(change=change, state=self.states()[0]))

    async def read(self, _reader: str, deadline_s: float, _wanted: Wanted) -> CardIdentity:
        self.reads += 1
        if self.busy:
            self.busy -= 1
            raise Refused("reader_busy")
        try:
            async with asyncio.timeout(deadline_s):
                while not (self.card or self.lost):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise Refused("card_absent") from None
        if self.lost:
            raise Refused("reader_lost")
        if self.card == "fault":
            raise ZeroDivisionError
        if self.card != GOOD:
            self.gone = self.withdrawn
            raise Refused(self.card, "ATR 3B00" if self.card == "card_unknown" else "")
        return CardIdentity(kind="ir_national_code", number="0499370899", card="slot")


class Place:
    """A desk with one reader, and what was told."""

    def __init__(self) -> None:
        self.now = NOON
        self.slots: list[Slot] = []
        self.told: list[Event] = []
        bound = by_row({"r1": Binding(desk="ws-1"), "r2": Binding(desk="ws-2")})
        self.front = Front(self.drivers, lambda: self.now, bound=bound)
        self.front.events.publish = self.told.append  # type: ignore[method-assign]
        self.front.presence._publish = self.told.append
        self.requests = self.front.requests

    def drivers(self, told: OnEvent) -> list[Slot]:
        self.slots = [Slot(told)]
        return self.slots

    @property
    def slot(self) -> Slot:
        return self.slots[0]

    def begin(self, timeout_s: float = 60, **more: Any) -> str:
        return self.requests.begin("ws-1", more.get("reader", ""), "Card, please", timeout_s).request_id

    async def end(self, request_id: str) -> CardRequest:
        async with asyncio.timeout(HUNG_S):
            return await self.requests.ended("ws-1", request_id, 60)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.told]


@pytest.fixture
def place() -> Place:
    return Place()


async def turn() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_request_ends_when_a_card_is_read_and_names_the_read_only(place: Place) -> None:
    request_id = place.begin()
    assert place.requests.find("ws-1", request_id).state is RequestState.WAITING
    await turn()
    place.slot.put(GOOD)
    ended = await place.end(request_id)
    assert (ended.state, ended.code) == (RequestState.READ, "")
    read = place.front.desks.find(ended.read_id)
    assert read is not None
    assert read.identity is not None
    assert read.identity.number == "0499370899"
    assert "0499370899" not in repr(ended)
    assert place.kinds() == ["card_requested", "inserted", "read", "request_ended"]
    requested = place.told[0].data
    assert (requested["desk"], requested["prompt"], requested["request_id"]) == ("ws-1", "Card, please", request_id)
    assert requested["until"] == NOON + timedelta(seconds=60)
    assert place.told[-1].data == {
        "reader": "r1",
        "desk": "ws-1",
        "request_id": request_id,
        "state": "read",
        "code": "",
    }


async def test_a_request_ends_when_its_time_is_over(place: Place) -> None:
    ended = await place.end(place.begin(0.05))
    assert (ended.state, ended.code) == (RequestState.TIMED_OUT, "card_absent")


async def test_a_request_ends_when_it_is_cancelled_and_stays_as_it_ended(place: Place) -> None:
    request_id = place.begin()
    waiting = asyncio.create_task(place.end(request_id))
    await turn()
    assert place.requests.cancel("ws-1", request_id).state is RequestState.CANCELLED
    assert (await waiting).code == "card_request_cancelled"
    await turn()
    place.slot.put(GOOD)
    await turn()
    assert place.requests.cancel("ws-1", request_id).state is RequestState.CANCELLED
    assert place.kinds() == ["card_requested", "request_ended", "inserted"]
    second = place.begin()
    assert (await place.end(second)).state is RequestState.READ
    assert place.requests.cancel("ws-1", second).state is RequestState.READ


async def test_a_request_ends_when_its_reader_is_lost(place: Place) -> None:
    request_id = place.begin()
    await turn()
    place.slot.unplug()
    ended = await place.end(request_id)
    assert (ended.state, ended.code) == (RequestState.FAILED, "reader_lost")


async def test_a_card_that_cannot_be_read_is_told_once_and_another_one_may_follow(place: Place) -> None:
    request_id = place.begin()
    place.slot.put("card_mute")
    await turn()
    standing = place.requests.find("ws-1", request_id)
    assert (standing.state, standing.code) == (RequestState.WAITING, "card_mute")
    reads = place.slot.reads
    await asyncio.sleep(0.05)
    assert place.slot.reads == reads, "a card that lies there is not read again and again"
    place.slot.put("")
    await turn()
    place.slot.put("card_mute")
    await turn()
    place.slot.put("")
    await turn()
    place.slot.put(GOOD)
    ended = await place.end(request_id)
    assert (ended.state, ended.code) == (RequestState.READ, "")
    assert place.kinds().count("card_failed") == 1


async def test_a_card_that_is_unknown_is_told_with_its_atr_until_another_one_is_read(place: Place) -> None:
    request_id = place.begin()
    place.slot.put("card_unknown")
    await turn()
    standing = place.requests.find("ws-1", request_id)
    assert (standing.code, standing.detail) == ("card_unknown", "ATR 3B00")
    told = request_body(standing, None)
    assert told.card_error is not None
    assert told.card_error.detail == "ATR 3B00"
    place.slot.put("")
    await turn()
    place.slot.put(GOOD)
    assert (await place.end(request_id)).detail == ""


async def test_while_a_bad_card_stays_the_time_runs_out_all_the_same(place: Place) -> None:
    place.slot.put("card_unknown")
    ended = await place.end(place.begin(0.1))
    assert (ended.state, ended.code) == (RequestState.TIMED_OUT, "card_absent")


async def test_a_reader_that_another_program_holds_is_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests_module, "BUSY_LOOK_S", 0.01)
    place.slot.busy = 2
    place.slot.put(GOOD)
    assert (await place.end(place.begin())).state is RequestState.READ
    assert place.slot.reads == 3


async def test_a_fault_of_ours_ends_the_request_with_a_word(place: Place) -> None:
    place.slot.put("fault")
    ended = await place.end(place.begin())
    assert (ended.state, ended.code) == (RequestState.FAILED, "edge_fault")


async def test_a_poll_that_is_not_answered_in_its_time_says_how_it_stands(place: Place) -> None:
    request_id = place.begin()
    assert (await place.requests.ended("ws-1", request_id, 0.01)).state is RequestState.WAITING
    assert (await place.requests.ended("ws-1", request_id, 0)).state is RequestState.WAITING
    place.requests.cancel("ws-1", request_id)


async def test_a_request_is_its_own_desks_and_no_other_reader_is_asked_for(place: Place) -> None:
    request_id = place.begin()
    for desk, name in (("ws-2", request_id), ("ws-1", "never")):
        with pytest.raises(Refused, match="card_request_unknown"):
            place.requests.cancel(desk, name)
    with pytest.raises(Refused, match="reader_of_another_desk"):
        place.requests.begin("ws-2", "r1", "", 1)
    with pytest.raises(Refused, match="reader_unknown"):
        place.requests.begin("ws-1", "r9", "", 1)
    place.requests.cancel("ws-1", request_id)


async def test_only_so_many_requests_wait_and_are_remembered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests_module, "REQUESTS_MAX", 6)
    waiting = [place.begin() for _ in range(4)]
    with pytest.raises(Refused, match="too_busy"):
        place.begin()
    for request_id in waiting[:2]:
        place.requests.cancel("ws-1", request_id)
        place.now += timedelta(seconds=1)
    new = [place.begin(), place.begin()]
    place.requests.cancel("ws-1", new[0])
    third = place.begin()
    with pytest.raises(Refused, match="card_request_unknown"):
        place.requests.find("ws-1", waiting[0])
    assert place.requests.find("ws-1", waiting[1]).state is RequestState.CANCELLED, "the oldest that ended goes first"
    place.now += timedelta(minutes=11)
    place.requests.cancel("ws-1", third)
    place.begin()
    with pytest.raises(Refused, match="card_request_unknown"):
        place.requests.find("ws-1", waiting[1])
    await place.front.quieten()


async def test_when_the_program_stops_every_request_ends_at_once(place: Place) -> None:
    request_id = place.begin()
    waiting = asyncio.create_task(place.end(request_id))
    await turn()
    async with asyncio.timeout(HUNG_S):
        await place.front.quieten()
    assert (await waiting).code == "shutting_down"
    with pytest.raises(Refused, match="shutting_down"):
        place.begin()


async def test_a_bad_card_that_was_swapped_before_anybody_looked_does_not_keep_the_good_one_waiting(
    place: Place,
) -> None:
    request_id = place.begin()
    place.slot.put("card_mute")
    await turn()
    assert place.requests.find("ws-1", request_id).code == "card_mute"
    place.slot.put("")
    place.slot.put(GOOD)  # in one go: nobody came to see the empty reader
    assert (await place.end(request_id)).state is RequestState.READ


async def test_a_reader_that_is_withdrawn_while_a_bad_card_lies_on_it_ends_the_request_with_its_word(
    place: Place,
) -> None:
    request_id = place.begin()
    place.slot.put("card_mute")
    place.slot.withdrawn = True
    ended = await place.end(request_id)
    assert (ended.state, ended.code) == (RequestState.FAILED, "reader_unknown")
