"""What the readers tell, and what is forgotten when nobody asks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central_sync.wire.refusals import Refused
from edge.events import Event
from edge.readers import Change, ReaderEvent, ReaderState
from edge.readers import presence as presence_module
from edge.readers.bindings import Binding, by_row
from edge.readers.cards.identity import CardIdentity
from edge.readers.presence import Presence
from edge.readers.reads import Keeping, Reads
from tests.patience import HUNG_S

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDENTITY = CardIdentity(kind="ir_national_code", number="0499370899", card="simulated", name="Zahra")
PERSON = (IDENTITY.kind, IDENTITY.number)


class Place:
    """A presence at a time that the test sets, and what it told."""

    def __init__(self) -> None:
        self.now = NOON
        self.told: list[Event] = []
        self.reads = Reads(b"k" * 32, Keeping())
        bound = by_row({"r1": Binding(desk="ws-1", card_must_stay=True)})
        self.presence = Presence(self.reads, self.told.append, lambda: self.now, bound)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.told]


def change(what: Change, reader: str = "r1") -> ReaderEvent:
    return ReaderEvent(
        change=what, state=ReaderState(name=reader, driver="simulated", connected=True, card_present=False)
    )


@pytest.mark.parametrize("gone", [Change.REMOVED, Change.READER_LOST])
def test_a_session_ends_with_the_card_and_with_the_reader(gone: Change) -> None:
    place = Place()
    read = place.presence.noted("r1", IDENTITY, "ws-1")
    place.presence.check(read.read_id, "ws-1", PERSON)
    place.presence.told(change(gone))
    assert place.kinds() == ["read", str(gone), "session_ended"]
    assert place.told[-1].data == {"reader": "r1", "desk": "ws-1"}
    with pytest.raises(Refused, match="card_removed"):
        place.presence.check(read.read_id, "ws-1", PERSON)


def test_a_card_that_is_gone_before_its_read_is_noted_has_ended_its_session() -> None:
    place = Place()
    read = place.presence.noted("r1", IDENTITY, "ws-1", present=False)
    assert place.kinds() == ["read", "session_ended"]
    with pytest.raises(Refused, match="card_removed"):
        place.presence.check(read.read_id, "ws-1", PERSON)


def test_a_reader_of_nobody_ends_no_session_and_its_reads_are_of_who_asked() -> None:
    place = Place()
    read = place.presence.noted("hall", IDENTITY, "ws-7", present=False)
    place.presence.told(change(Change.REMOVED, "hall"))
    assert place.kinds() == ["read", "removed"]
    assert [event.data["desk"] for event in place.told] == ["ws-7", ""]
    place.presence.check(read.read_id, "ws-7", PERSON)


def test_a_read_of_another_program_keeps_its_name() -> None:
    place = Place()
    assert place.presence.noted("r1", IDENTITY, read_id="of-the-agent").read_id == "of-the-agent"
    place.presence.check("of-the-agent", "ws-1", PERSON)


async def test_a_card_is_forgotten_also_when_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "FORGET_EVERY_S", 0.01)
    place = Place()
    await place.presence.start()
    place.presence.noted("r1", IDENTITY, "ws-1")
    place.now += timedelta(seconds=121)
    async with asyncio.timeout(HUNG_S):
        while "Zahra" in repr(vars(place.reads)):  # noqa: ASYNC110 - what is looked at has no bell of its own
            await asyncio.sleep(0.01)
    await place.presence.stop()
    assert not any("0499370899" in repr(event) for event in place.told)


async def test_whoever_waits_for_a_change_is_woken_by_one_and_else_by_its_time() -> None:
    place = Place()
    async with asyncio.timeout(HUNG_S):
        waiting = asyncio.create_task(place.presence.change(60))
        await asyncio.sleep(0)
        place.presence.told(change(Change.REMOVED))
        await waiting
        await place.presence.change(0.01)


def test_a_card_that_had_gone_when_it_was_noted_ends_no_other_cards_read() -> None:
    place = Place()
    lies = place.presence.noted("r1", IDENTITY, "ws-1")
    gone = place.presence.noted("r1", IDENTITY, "ws-1", present=False)
    assert (lies.lies, gone.lies) == (True, False)
    place.presence.check(lies.read_id, lies.desk, None)
    with pytest.raises(Refused, match="card_removed"):
        place.presence.check(gone.read_id, gone.desk, None)
