"""What answers change: parking and letting go, receipts that do not hold, contradictions."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from central_sync.wire import receipts
from central_sync.wire.messages import ItemAnswer, Verdict
from edge.errors import LineBroken, LineRefused
from edge.journal.records import Answers, covered
from edge.outcome import Outcome
from edge.signers import Receipt as Signed
from edge.uplink.answers import _kept
from tests.edge.world import (
    HID,
    OTHER,
    PERSON,
    Edge,
    append_many,
    becomes,
    draft,
    drained,
    fees,
    let_go,
    parked,
    settle,
    until,
)
from tests.patience import HUNG_S
from tests.sim.hub import SimHub


async def test_a_parked_entry_holds_its_case_for_money_keeps_its_order(
    hub: SimHub, tmp_path: Path, impatient: None
) -> None:
    hub.faults.faulty = frozenset({"bad"})
    async with Edge(tmp_path, hub.url) as edge:
        await edge.kept("2204", fees(HID, "1"), "bad", 200)
        await parked(edge, "bad")
        began = time.monotonic()
        assert (await edge.call("2204", fees(HID, "2"), "next", 60_000)).outcome is Outcome.PROVISIONAL
        fence = await edge.call("2207", settle(HID), "fence", 60_000)
        assert (fence.outcome, fence.code) == (Outcome.REFUSED, "case_held")
        read = await edge.call("2206", settle(HID), "read", 60_000)
        assert (read.outcome, read.code) == (Outcome.REFUSED, "case_held")
        assert time.monotonic() - began < 50, "nobody waits for a person"
        assert (await edge.call("2204", fees(OTHER), "other")).outcome is Outcome.FINAL
        hub.faults.faulty = frozenset()
        await let_go(edge, "bad")
        await becomes(edge, "next", "final")
        assert (await edge.call("2207", settle(HID), "again")).outcome is Outcome.FINAL
    assert hub.order_of(HID) == ["bad", "next", "again"]


async def test_a_parked_entry_of_no_case_steps_aside(hub: SimHub, tmp_path: Path, impatient: None) -> None:
    hub.faults.faulty = frozenset({"bad"})
    async with Edge(tmp_path, hub.url) as edge:
        await edge.kept("9001", {"business_day": "2025-06-01"}, "bad", 200)
        await parked(edge, "bad")
        assert (await edge.call("9001", {"business_day": "2025-06-02"}, "next", 5000)).outcome is Outcome.FINAL


async def test_a_hub_that_fails_for_all_parks_nothing(hub: SimHub, tmp_path: Path, impatient: None) -> None:
    hub.faults.again_numbers = frozenset({"2204", "2201", "1101"})
    async with Edge(tmp_path, hub.url) as edge:
        for n in range(4):
            await edge.kept("2204", fees(HID if n % 2 else OTHER, str(n)), f"m{n}", 200)
        await until(lambda: hub.seen["transaction", "m0"] > 10, HUNG_S)
        hub.faults.again_numbers = frozenset()
        await drained(edge)
        assert (await edge.journal.stats()).parked == 0


async def test_a_busy_hub_rests_the_backlog_and_not_the_desk(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        await append_many(edge, 60)
        hub.faults.busy_s = 2
        await hub.start()
        assert (await edge.call("1101", {"person": PERSON}, "r1", 8000)).outcome is Outcome.FINAL
        await asyncio.sleep(1.0)
        assert edge.uplink.up
        assert (await edge.call("2204", fees("0000000000000486"), "desk", 3000)).outcome is Outcome.FINAL
        large = [batch for batch in hub.batches if len(batch) > 4]
        assert len(large) <= 3, "it comes again when it was told to"
        hub.faults.busy_s = 0
        await drained(edge)
    await hub.stop()


@pytest.mark.parametrize("trouble", [LineBroken("it is gone", left=False), LineRefused("hub_busy")])
async def test_a_fence_whose_receipt_cannot_be_checked_has_left(
    hub: SimHub, tmp_path: Path, trouble: LineBroken | LineRefused
) -> None:
    """The hub has settled, and then is not there to be asked for its signer: to say "refused" would be a lie."""

    async def fetch() -> bytes:
        raise trouble

    async with Edge(tmp_path, hub.url) as edge:
        asked, edge.signers._fetch = edge.signers._fetch, fetch
        reply = await edge.call("2207", settle(HID), "m1", 1500)
        assert hub.times_applied("m1") == 1
        assert reply.outcome is Outcome.IN_DOUBT
        edge.signers._fetch = asked
        await becomes(edge, "m1", "final", 30)


async def test_answers_without_a_receipt_that_holds_are_no_answers(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        hub.signs = False
        assert (await edge.kept("2204", fees(HID), "m1", 500)).outcome is Outcome.PROVISIONAL
        assert (await edge.call("2207", settle(OTHER), "m2", 1400)).outcome is Outcome.IN_DOUBT
        assert hub.times_applied("m1") == 1
        assert edge.journal.open_count == 2, "nothing of it was recorded"
        assert edge.uplink.trouble == "receipt_invalid"
        hub.signs = True
        await becomes(edge, "m1", "final", 20)
        await becomes(edge, "m2", "final", 20)
    assert (hub.times_applied("m1"), hub.times_applied("m2")) == (1, 1)


async def test_a_contradiction_is_counted_and_changes_nothing(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge, edge.events.subscribe():
        appended = await edge.journal.append(draft("m1", HID, "1"))
        await becomes(edge, "m1", "final")
        standing = await edge.journal.standing(appended.standing.seq)
        assert standing is not None
        digest, answer = hub.ledger["m1"]
        hub.ledger["m1"] = (
            digest,
            msgspec.structs.replace(answer, verdict=Verdict.REFUSED, code="case_closed", packet=b""),
        )
        edge.uplink.carry(standing, 10, urgent=False)
        await until(lambda: edge.uplink.contradictions)
        assert await edge.journal.standing(standing.seq) == standing


def test_of_a_receipt_the_journal_keeps_the_answers_it_covers_and_the_leaves_of_those_that_are_not_recorded() -> None:
    said = [ItemAnswer(msgid=f"m{place}", verdict=Verdict.FINAL, packet=bytes([place])) for place in range(4)]
    texts = tuple(receipts.text(one) for one in said[:3])
    signed = Signed("s", b"", datetime.now(UTC), b"", texts, (0, 1, 2, -1))
    received, receipt = _kept([(7, "2204", said[0]), (9, "2201", said[2]), (11, "1101", said[3])], signed, [0, 2, -1])
    assert (received.seqs, received.numbers) == ([7, 9, 11], ["2204", "2201", "1101"])
    assert received.texts == [receipts.text(said[place]) for place in (0, 2, 3)]
    assert receipt is not None
    record = Answers(
        seqs=received.seqs, numbers=received.numbers, answers=received.answers, moves=[], drops=[], receipt=receipt, at=0
    )  # fmt: skip
    assert receipt.leaves == receipts.leaf(said[1])
    assert covered(record) == b"".join([receipts.leaf(one) for one in said[:3]])
