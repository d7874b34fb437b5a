"""The pitfalls that the field has paid for (H 1 to 10 of the protocols' notes), each held by a test where it belongs to the edge's core."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.journal import Journal
from edge.outcome import Outcome
from tests.edge.world import DAY, HID, Edge, becomes, fees, settle, until
from tests.sim.hub import SimHub


async def test_h1_a_time_out_is_unknown_and_the_packet_was_durable_before_the_first_byte_left(
    edge: Edge, hub: SimHub, tmp_path: Path
) -> None:
    hub.faults.frozen = True
    calling = asyncio.create_task(edge.call("2207", settle(HID), "m1", 1500))
    await until(lambda: hub.seen["transaction", "m1"])
    other = Journal(tmp_path / "journal.db")
    await other.open(read_only=True)
    assert await other.find("H1", "m1") is not None
    await other.close()
    assert (await calling).outcome is Outcome.IN_DOUBT
    hub.faults.frozen = False
    answer = (await edge.call("43", {"original_msgid": "m1"}, "q1")).answer
    assert answer is not None
    assert answer["outcome"] in ("final", "refused")


async def test_h2_a_definite_refusal_needs_no_reversal_and_one_does_no_harm(edge: Edge, hub: SimHub) -> None:
    hub.refuse = lambda t: "already_settled" if t.number == "2207" else ""
    assert (await edge.call("2207", settle(HID), "m1")).code == "already_settled"
    reply = await edge.call("2601", {"original_msgid": "m1", "original_number": "2207"}, "r1")
    assert reply.answer == {"original_msgid": "m1", "effect": "never_applied"}
    assert (await edge.call("2207", settle(HID), "m1")).code == "already_settled"


async def test_h3_a_reversal_that_is_unknown_itself_is_retried_until_it_is_definite(edge: Edge, hub: SimHub) -> None:
    await edge.call("2207", settle(HID), "m1")
    hub.faults.lose_next = 3
    reply = await edge.call("2601", {"original_msgid": "m1", "original_number": "2207"}, "r1", 1500)
    assert reply.outcome in (Outcome.PROVISIONAL, Outcome.FINAL)
    await becomes(edge, "r1", "final")
    assert hub.times_applied("r1") == 1


async def test_h4_nothing_is_refunded_because_a_confirm_failed(edge: Edge, hub: SimHub) -> None:
    await edge.call("2207", settle(HID), "m1")
    hub.refuse = lambda t: "case_unknown" if t.number == "49" else ""
    assert (await edge.call("49", {"original_msgid": "m1", "his_result": 0}, "c1")).outcome is Outcome.REFUSED
    answer = (await edge.call("44", {}, "u1")).answer
    assert answer is not None
    assert [(row["msgid"], row["confirmation"]) for row in answer["at_edge"]] == [("m1", "awaited")]
    assert hub.settled == {"S-m1": "awaited"}


async def test_h5_a_settlement_sent_twice_gets_the_stored_result(edge: Edge, hub: SimHub) -> None:
    replies = [await edge.call("2207", settle(HID), "m1") for _ in range(3)]
    assert replies[0] == replies[1] == replies[2]
    assert hub.times_applied("m1") == 1


async def test_h6_a_msgid_that_collides_is_refused_and_never_mistaken(edge: Edge, hub: SimHub) -> None:
    await edge.call("2204", fees(HID), "202506010800001234")
    reply = await edge.call("2207", settle(HID), "202506010800001234")
    assert (reply.outcome, reply.code) == (Outcome.REFUSED, "msgid_reused")
    assert [number for _, _, number in hub.applied] == ["2204"]


async def test_h7_left_over_lines_are_cancelled_and_sent_again_in_order_line_or_no_line(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        for number, packet, msgid in (
            ("2204", fees(HID), "m1"),
            ("2205", {"hid": HID}, "m2"),
            ("2204", fees(HID), "m3"),
        ):
            assert (await edge.kept(number, packet, msgid, 700)).outcome is Outcome.PROVISIONAL
        await hub.start()
        await becomes(edge, "m3", "final", 15)
    assert hub.order_of(HID) == ["m1", "m2", "m3"]
    await hub.stop()


async def test_h8_both_sides_keep_a_list_that_can_be_laid_side_by_side(edge: Edge, hub: SimHub) -> None:
    for n in range(4):
        await edge.call("2207", settle(HID, 100 + n), f"m{n}")
    await edge.call("49", {"original_msgid": "m2", "his_result": 0}, "c1")
    answer = (await edge.call("44", {}, "u1")).answer
    assert answer is not None
    assert (
        {row["msgid"] for row in answer["at_edge"]} == {row["msgid"] for row in answer["at_hub"]} == {"m0", "m1", "m3"}
    )


async def test_h9_the_totals_are_added_up_here_and_not_trusted(edge: Edge, hub: SimHub) -> None:
    day = DAY.isoformat()
    same_four_times = {
        "from_day": day,
        "to_day": day,
        "currency": "CNY",
        "settlements": 2,
        "total": 7,
        "funds": 7,
        "patient": 7,
    }
    reply = await edge.call("3201", same_four_times, "t1")
    assert (reply.outcome, reply.code) == (Outcome.REFUSED, "amounts_do_not_add_up")
    assert not hub.batches


async def test_h10_signing_in_again_for_a_new_day_is_a_new_cycle_and_the_same_day_the_same(
    edge: Edge, hub: SimHub
) -> None:
    first = await edge.call("9001", {"business_day": "2025-06-01"}, "in-1")
    again = await edge.call("9001", {"business_day": "2025-06-01"}, "in-1")
    following = await edge.call("9001", {"business_day": "2025-06-02"}, "in-2")
    assert first == again
    assert first.answer is not None
    assert following.answer is not None
    assert first.answer["sign_in_number"] != following.answer["sign_in_number"]
    assert len(hub.applied) == 2
