"""The one door: what a caller is told, for every resolution and every state of the line."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from central_sync.wire.messages import HidBlock
from edge.limits import CONNECT_TIMEOUT_S, EXCHANGE_TIMEOUT_S
from edge.outcome import Outcome
from tests.edge.world import DAY, HID, PERSON, Edge, becomes, call, fees, outcome_of, registration, settle, until
from tests.sim.hub import SimHub


async def test_a_hospital_visit_goes_through_end_to_end(edge: Edge, hub: SimHub) -> None:
    opened = await edge.call("2201", registration(), "m1")
    assert opened.outcome is Outcome.FINAL
    assert opened.answer == {"hid": HID, "covered": True}
    assert (await edge.call("2204", fees(HID), "m2")).outcome is Outcome.FINAL
    pre = await edge.call("2206", settle(HID), "m3")
    assert pre.answer is not None
    assert pre.answer["total"] == 1, "a pre-settlement sees the fees sent before it"
    settled = await edge.call("2207", settle(HID), "m4")
    assert (settled.outcome, settled.confirmation) == (Outcome.FINAL, "awaited")
    uncertain = await edge.call("44", {}, "m5")
    assert uncertain.answer is not None
    assert [row["msgid"] for row in uncertain.answer["at_edge"]] == ["m4"]
    assert [row["msgid"] for row in uncertain.answer["at_hub"]] == ["m4"]
    confirmed = await edge.call("49", {"original_msgid": "m4", "his_result": 0}, "m6")
    assert confirmed.answer == {"settlement_id": "S-m4", "confirmation": "confirmed", "replaced_by": ""}
    asked = await edge.call("5203", {"original_msgid": "m4"}, "m7")
    assert asked.answer is not None
    assert (asked.answer["outcome"], asked.answer["confirmation"]) == ("final", "confirmed")
    assert asked.answer["packet"]["settlement_id"] == "S-m4"
    assert hub.order_of(HID) == ["m1", "m2", "m4", "m6"], "confirm travels in the lane of its settlement"


BAD = [
    ("9999", {}, "m", 3000, "number_unknown"),
    ("2204", b"", "m", 3000, "packet_missing"),
    ("2204", b"{", "m", 3000, "packet_invalid"),
    ("2204", b"\xff\xfe", "m", 3000, "packet_not_utf8"),
    ("2204", b"[" * 9 + b"]" * 9, "m", 3000, "packet_too_deep"),
    ("2204", b" " * (256 * 1024) + b"1", "m", 3000, "packet_too_large"),
    ("2204", fees(HID), "", 3000, "msgid_invalid"),
    ("2204", fees(HID), "a b", 3000, "msgid_invalid"),
    ("2204", fees(HID), "é", 3000, "msgid_invalid"),
    ("2204", fees(HID), "m" * 65, 3000, "msgid_invalid"),
    ("2204", fees(HID), "m", 99, "deadline_invalid"),
    ("2204", fees(HID), "m", 120_001, "deadline_invalid"),
    ("2204", fees("0000000000000196"), "m", 3000, "hid_invalid"),
    ("2204", fees(HID) | {"currency": "IRR"}, "m", 3000, "currency_wrong"),
    ("2204", fees(HID) | {"lines": [fees(HID)["lines"][0] | {"amount": 1001}]}, "m", 3000, "amounts_do_not_add_up"),
    ("2204", fees(HID) | {"lines": [fees(HID)["lines"][0] | {"amount": -1}]}, "m", 3000, "packet_invalid"),
    ("2204", fees(HID) | {"lines": [fees(HID)["lines"][0] | {"amount": 10.5}]}, "m", 3000, "packet_invalid"),
    ("2204", fees(HID) | {"lines": fees(HID)["lines"] * 2}, "m", 3000, "fee_serial_reused"),
    ("2201", registration() | {"person": PERSON | {"number": "0499370898"}}, "m", 3000, "identifier_invalid"),
    ("2203", {"hid": HID, "diagnoses": [{"code": "I10"}]}, "m", 3000, "packet_invalid"),
    (
        "3201",
        {"from_day": "2025-06-02", "to_day": "2025-06-01", "currency": "CNY", "settlements": 0, "total": 0, "funds": 0, "patient": 0},
        "m", 3000, "date_out_of_range",
    ),
    (
        "3201",
        {"from_day": "2025-06-01", "to_day": "2025-06-01", "currency": "CNY", "settlements": 1, "total": 5, "funds": 2, "patient": 2},
        "m", 3000, "amounts_do_not_add_up",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("number", "packet", "msgid", "deadline_ms", "code"), BAD)
async def test_bad_input_is_refused_and_leaves_nothing(
    edge: Edge, hub: SimHub, number: str, packet: dict[str, object], msgid: str, deadline_ms: int, code: str
) -> None:
    reply = await edge.call(number, packet, msgid, deadline_ms)
    assert (reply.outcome, reply.code) == (Outcome.REFUSED, code)
    assert not (await edge.journal.stats()).entries
    assert not hub.applied


async def test_another_institution_is_refused(edge: Edge) -> None:
    made = call("2204", fees(HID), "m")
    other = msgspec.structs.replace(made, context=msgspec.structs.replace(made.context, institution="H2"))
    assert (await edge.intake.handle(other)).code == "institution_wrong"


async def test_a_resend_is_told_the_stored_answer_and_a_reuse_is_refused(edge: Edge, hub: SimHub) -> None:
    first = await edge.call("2204", fees(HID), "m1")
    again = await edge.call("2204", fees(HID), "m1")
    assert first == again
    assert hub.times_applied("m1") == 1
    reused = await edge.call("2204", fees(HID, amount=999), "m1")
    assert (reused.outcome, reused.code) == (Outcome.REFUSED, "msgid_reused")


async def test_the_same_msgid_twice_at_once_is_one_transaction(edge: Edge, hub: SimHub) -> None:
    hub.faults.delay_s = 0.1
    replies = await asyncio.gather(*[edge.call("2201", registration(), "m1") for _ in range(8)])
    assert {reply.outcome for reply in replies} == {Outcome.FINAL}
    assert len({str(reply.answer) for reply in replies}) == 1
    assert hub.times_applied("m1") == 1
    assert await edge.journal.hids_left() == 49


async def test_a_refused_transaction_stays_refused(edge: Edge, hub: SimHub) -> None:
    hub.refuse = lambda _t: "case_closed"
    assert (await edge.call("2204", fees(HID), "m1")).code == "case_closed"
    hub.refuse = lambda _t: ""
    assert (await edge.call("2204", fees(HID), "m1")).code == "case_closed"
    assert not hub.applied


@pytest.mark.parametrize(
    ("number", "packet", "outcome", "code"),
    [
        ("1101", {"person": PERSON}, Outcome.REFUSED, "line_down"),
        ("2204", fees(HID), Outcome.PROVISIONAL, ""),
        ("2207", settle(HID), Outcome.IN_DOUBT, ""),
    ],
)
async def test_a_frozen_line_is_answered_within_the_deadline(
    edge: Edge, hub: SimHub, number: str, packet: dict[str, object], outcome: Outcome, code: str
) -> None:
    await edge.call("1101", {"person": PERSON}, "warm")
    hub.faults.frozen = True
    began = time.monotonic()
    reply = await edge.call(number, packet, "m1", 700)
    assert time.monotonic() - began < 7, "the line is frozen for good"
    assert (reply.outcome, reply.code) == (outcome, code)
    assert reply.ticket == ("" if outcome is Outcome.REFUSED else "m1")
    hub.faults.frozen = False
    if outcome is not Outcome.REFUSED:
        await becomes(edge, "m1", "final")
        assert hub.times_applied("m1") == 1


@pytest.mark.parametrize(
    ("number", "packet", "outcome"),
    [
        ("1101", {"person": PERSON}, "refused"),
        ("2201", registration(), "provisional"),
        ("2207", settle(HID), "refused"),
    ],
)
async def test_a_line_that_is_down_at_the_start_is_answered_early(
    tmp_path: Path, number: str, packet: dict[str, object], outcome: str
) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        began = time.monotonic()
        reply = await edge.call(number, packet, "m1", 30_000)
        assert time.monotonic() - began < 20, "nobody waits half a minute for a line that is known to be down"
        assert reply.outcome == outcome
        assert reply.code == ("line_down" if outcome == "refused" else "")
        if number == "2201":
            assert reply.answer == {"hid": HID}, "an admission made without a line has its HID"
        await hub.start()
        if outcome == "provisional":
            await becomes(edge, "m1", "final", 15)
    assert hub.times_applied("m1") == (outcome == "provisional")
    await hub.stop()


async def test_a_withdrawn_fence_is_never_seen_by_the_hub(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        reply = await edge.call("2207", settle(HID), "m1", 5000)
        assert (reply.outcome, reply.code) == (Outcome.REFUSED, "line_down")
        await hub.start()
        await until(lambda: edge.uplink.up)
        assert (await edge.call("2204", fees(HID), "m2", 8000)).outcome is Outcome.FINAL
        assert not any(msgid == "m1" for _, msgid in hub.seen)
        assert (await edge.call("2207", settle(HID), "m1")).code == "line_down", "a resend is told the same"
    assert not any(msgid == "m1" for _, msgid in hub.seen)
    await hub.stop()


async def test_a_fence_still_connecting_at_its_deadline_is_withdrawn(tmp_path: Path) -> None:
    # a listener whose queue is full: the connection is never made, and no byte can leave
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        async with Edge(tmp_path, f"http://127.0.0.1:{port}") as edge:
            began = time.monotonic()
            while (reply := await edge.call("2207", settle(HID), "m1", 1200)).outcome is Outcome.IN_DOUBT:
                pass  # this machine stood still when it was to be withdrawn: whoever asks again is told
            assert time.monotonic() - began < CONNECT_TIMEOUT_S
            assert (reply.outcome, reply.code) == (Outcome.REFUSED, "line_down")
        for filler in fillers:
            filler.close()


async def test_a_lost_answer_is_asked_for_and_final_exactly_once(edge: Edge, hub: SimHub) -> None:
    await edge.call("1101", {"person": PERSON}, "warm")
    hub.faults.lose_next = 10**6
    reply = await edge.call("2207", settle(HID), "m1", 1500)
    assert reply.outcome is Outcome.IN_DOUBT
    hub.faults.lose_next = 0
    asked = await edge.call("43", {"original_msgid": "m1"}, "q1", 8000)
    assert asked.answer is not None
    assert asked.answer["outcome"] == "final"
    assert hub.times_applied("m1") == 1
    assert hub.seen["ask", "m1"] >= 1


async def test_a_lost_request_is_asked_for_and_never_applied(edge: Edge, hub: SimHub) -> None:
    await edge.call("1101", {"person": PERSON}, "warm")
    hub.faults.ignore_next = 10**6
    reply = await edge.call("2207", settle(HID), "m1", 1500)
    assert reply.outcome is Outcome.IN_DOUBT
    hub.faults.ignore_next = 0
    asked = await edge.call("43", {"original_msgid": "m1"}, "q1", 8000)
    assert asked.answer is not None
    assert (asked.answer["outcome"], asked.answer["code"]) == ("refused", "never_applied")
    assert hub.times_applied("m1") == 0


async def test_a_query_for_what_the_edge_never_saw_goes_to_the_hub(edge: Edge) -> None:
    reply = await edge.call("43", {"original_msgid": "stranger"}, "q1")
    assert reply.answer is not None
    assert (reply.answer["original_msgid"], reply.answer["outcome"]) == ("stranger", "unknown")


async def test_leased_hids_run_out_and_come_back_by_the_feed(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url, hids=2) as edge:
        assert (await edge.call("2201", registration(), "m1")).outcome is Outcome.FINAL
        assert (await edge.call("2401", _admission(), "m2")).outcome is Outcome.FINAL
        reply = await edge.call("2201", registration(), "m3")
        assert (reply.outcome, reply.code) == (Outcome.REFUSED, "hids_exhausted")
        await until(lambda: 0 in hub.hids_left)
        await hub.publish(HidBlock(first=900, last=910))
        await until(lambda: edge.downlink.cursor == 1)
        assert (await edge.call("2201", registration(), "m3")).outcome is Outcome.FINAL, "hids_exhausted was not kept"


def _admission() -> dict[str, object]:
    return {
        "person": PERSON, "admitted_on": "2025-06-01", "department": "icu", "diagnoses": [{"code": "I10", "main": True}],
    }  # fmt: skip


async def test_a_clock_wrong_by_a_day_takes_nothing_new_and_keeps_what_it_has(hub: SimHub, tmp_path: Path) -> None:
    ahead = timedelta(0)
    async with Edge(tmp_path, hub.url, now=lambda: datetime.now(UTC) + ahead) as edge:
        assert (await edge.call("2204", fees(HID), "m1")).outcome is Outcome.FINAL
        ahead = timedelta(days=1)
        first = await edge.call("2207", settle(HID), "m2", 3000)
        assert (first.outcome, first.code) == (Outcome.REFUSED, "clock_wrong"), (
            "the hub refused the batch: it was withdrawn"
        )
        assert (await edge.call("2204", fees(HID, "2"), "m3")).code == "clock_wrong"
        assert await outcome_of(edge, "m3") == "unknown"
        assert (await edge.call("2204", fees(HID), "m1")).outcome is Outcome.FINAL, "what is known is still told"
        ahead = timedelta(0)
        await until(lambda: not edge.line.skewed)
        assert (await edge.call("2204", fees(HID, "2"), "m3", 8000)).outcome is Outcome.FINAL


async def test_a_refused_certificate_is_named(edge: Edge, hub: SimHub) -> None:
    hub.faults.code = "certificate_refused"
    assert (await edge.call("1101", {"person": PERSON}, "m1", 5000)).code == "certificate_refused"
    assert (await edge.call("2207", settle(HID), "m2", 5000)).code == "certificate_refused"


async def test_a_reversal_that_overtakes_its_original_stops_it_at_the_edge_and_at_the_hub(
    edge: Edge, hub: SimHub
) -> None:
    reversal = {"original_msgid": "late", "original_number": "2207", "hid": HID}
    reply = await edge.call("2601", reversal, "r1")
    assert reply.answer == {"original_msgid": "late", "effect": "never_applied"}
    late = await edge.call("2207", settle(HID), "late")
    assert (late.outcome, late.code) == (Outcome.REFUSED, "reversed_before_arrival")
    assert ("transaction", "late") not in hub.seen
    assert hub.ledger["late"][1].code == "reversed_before_arrival"


async def test_a_reversal_of_what_is_still_unsent_follows_it_in_its_lane(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        opened = await edge.kept("2201", registration(), "m1", 900)
        assert opened.outcome is Outcome.PROVISIONAL
        reply = await edge.kept("2601", {"original_msgid": "m1", "original_number": "2201"}, "r1", 900)
        assert reply.outcome is Outcome.PROVISIONAL
        await hub.start()
        await becomes(edge, "r1", "final", 15)
    assert hub.order_of(HID) == ["m1", "r1"]
    await hub.stop()


async def test_a_settlement_is_marked_by_what_undoes_it_and_by_what_undoes_that(edge: Edge) -> None:
    async def confirmation(msgid: str) -> str:
        standing = await edge.journal.find("H1", msgid)
        assert standing is not None
        return str(standing.confirmation)

    await edge.call("2207", settle(HID), "m1")
    await edge.call("49", {"original_msgid": "m1", "his_result": 0}, "c1")
    assert await confirmation("m1") == "confirmed"
    await edge.call("2208", {"hid": HID, "settlement_id": "S-m1"}, "x1")
    assert await confirmation("m1") == "undone"
    await edge.call("2601", {"original_msgid": "x1", "original_number": "2208"}, "r1")
    assert await confirmation("m1") == "confirmed", "the settlement is in force again, as it was"
    await edge.call("2601", {"original_msgid": "m1", "original_number": "2207"}, "r2")
    assert await confirmation("m1") == "undone"


async def test_the_list_of_the_uncertain_is_told_without_the_hub(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        await edge.kept("2204", fees(HID), "m1", 900)
        reply = await edge.call("44", {}, "u1", 5_000)
        assert reply.outcome is Outcome.FINAL
        assert reply.answer is not None
        assert [(row["msgid"], row["outcome"]) for row in reply.answer["at_edge"]] == [("m1", "provisional")]
        assert reply.answer.get("at_hub") is None


async def test_an_edge_that_stops_takes_no_new_work_and_ends_what_it_has(edge: Edge, hub: SimHub) -> None:
    hub.faults.delay_s = 0.2
    under_way = asyncio.create_task(edge.call("2204", fees(HID), "m1"))
    await until(lambda: hub.seen["transaction", "m1"])
    stopping = asyncio.create_task(edge.intake.stop())
    await asyncio.sleep(0)
    assert (await edge.call("2204", fees(HID), "m2")).code == "shutting_down"
    assert (await under_way).outcome is Outcome.FINAL
    await stopping


async def test_stopping_waits_for_nobodys_long_deadline(edge: Edge, hub: SimHub) -> None:
    hub.faults.frozen = True
    calls = [edge.call("2207", settle(HID), "m1", 60_000), edge.call("1101", {"person": PERSON}, "m2", 60_000)]
    under_way = asyncio.gather(*calls)
    await until(lambda: hub.seen["transaction", "m1"])
    began = time.monotonic()
    await edge.intake.stop()
    assert time.monotonic() - began < 30
    fence, read = await under_way
    assert (fence.outcome, read.code) == (Outcome.IN_DOUBT, "line_down")


async def test_a_read_that_nobody_waits_for_any_more_frees_its_lane(edge: Edge, hub: SimHub) -> None:
    hub.faults.frozen_lanes = frozenset({HID})
    assert (await edge.call("2206", settle(HID), "m1", 1500)).code == "line_down"
    hub.faults.frozen_lanes = frozenset()
    began = time.monotonic()
    assert (await edge.call("2207", settle(HID), "m2", 60_000)).outcome is Outcome.FINAL
    assert time.monotonic() - began < EXCHANGE_TIMEOUT_S


async def test_a_caller_that_goes_away_stops_nothing(edge: Edge, hub: SimHub) -> None:
    task = asyncio.create_task(edge.call("2204", fees(HID), "m1"))
    await asyncio.sleep(0)
    task.cancel()
    await becomes(edge, "m1", "final")
    assert hub.times_applied("m1") == 1


async def test_the_business_day_travels(edge: Edge, hub: SimHub) -> None:
    reply = await edge.call("9001", {"business_day": DAY.isoformat()}, "m1")
    assert reply.answer == {"sign_in_number": "N-m1", "business_day": "2025-06-01"}
    assert hub.applied == [("cycle", "m1", "9001")]
