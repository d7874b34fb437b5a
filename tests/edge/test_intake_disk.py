"""What a caller is told when the journal hangs or cannot be written, and that nothing which was not kept is ever sent."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from edge.journal import Appended, Appending, Draft
from edge.journal.operation import Operation
from edge.journal.records import msgid_key
from edge.journal.scribe import Scribe
from edge.outcome import Outcome
from tests.edge.journal.drafts import by_thread
from tests.edge.world import HID, PERSON, Edge, becomes, fees, outcome_of, registration, settle, until
from tests.patience import HUNG_S
from tests.sim.hub import SimHub


@contextmanager
def lost_file(edge: Edge) -> Iterator[None]:
    """The journal's file is away: every commit fails."""
    away = edge.journal.path.with_name("away")
    edge.journal.path.rename(away)
    try:
        yield
    finally:
        away.rename(edge.journal.path)


@asynccontextmanager
async def hanging(edge: Edge) -> AsyncIterator[None]:
    """The disk hangs: the writer is in the middle of something that does not end."""
    held = threading.Event()
    by_thread(edge.journal)
    edge.journal._writer.submit(Operation(lambda _: held.wait(20)))
    await asyncio.sleep(0.05)
    try:
        yield
    finally:
        held.set()


@pytest.mark.parametrize(("number", "packet"), [("2201", registration()), ("2204", fees(HID)), ("2207", settle(HID))])
async def test_what_cannot_be_kept_is_refused_and_never_sent(
    edge: Edge, hub: SimHub, number: str, packet: dict[str, object]
) -> None:
    with lost_file(edge):
        reply = await edge.call(number, packet, "m1")
    assert (reply.outcome, reply.code) == (Outcome.REFUSED, "journal_unavailable")
    assert await outcome_of(edge, "m1") == "unknown"
    assert not any(msgid == "m1" for _, msgid in hub.seen)
    assert (await edge.call(number, packet, "m1")).outcome is Outcome.FINAL, "it comes back by itself"


async def test_reads_go_on_while_the_journal_cannot_be_written(edge: Edge) -> None:
    with lost_file(edge):
        assert (await edge.call("1101", {"person": PERSON}, "m1")).outcome is Outcome.FINAL


async def test_a_journal_that_hangs_is_answered_in_time_and_keeps_nothing(edge: Edge, hub: SimHub) -> None:
    async with hanging(edge):
        began = time.monotonic()
        reply = await edge.call("2207", settle(HID), "m1", 400)
        assert time.monotonic() - began < HUNG_S
        assert (reply.outcome, reply.code) == (Outcome.REFUSED, "journal_unavailable")
    assert (await edge.call("2204", fees(HID), "m2")).outcome is Outcome.FINAL
    assert await outcome_of(edge, "m1") == "unknown"


async def test_an_append_that_hangs_half_way_is_honestly_in_doubt_and_a_late_fence_never_leaves(
    edge: Edge, hub: SimHub
) -> None:
    held = threading.Event()

    def begun(draft: Draft) -> Appending:
        """As if the sync itself were hanging: the writer has begun, and does not come back."""

        def hang(scribe: Scribe) -> Appended:
            held.wait(20)
            return scribe.append(draft)

        return edge.journal._writer.submit(Operation(hang, [msgid_key(draft.msgid)], 0, edge.journal._told))

    by_thread(edge.journal)
    edge.journal.appending = begun  # type: ignore[method-assign]
    calling = asyncio.create_task(edge.call("2207", settle(HID), "m1", 400))
    await asyncio.sleep(0.02)
    began = time.monotonic()
    assert (await calling).outcome is Outcome.IN_DOUBT
    assert time.monotonic() - began < HUNG_S
    held.set()
    await becomes(edge, "m1", "refused")
    assert ("transaction", "m1") not in hub.seen


