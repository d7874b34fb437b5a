"""What other engines that store and forward got wrong, in issues of their trackers; each is a promise of ours, held by a test.

Mirth Connect #1059, #1664, #1682, #2057, #2178, #3074, #3340, #3366, #5627; ThingsBoard gateway #1507, #2124, #2157; OpenHIM #138, #796,
#1058 and its delete before create; HCX's send before save.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

from edge.journal import Journal, Receipt, Standing
from edge.line import Line
from edge.outcome import Outcome
from tests.edge.world import (
    HID,
    OTHER,
    PERSON,
    THIRD,
    Edge,
    append_many,
    becomes,
    draft,
    drained,
    fees,
    let_go,
    others,
    parked,
    registration,
    settle,
    until,
)
from tests.sim.hub import SimHub

# -- Mirth Connect ---------------------------------------------------------------------------------------------------


async def test_mirth_1682_the_one_behind_a_full_window_is_not_lost(tmp_path: Path, small_window: None) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        msgids = await append_many(edge, 101)
        assert edge.uplink.at_hand <= 32
        await hub.start()
        await drained(edge)
        assert edge.uplink.at_hand == 0
    assert Counter(m for _, m, _ in hub.applied) == Counter(msgids), "every one, and each once"
    for lane in (HID, OTHER, THIRD):
        order = [int(m[1:]) for m in hub.order_of(lane)]
        assert order == sorted(order)
    await hub.stop()


async def test_mirth_1664_a_case_that_cannot_be_delivered_stops_no_other(
    hub: SimHub, tmp_path: Path, small_window: None
) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        hub.faults.faulty = frozenset({"stuck"})
        assert (await edge.call("2204", fees(HID), "stuck", 1000)).outcome is Outcome.PROVISIONAL
        for n in range(40):  # more of the same case than there is room for
            await edge.journal.append(draft(f"behind-{n}", HID, str(n)))
        for n in range(40):
            assert (await edge.call("2204", fees(OTHER, str(n)), f"o{n}", 5000)).outcome is Outcome.FINAL
        assert len(hub.order_of(OTHER)) == 40
        assert hub.order_of(HID) == []
        hub.faults.faulty = frozenset()
        await drained(edge)
    assert hub.order_of(HID) == ["stuck", *(f"behind-{n}" for n in range(40))]


async def test_mirth_1059_a_hub_that_moves_keeps_what_waits_and_its_order(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, "http://127.0.0.1:9") as edge:
        msgids = await append_many(edge, 30)
    async with Edge(tmp_path, hub.url) as edge:
        await drained(edge)
    assert Counter(m for _, m, _ in hub.applied) == Counter(msgids)
    assert hub.order_of(HID) == msgids[::3]


async def test_mirth_2057_and_2178_what_is_open_or_parked_is_never_deleted_nor_pruned(
    hub: SimHub, tmp_path: Path, impatient: None
) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        hub.faults.faulty = frozenset({"bad"})
        await edge.call("2204", fees(HID), "bad", 1000)
        await parked(edge, "bad")
        await edge.journal.keeping.prune(date(2100, 1, 1), 0, lambda _done, _all, _what: None)
    async with Edge(tmp_path, hub.url) as edge:
        standing = await edge.journal.find("H1", "bad")
        assert standing is not None
        assert standing.parked
        assert await edge.journal.open_list("H1") == [standing]
        hub.faults.faulty = frozenset()
        await let_go(edge, "bad")
        await becomes(edge, "bad", "final")


async def test_mirth_3074_taking_one_out_skips_no_other_and_counts_stay_true(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        calls = [edge.call("2204", fees(HID, "1"), "m1", 5000), edge.call("2207", settle(HID), "m2", 5000)]
        calls.append(edge.call("2204", fees(HID, "3"), "m3", 5000))
        first, fence, last = await asyncio.gather(*calls)
        assert (first.outcome, fence.outcome, last.outcome) == (
            Outcome.PROVISIONAL, Outcome.REFUSED, Outcome.PROVISIONAL,
        )  # fmt: skip
        assert edge.uplink.in_hand == 2
        assert edge.journal.open_count == 2
        await hub.start()
        await drained(edge)
        assert (edge.uplink.at_hand, edge.journal.open_count) == (0, 0)
    assert hub.order_of(HID) == ["m1", "m3"]
    await hub.stop()


async def test_mirth_3340_after_a_restart_the_same_goes_out_as_before_it(hub: SimHub, tmp_path: Path) -> None:
    class Listening(Line):
        heard: list[Any] = []  # noqa: RUF012 -- one for the test

        async def exchange(self, batch: Any, attempt: Any, level: Any = None) -> Any:
            self.heard.extend(batch.items)
            return await super().exchange(batch, attempt, level)

    Listening.heard = []
    hub.faults.ignore_next = 10**6
    async with Edge(tmp_path, hub.url, line=Listening) as edge:
        await edge.kept("2201", registration(), "m1", 700)
    hub.faults.ignore_next = 0
    async with Edge(tmp_path, hub.url, line=Listening) as edge:
        await becomes(edge, "m1", "final")
    copies = [item for item in Listening.heard if item.msgid == "m1"]
    assert len(copies) > 1
    assert all(item == copies[0] for item in copies)


async def test_mirth_3366_a_start_and_a_resend_at_once_process_it_once(hub: SimHub, tmp_path: Path) -> None:
    hub.faults.lose_next = 10**6
    async with Edge(tmp_path, hub.url) as edge:
        await edge.kept("2204", fees(HID), "m1", 500)
        assert (await edge.call("2207", settle(OTHER), "m2", 4000)).outcome is Outcome.IN_DOUBT
    hub.faults.lose_next = 0
    hub.faults.delay_s = 0.05
    hub.overlaps = 0
    async with Edge(tmp_path, hub.url) as edge:
        replies = await asyncio.gather(
            *[edge.call("2204", fees(HID), "m1") for _ in range(4)],
            *[edge.call("2207", settle(OTHER), "m2") for _ in range(4)],
        )
        assert {reply.outcome for reply in replies} == {Outcome.FINAL}
    assert (hub.times_applied("m1"), hub.times_applied("m2"), hub.overlaps) == (1, 1, 0)


async def test_mirth_5627_a_fence_is_never_queued_behind_the_callers_back(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        assert (await edge.call("2207", settle(HID), "m1", 5000)).code == "line_down"
        assert (edge.uplink.in_hand, edge.uplink.at_hand) == (0, 0)
        await hub.start()
        assert (await edge.call("1101", {"person": PERSON}, "r1", 8000)).outcome is Outcome.FINAL
    assert not any(msgid == "m1" for _, msgid in hub.seen)
    await hub.stop()


# -- ThingsBoard gateway ---------------------------------------------------------------------------------------------


async def test_thingsboard_2124_a_line_that_comes_and_goes_leaves_the_store_alone(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        await edge.call("2204", fees(HID, "0"), "before")
        await hub.stop()
        await edge.call("2204", fees(HID, "1"), "m1", 1500)
        for _ in range(3):
            hub.faults.ignore_next = 10**6
            await hub.start()
            await asyncio.sleep(0.1)
            await hub.stop()
        assert await edge.journal.check() == []
        assert (await edge.journal.find("H1", "m1")) is not None
        hub.faults.ignore_next = 0
        await hub.start()
        await becomes(edge, "m1", "final", 20)
    assert hub.order_of(HID) == ["before", "m1"]


async def test_thingsboard_2157_what_was_sent_into_a_dead_line_is_not_counted_as_delivered(
    hub: SimHub, tmp_path: Path
) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        await edge.call("1101", {"person": PERSON}, "warm")
        hub.faults.ignore_next = 10**6  # it takes the bytes, and they are gone
        for n in range(5):
            assert (await edge.kept("2204", fees(HID, str(n)), f"m{n}", 800)).outcome is Outcome.PROVISIONAL
        assert edge.journal.open_count == 5
        hub.faults.ignore_next = 0
        await drained(edge)
    assert hub.order_of(HID) == [f"m{n}" for n in range(5)]


async def test_thingsboard_1507_what_came_while_offline_outlives_the_program(tmp_path: Path) -> None:
    hub = SimHub()
    await hub.start()
    await hub.stop()
    for day in range(3):
        async with Edge(tmp_path, hub.url, hids=50 if day == 0 else 0) as edge:
            await edge.kept("2204", fees(HID, str(day)), f"m{day}", 400)
    await hub.start()
    async with Edge(tmp_path, hub.url, hids=0) as edge:
        await drained(edge)
    assert hub.order_of(HID) == ["m0", "m1", "m2"]
    await hub.stop()


# -- OpenHIM, HCX ----------------------------------------------------------------------------------------------------


async def test_openhim_138_one_that_fails_leaves_none_behind_in_processing(hub: SimHub, tmp_path: Path) -> None:
    hub.faults.faulty = frozenset({"m1"})
    async with Edge(tmp_path, hub.url) as edge:
        calls = [edge.kept("2204", fees(lane), f"m{n}", 600) for n, lane in enumerate((HID, OTHER, THIRD))]
        outcomes = [reply.outcome for reply in await asyncio.gather(*calls)]
        assert outcomes == [Outcome.FINAL, Outcome.PROVISIONAL, Outcome.FINAL]
        hub.faults.faulty = frozenset()
        await drained(edge)
        assert not edge.uplink._flights.under_way
    assert {m for _, m, _ in hub.applied} == {"m0", "m1", "m2"}


async def test_openhim_796_tries_that_fail_alone_are_few_and_end_with_a_person(
    hub: SimHub, tmp_path: Path, impatient: None
) -> None:
    hub.faults.deadly = frozenset({"bad"})
    async with Edge(tmp_path, hub.url) as edge, edge.events.subscribe() as watcher:
        calls = [
            edge.kept("2204", fees(lane, str(n)), m, 300) for n, (lane, m) in enumerate([(HID, "bad"), (OTHER, "good")])
        ]
        await asyncio.gather(*calls)
        await parked(edge, "bad")
        await becomes(edge, "good", "final")
        tries = hub.seen["transaction", "bad"]
        await others(edge, 5)
        assert hub.seen["transaction", "bad"] == tries <= 30, "it is left alone now"
        seen = [await anext(watcher)]
        while seen[-1].kind != "parked":
            seen.append(await anext(watcher))
        assert (seen[-1].data["msgid"], seen[-1].data["code"]) == ("bad", "breaks_exchanges")


async def test_openhim_1058_letting_one_go_sends_no_other_again(hub: SimHub, tmp_path: Path, impatient: None) -> None:
    hub.faults.faulty = frozenset({"bad-1", "bad-2"})
    async with Edge(tmp_path, hub.url) as edge:
        assert (await edge.call("2204", fees(THIRD), "done")).outcome is Outcome.FINAL
        for n, lane in ((1, HID), (2, OTHER)):
            await edge.kept("2204", fees(lane, str(n)), f"bad-{n}", 200)
            await parked(edge, f"bad-{n}")
        hub.faults.faulty = frozenset()
        before = hub.seen.copy()
        await let_go(edge, "bad-1")
        await becomes(edge, "bad-1", "final")
        await others(edge, 3)
        assert hub.seen["transaction", "bad-2"] == before["transaction", "bad-2"]
        assert hub.seen["transaction", "done"] == 1
        await let_go(edge, "bad-2")
        await becomes(edge, "bad-2", "final")


async def test_openhim_and_hcx_what_was_sent_and_not_recorded_is_sent_again_and_applied_once(
    hub: SimHub, tmp_path: Path
) -> None:
    """Delete before create, send before save: between the hub's commit and ours lies a crash."""

    class Forgetful(Journal):
        async def receive(self, received: Any, receipt: Receipt | None, now: datetime) -> list[Standing | None]:
            raise asyncio.CancelledError

    await hub.stop()
    async with Edge(tmp_path, hub.url, journal=Forgetful) as edge:
        msgids = await append_many(edge, 12)
        await hub.start()
        await until(lambda: len(hub.applied) == 12, 20)
        assert edge.journal.open_count == 12
    async with Edge(tmp_path, hub.url) as edge:
        await drained(edge)
    assert Counter(m for _, m, _ in hub.applied) == Counter(msgids)
    assert hub.order_of(HID) == msgids[::3]
