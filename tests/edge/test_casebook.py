"""A desk's page finds a case again in the journal, whatever has begun anew meanwhile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from central_sync.wire import packets as p
from edge import casebook
from edge.casebook import KNOWN_KEPT, LOOKED_BACK, Casebook, Known
from edge.journal import Journal
from edge.outcome import Confirmation, Outcome
from tests.edge.journal.drafts import folded
from tests.edge.world import HID, OTHER, Edge, becomes, fees, registration, settle
from tests.sim.hub import SimHub


def book(journal: Journal) -> Casebook:
    return Casebook(journal.cases, journal)


def now() -> datetime:
    return datetime.now(UTC)


async def visit(edge: Edge) -> None:
    assert (await edge.call("2201", registration(), "m1")).outcome is Outcome.FINAL
    assert (await edge.call("2204", fees(HID), "m2")).outcome is Outcome.FINAL
    assert (await edge.call("2207", settle(HID, 1), "m3")).outcome is Outcome.FINAL
    assert (await edge.call("49", {"original_msgid": "m3", "his_result": 0}, "m4")).outcome is Outcome.FINAL


async def test_a_case_is_its_steps_in_their_order_with_what_was_asked_and_answered(edge: Edge) -> None:
    await edge.call("2201", registration("skin"), "other")  # takes the first number
    await edge.call("2201", registration(), "m1")
    await edge.call("2204", fees(OTHER), "m2")
    await edge.call("2207", settle(OTHER, 1), "m3")
    await edge.call("49", {"original_msgid": "m3", "his_result": 0}, "m4")
    steps = await book(edge.journal).steps(OTHER, now())
    assert [(step.msgid, step.number) for step in steps] == [
        ("m1", "2201"),
        ("m2", "2204"),
        ("m3", "2207"),
        ("m4", "49"),
    ]
    opened, charged, settled, confirmed = steps
    assert isinstance(opened.request, p.Registration)
    assert opened.request.department == "eye"
    assert (opened.workstation, opened.operator, opened.hid) == ("ws1", "op1", OTHER)
    assert isinstance(charged.request, p.Fees)
    assert settled.confirmation is Confirmation.CONFIRMED
    assert settled.answer is not None
    assert settled.answer["settlement_id"] == "S-m3"
    assert isinstance(confirmed.request, p.Confirm)


async def test_two_desks_and_a_program_that_begins_anew_see_the_same(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        await visit(edge)
        before = await book(edge.journal).steps(HID, now())
        assert await book(edge.journal).steps(HID, now()) == before
    async with Edge(tmp_path, hub.url, hids=0) as edge:
        again = book(edge.journal)
        assert await again.steps(HID, now()) == before
        assert await again.steps(HID, now()) == before, "from its opening on, which is known now"


async def test_a_case_of_long_ago_is_found_too_and_one_that_is_none_is_empty(edge: Edge) -> None:
    await visit(edge)
    late = now() + LOOKED_BACK + timedelta(days=20)
    assert [step.msgid for step in await book(edge.journal).steps(HID, late)] == ["m1", "m2", "m3", "m4"]
    assert await book(edge.journal).steps(OTHER, now()) == []


async def test_the_whole_journal_is_gone_through_once_for_what_it_does_not_have_and_never_for_what_is_no_number() -> (
    None
):
    asked: list[datetime] = []

    class Empty:
        async def of(self, hid: str, since: datetime, limit: int) -> list[object]:
            asked.append(since)
            return []

    kept, at = Casebook(Empty(), Empty()), now()
    for hid in ("x", "\ud800", "9" * 16, OTHER + "\n"):
        assert await kept.steps(hid, at) == []
    assert asked == []
    for _ in range(3):
        assert await kept.steps(OTHER, at) == []
    steps = (LOOKED_BACK, *casebook.LOOKED_FURTHER, casebook.LOOKED_BACK_MAX)
    assert asked == [*(at - back for back in steps), at - LOOKED_BACK, at - LOOKED_BACK]
    asked.clear()
    await kept.steps(OTHER, at + timedelta(days=30))
    assert min(asked) == at - LOOKED_BACK, "what was opened since then is found"


async def test_a_case_that_a_desk_opened_is_looked_for_at_once_where_it_began() -> None:
    asked: list[datetime] = []

    class Kept:
        async def of(self, hid: str, since: datetime, limit: int) -> list[object]:
            asked.append(since)
            return []

        async def remember(self, kind: str, key: str, value: bytes) -> None:
            pass

    opened_at = now() - timedelta(days=100)
    kept = Casebook(Kept(), Kept())  # type: ignore[arg-type]
    await kept.know(OTHER, Known(at=opened_at))
    await kept.steps(OTHER, now())
    assert asked[0] == opened_at - LOOKED_BACK
    assert len(asked) == 2, "and else everywhere"


async def test_what_is_unfinished_and_what_was_opened_is_listed(edge: Edge, hub: SimHub) -> None:
    await edge.call("2201", registration(), "m1")
    await edge.call("2204", fees(HID), "m2")
    await edge.call("2207", settle(HID, 1), "m3")
    kept = book(edge.journal)
    assert [step.msgid for step in await kept.unfinished()] == ["m3"]
    await hub.stop()
    assert (await edge.call("2201", registration(), "m4")).outcome is Outcome.PROVISIONAL
    assert [(step.msgid, step.outcome) for step in await kept.unfinished()] == [
        ("m3", Outcome.FINAL),
        ("m4", Outcome.PROVISIONAL),
    ]
    assert [step.hid for step in await kept.opened(now() - timedelta(minutes=5))] == [OTHER, HID]
    assert await kept.opened(now() + timedelta(minutes=5)) == []
    await hub.start()
    await becomes(edge, "m4", "final")
    assert [step.msgid for step in await kept.unfinished()] == ["m3"]


async def test_of_a_long_backlog_what_waits_for_somebody_is_listed_and_the_newest_of_the_rest(
    edge: Edge, hub: SimHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(casebook, "UNFINISHED_MAX", 3)
    await edge.call("2201", registration(), "m1")
    await edge.call("2204", fees(HID), "m2")
    await edge.call("2207", settle(HID), "awaited")
    await hub.stop()
    kept = [f"later-{number}" for number in range(9)]
    for msgid in kept:
        assert (await edge.call("2201", registration(), msgid)).outcome is Outcome.PROVISIONAL
    for _ in range(2):  # from the tail, and from the tables
        listed = [step.msgid for step in await book(edge.journal).unfinished()]
        assert listed == ["awaited", *kept[-3:]]
        await folded(edge.journal)


async def test_what_was_known_of_a_person_survives_and_is_forgotten_in_time(
    hub: SimHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(casebook, "FORGET_EVERY", timedelta(0))
    cover = p.Cover(layer="base", scheme="s", contract="c", from_day=date(2025, 1, 1), to_day=None, in_force=True)
    async with Edge(tmp_path, hub.url) as edge:
        kept = book(edge.journal)
        await kept.start()
        await kept.know(HID, Known(at=now(), name="x <b>", covers=[cover], as_of=now()))
        assert kept.known(OTHER) is None
    async with Edge(tmp_path, hub.url, hids=0) as edge:
        kept = book(edge.journal)
        await kept.start()
        known = kept.known(HID)
        assert known is not None
        assert (known.name, known.covers) == ("x <b>", [cover])
        await kept.know(OTHER, Known(at=now() + KNOWN_KEPT + timedelta(days=1), name="y"))
        assert kept.known(HID) is None
        assert set(await edge.journal.recall("desk_case")) == {OTHER}