async def test_what_is_in_the_disks_hands_is_not_told_as_never_seen(edge: Edge, hub: SimHub) -> None:
    held = threading.Event()
    appending = edge.journal.appending

    def begun(draft: Draft) -> Appending:
        def hang(scribe: Scribe) -> Appended:
            held.wait(20)
            return scribe.append(draft)

        return edge.journal._writer.submit(Operation(hang, [msgid_key(draft.msgid)], 0, edge.journal._told))

    by_thread(edge.journal)
    edge.journal.appending = begun  # type: ignore[method-assign]
    assert (await edge.call("2204", fees(HID), "m1", 400)).outcome is Outcome.IN_DOUBT
    edge.journal.appending = appending  # type: ignore[method-assign]
    asked = await edge.call("43", {"original_msgid": "m1"}, "q1", 1000)
    assert (asked.outcome, asked.code) == (Outcome.REFUSED, "journal_unavailable"), "nobody can know now"
    asking = asyncio.create_task(edge.call("43", {"original_msgid": "m1"}, "q2", 8000))
    await until(lambda: hub.seen["transaction", "q2"])
    held.set()
    answer = (await asking).answer
    assert answer is not None
    assert answer["outcome"] in ("provisional", "final")
    await becomes(edge, "m1", "final")


async def test_an_answer_that_cannot_be_recorded_is_fetched_again(edge: Edge, hub: SimHub) -> None:
    hub.faults.frozen = True
    calling = asyncio.create_task(edge.call("2207", settle(HID), "m1", 8000))
    await until(lambda: hub.seen["transaction", "m1"])
    with lost_file(edge):
        hub.faults.frozen = False
        await until(lambda: hub.applied)
        await asyncio.sleep(0.2)
        assert not calling.done(), "nobody is told what is not durable"
    assert (await calling).outcome is Outcome.FINAL
    assert hub.times_applied("m1") == 1


async def test_a_withdrawal_that_cannot_be_recorded_is_in_doubt_and_asked(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        calling = asyncio.create_task(edge.call("2207", settle(HID), "m1", 2000))
        await until(lambda: edge.uplink.in_hand)
        with lost_file(edge):
            assert (await calling).outcome is Outcome.IN_DOUBT
        await hub.start()
        await becomes(edge, "m1", "refused", 15)
    assert hub.seen["transaction", "m1"] == 0
    assert hub.seen["ask", "m1"] >= 1
    await hub.stop()


async def test_a_hub_killed_in_mid_request_leaves_no_doubt_for_long(edge: Edge, hub: SimHub) -> None:
    hub.faults.frozen = True
    calling = asyncio.create_task(edge.call("2207", settle(HID), "m1", 800))
    await until(lambda: hub.seen["transaction", "m1"])
    await hub.stop()
    assert (await calling).outcome is Outcome.IN_DOUBT
    hub.faults.frozen = False
    await hub.start()
    asked = await edge.call("43", {"original_msgid": "m1"}, "q1", 8000)
    assert asked.answer is not None
    assert asked.answer["outcome"] == "refused"
    assert asked.answer["code"] == "never_applied"
    assert not hub.applied


async def test_on_a_disk_that_is_nearly_full_new_work_is_refused_and_what_is_known_goes_on(
    edge: Edge, hub: SimHub
) -> None:
    hub.faults.frozen = True
    opened = await edge.kept("2204", fees(HID), "m1", deadline_ms=1000)
    assert opened.outcome is Outcome.PROVISIONAL
    edge.journal.refuse_new(lambda: "journal_full")
    for number, packet in (("2201", registration()), ("2204", fees(HID, "2")), ("2207", settle(HID))):
        reply = await edge.call(number, packet, f"new-{number}")
        assert (reply.outcome, reply.code) == (Outcome.REFUSED, "journal_full")
        assert await outcome_of(edge, f"new-{number}") == "unknown"
    hub.faults.frozen = False
    await becomes(edge, "m1", "final")
    assert (await edge.call("1101", {"person": PERSON}, "read")).outcome is Outcome.FINAL
    edge.journal.refuse_new(lambda: "")
    assert (await edge.call("2204", fees(HID, "2"), "new-2204")).outcome is Outcome.FINAL, "its msgid was still free"
