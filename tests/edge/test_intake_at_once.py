"""What is taken on without a task: what is done when the journal has it, while the line is down; and that it is told the same."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.calls import Call, Reply
from edge.journal import Appended, Appending, Draft, Told
from edge.journal.operation import Operation
from edge.journal.scribe import Scribe
from edge.outcome import Outcome
from tests.edge.journal.drafts import by_scribe, by_thread
from tests.edge.world import HID, PERSON, Edge, call, fees, outcome_of, registration, settle
from tests.patience import HUNG_S


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    """Its line has been down for long."""
    async with Edge(tmp_path, "http://127.0.0.1:9") as made:
        pulse = made.uplink._pulse
        pulse.failures, pulse.down_since, pulse.failed_at = 9, 0.0, 1e9
        assert made.uplink.down
        yield made


async def told_of(edge: Edge, asked: Call) -> Reply:
    """What one who was taken on at once is told."""
    told: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    assert edge.intake.at_once(asked, told.set_result)
    async with asyncio.timeout(HUNG_S):
        return await told


async def test_it_is_told_as_it_would_be_otherwise_and_kept_once(edge: Edge) -> None:
    first = await told_of(edge, call("2204", fees(HID), "m1"))
    assert first == await edge.call("2204", fees(HID), "m1") == await told_of(edge, call("2204", fees(HID), "m1"))
    assert (first.outcome, first.ticket) == (Outcome.PROVISIONAL, "m1")
    assert await outcome_of(edge, "m1") == "provisional"
    assert edge.journal.open_count == 1
    assert (await told_of(edge, call("2204", fees(HID, "2"), "m1"))).code == "msgid_reused"
    assert (await told_of(edge, call("2201", registration(), "m2"))).answer == {"hid": HID}


async def test_the_events_tell_of_it(edge: Edge) -> None:
    async with edge.events.subscribe() as news:
        await told_of(edge, call("2204", fees(HID), "m1"))
        async with asyncio.timeout(HUNG_S):
            event = await anext(news)
    assert (event.kind, event.data["msgid"], event.data["outcome"]) == ("outcome", "m1", "provisional")


@pytest.mark.parametrize(
    "fault", [RuntimeError("a fault of ours"), asyncio.CancelledError()], ids=["ours", "cancelled"]
)
async def test_a_fault_behind_the_journal_leaves_nobody_without_an_answer(
    edge: Edge, fault: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> Reply:
        raise fault

    monkeypatch.setattr(edge.intake, "_reply_noted", fails)
    assert (await told_of(edge, call("2204", fees(HID), "m1"))).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize(
    "asked",
    [
        call("2207", settle(HID), "m1"),
        call("1101", {"person": PERSON}, "m1"),
        call("9999", {}, "m1"),
        call("2204", b"{", "m1"),
        call("2204", json.dumps(fees(HID)).encode().replace(b"A1", b"\xb2\xe2"), "m1"),
        call("2204", fees(HID), "m 1"),
        call("2204", fees(HID), "m1", card_read="r1"),
    ],
    ids=["fence", "read", "unknown", "wrong packet", "no text", "wrong msgid", "card"],
)
async def test_what_needs_more_than_the_journal_is_not(edge: Edge, asked: Call) -> None:
    assert not edge.intake.at_once(asked, lambda _: None)
    assert await edge.journal.find("H1", "m1") is None


async def test_nothing_is_while_the_line_may_be_up_or_we_stop(edge: Edge) -> None:
    await edge.intake.stop()
    assert not edge.intake.at_once(call("2204", fees(HID), "m1"), lambda _: None)
    edge.intake._stopping = False
    edge.uplink._pulse.failures = 0
    assert not edge.intake.at_once(call("2204", fees(HID), "m1"), lambda _: None)
    assert edge.journal.open_count == 0


async def test_what_cannot_be_kept_is_refused(edge: Edge) -> None:
    away = edge.journal.path.rename(edge.journal.path.with_name("away"))
    reply = await told_of(edge, call("2204", fees(HID), "m1"))
    assert (reply.outcome, reply.code) == (Outcome.REFUSED, "journal_unavailable")
    away.rename(edge.journal.path)
    assert await outcome_of(edge, "m1") == "unknown"


async def test_at_the_deadline_it_is_stopped_or_honestly_in_doubt(edge: Edge) -> None:
    held = threading.Event()

    def begun(draft: Draft, told: Told) -> Appending:
        def hang(scribe: Scribe) -> Appended:
            held.wait(HUNG_S)
            return scribe.append(draft)

        return edge.journal._writer.submit(Operation(hang, told=told))

    kept = edge.journal.appending
    by_thread(edge.journal)
    edge.journal.appending = begun  # type: ignore[method-assign]
    assert (await told_of(edge, call("2204", fees(HID), "m1", 500))).outcome is Outcome.IN_DOUBT
    edge.journal.appending = kept  # type: ignore[method-assign]
    second = await told_of(edge, call("2204", fees(HID), "m2", 500))
    assert (second.outcome, second.code) == (Outcome.REFUSED, "journal_unavailable")
    held.set()
    await edge.journal.settling()
    assert await outcome_of(edge, "m1") == "provisional"
    assert await outcome_of(edge, "m2") == "unknown"


async def test_of_many_whom_the_disk_lets_wait_each_is_told_at_its_own_deadline(edge: Edge) -> None:
    held, many = threading.Event(), range(100)
    by_thread(edge.journal)
    edge.journal._writer.submit(Operation(lambda _: held.wait(HUNG_S)))
    await asyncio.sleep(0)
    hasty, patient = (
        [asyncio.create_task(told_of(edge, call("2204", fees(HID), f"{kind}{n}", deadline_ms))) for n in many]
        for kind, deadline_ms in (("h", 500), ("p", 60_000))
    )
    for reply in await asyncio.gather(*hasty):
        assert (reply.outcome, reply.code) in {(Outcome.REFUSED, "journal_unavailable"), (Outcome.IN_DOUBT, "")}
    assert not any(one.done() for one in patient)
    held.set()
    assert {reply.outcome for reply in await asyncio.gather(*patient)} == {Outcome.PROVISIONAL}
    for one in hasty:
        reply = one.result()
        known = await outcome_of(edge, reply.msgid)
        assert known == ("unknown" if reply.outcome is Outcome.REFUSED else "provisional")


async def test_a_fault_of_ours_is_told_as_doubt(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_scribe: Scribe, _draft: Draft) -> Appended:
        raise ValueError("a fault of ours")

    by_scribe(edge.journal)
    monkeypatch.setattr(Scribe, "append", faulty)
    assert (await told_of(edge, call("2204", fees(HID), "m1"))).outcome is Outcome.IN_DOUBT


async def test_what_the_journal_does_not_take_is_refused_though_nobody_waits_for_a_future(edge: Edge) -> None:
    await edge.journal.close()
    reply = await told_of(edge, call("2204", fees(HID), "m1"))
    assert (reply.outcome, reply.code) == (Outcome.REFUSED, "journal_unavailable")
    assert not edge.intake._deadlines._under_way
