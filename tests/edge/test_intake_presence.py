"""Proof of presence through the one door: what a transaction may quote, and that a resend is always safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from central_sync.wire.messages import Transaction
from edge.outcome import Outcome
from edge.readers import Change, ReaderEvent, ReaderState
from edge.readers.bindings import Binding, by_row
from edge.readers.cards.identity import CardIdentity
from edge.readers.presence import Presence
from edge.readers.reads import Keeping, Reads
from tests.edge.world import HID, PERSON, Edge, fees, registration
from tests.sim.hub import SimHub

OTHER_PERSON = {"kind": "ir_national_code", "number": "1111111014"}
TAKEN: list[Transaction] = []
"""What the hub got, in order."""
IDENTITY = CardIdentity(card="simulated", **PERSON)


class Place:
    """An edge with a reader whose cards must stay, and a clock that the test sets forward."""

    def __init__(self, folder: Path, url: str) -> None:
        self.later = timedelta(0)
        bound = by_row({"r1": Binding(desk="ws1", card_must_stay=True), "r2": Binding(desk="ws2")})
        self.presence = Presence(Reads(b"k" * 32, Keeping()), lambda _: None, self.clock, bound)
        self.edge = Edge(folder, url, presence=self.presence)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.later

    def remove(self) -> None:
        state = ReaderState(name="r1", driver="simulated", connected=True, card_present=False)
        self.presence.told(ReaderEvent(change=Change.REMOVED, state=state))


@pytest.fixture
async def hub() -> AsyncIterator[SimHub]:
    hub = SimHub()

    def take(transaction: Transaction) -> str:
        TAKEN.append(transaction)
        return ""

    TAKEN.clear()
    hub.refuse = take
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
async def place(hub: SimHub, tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path, hub.url)
    async with made.edge:
        yield made


async def test_the_read_travels_to_the_hub_with_the_transaction_and_is_no_part_of_its_digest(place: Place) -> None:
    read_id = place.presence.noted("r1", IDENTITY).read_id
    assert (await place.edge.call("2201", registration(), "m1", card_read=read_id)).outcome is Outcome.FINAL
    assert (await place.edge.call("1101", {"person": PERSON}, "m2", card_read=read_id)).outcome is Outcome.FINAL
    assert (await place.edge.call("2204", fees(HID), "m3", card_read=read_id)).outcome is Outcome.FINAL
    quoted = {item.msgid: item.card_read for item in TAKEN}
    assert quoted == {"m1": read_id, "m3": read_id}
    again = await place.edge.call("2201", registration(), "m1")
    assert (again.outcome, again.answer) == (Outcome.FINAL, {"hid": HID, "covered": True})


@pytest.mark.parametrize("number", ["2201", "1101"])
async def test_what_proves_nothing_is_refused_and_never_kept(place: Place, number: str) -> None:
    mine = place.presence.noted("r1", IDENTITY).read_id
    elsewhere = place.presence.noted("r2", IDENTITY).read_id
    nameless = place.presence.noted("r1", CardIdentity(kind="", number="", card="emv")).read_id
    packet = registration() if number == "2201" else {"person": PERSON}
    wrong = {**packet, "person": OTHER_PERSON}

    async def code(card_read: str, packet: dict[str, object] = packet) -> str:
        reply = await place.edge.call(number, packet, "m1", card_read=card_read)
        assert reply.outcome is Outcome.REFUSED
        assert PERSON["number"] not in msgspec.json.encode(reply).decode()
        return reply.code

    assert await code("never-read") == "card_read_unknown"
    assert await code(elsewhere) == "card_read_unknown"
    assert await code(nameless) == "card_read_nameless"
    assert await code(mine, wrong) == "card_read_of_another"
    place.later = timedelta(seconds=1_801)
    assert await code(mine) == "card_read_stale"
    place.later = timedelta(0)
    place.remove()
    assert await code(mine) == "card_removed"
    assert await place.edge.journal.find("H1", "m1") is None
    assert not TAKEN
    assert (await place.edge.call(number, packet, "m1")).outcome is Outcome.FINAL, "its msgid is still free"


@pytest.mark.parametrize("line", ["up", "down"])
async def test_a_resend_is_safe_also_when_its_card_is_gone(place: Place, hub: SimHub, line: str) -> None:
    if line == "down":
        await hub.stop()
        await place.edge.call("1101", {"person": PERSON}, "m0", 500)
    read_id = place.presence.noted("r1", IDENTITY).read_id
    first = await place.edge.call("2201", registration(), "m1", card_read=read_id)
    place.remove()
    again = await place.edge.call("2201", registration(), "m1", card_read=read_id)
    assert first.outcome is (Outcome.FINAL if line == "up" else Outcome.PROVISIONAL)
    assert again == first


async def test_a_resend_that_comes_while_the_first_copy_is_being_kept_is_told_the_same(place: Place) -> None:
    read_id = place.presence.noted("r1", IDENTITY).read_id
    first = asyncio.create_task(place.edge.call("2201", registration(), "m1", card_read=read_id))
    for _ in range(3):
        await asyncio.sleep(0)
    place.remove()
    again = await place.edge.call("2201", registration(), "m1", card_read=read_id)
    assert again.outcome is not Outcome.REFUSED
    assert (await first).outcome is Outcome.FINAL
