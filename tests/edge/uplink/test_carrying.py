"""The uplink on real sockets: order and exactly once under random faults, slow lanes, half-open lines, restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.outcome import Outcome
from edge.uplink.lanes import Work
from tests.edge.world import HID, PERSON, Edge, becomes, fees, registration, settle, until
from tests.sim.hub import Faults, SimHub

OTHER = "0000000000000292"


@pytest.mark.parametrize("seed", range(6))
async def test_order_and_exactly_once_hold_under_random_faults(tmp_path: Path, seed: int) -> None:
    hub = SimHub(faults=Faults(seed=seed, drop_before=0.15, drop_after=0.15, again=0.05, delay_s=0.02))
    await hub.start()
    async with Edge(tmp_path, hub.url) as edge:

        async def patient(who: int) -> list[str]:
            opened = await edge.kept("2201", registration(), f"{who}-open", 400)
            assert opened.answer is not None
            hid = opened.answer["hid"]
            steps = [f"{who}-{step}" for step in range(4)]
            for step in steps:
                await edge.kept("2204", fees(hid, step[-1]), step, 150)
            await edge.kept("2207", settle(hid), f"{who}-settle", 250)
            return [hid, f"{who}-open", *steps, f"{who}-settle"]

        days = await asyncio.gather(*[patient(who) for who in range(6)])
        hub.faults.drop_before = hub.faults.drop_after = hub.faults.again = 0.0
        await until(lambda: edge.uplink.in_hand == 0, 30)
        assert edge.journal.open_count == 0
        for hid, *sent in days:
            applied = hub.order_of(hid)
            outcomes = {msgid: await edge.journal.find("H1", msgid) for msgid in sent}
            finals = [m for m, s in outcomes.items() if s is not None and s.outcome is Outcome.FINAL]
            assert applied == finals, "applied once, in order, and exactly what the edge calls final"
            assert {m for m in sent if not m.endswith("settle")} <= set(finals), (
                "nothing that was promised to arrive is lost"
            )
            assert all(s is not None and s.outcome.decided for s in outcomes.values())
    assert hub.overlaps == 0 or hub.faults.drop_before == 0, "a lane may overlap only with a batch that we gave up"
    await hub.stop()


async def test_a_slow_lane_never_holds_another(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        hub.faults.frozen_lanes = frozenset({HID})
        slow = asyncio.create_task(edge.call("2204", fees(HID), "slow", 60_000))
        await until(lambda: hub.seen["transaction", "slow"])
        assert (await edge.call("2204", fees(OTHER), "quick")).outcome is Outcome.FINAL
        assert (await edge.call("1101", {"person": PERSON}, "read")).outcome is Outcome.FINAL
        assert not slow.done()
        hub.faults.frozen_lanes = frozenset()
        assert (await slow).outcome is Outcome.FINAL


async def test_what_is_open_at_a_restart_is_brought_home(hub: SimHub, tmp_path: Path) -> None:
    await hub.stop()
    edge = Edge(tmp_path, hub.url)
    async with edge:
        assert (await edge.kept("2201", registration(), "m1", 900)).outcome is Outcome.PROVISIONAL
        assert (await edge.kept("2204", fees(HID), "m2", 900)).outcome is Outcome.PROVISIONAL
    await hub.start()
    async with Edge(tmp_path, hub.url) as edge:
        await becomes(edge, "m2", "final", 15)
    assert hub.order_of(HID) == ["m1", "m2"]


async def test_a_backlog_travels_in_batches_and_an_interactive_call_overtakes_it(hub: SimHub, tmp_path: Path) -> None:
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        calls = [edge.call("2204", fees(HID if n % 2 else OTHER, str(n)), f"m{n}", 20_000) for n in range(300)]
        assert {r.outcome for r in await asyncio.gather(*calls)} == {Outcome.PROVISIONAL}
        hub.faults.delay_s = 0.05
        await hub.start()
        assert (await edge.read("now", 10_000)).outcome is Outcome.FINAL
        await until(lambda: edge.uplink.in_hand == 0, 30)
    assert len(hub.applied) == 300
    assert len(hub.batches) < 30
    for lane in (HID, OTHER):
        order = [int(m[1:]) for m in hub.order_of(lane)]
        assert len(order) == 150


async def test_an_exchange_that_hangs_is_given_up_for_whoever_asks(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        hub.faults.frozen = True
        reply = await edge.call("2207", settle(HID), "m1", 2500)
        assert reply.outcome is Outcome.IN_DOUBT
        hub.faults.frozen = False
        asked = await edge.call("43", {"original_msgid": "m1"}, "q1", 3000)
        assert asked.answer is not None
        assert asked.answer["outcome"] in ("final", "refused")
        assert hub.times_applied("m1") == (asked.answer["outcome"] == "final")


async def test_an_item_put_off_rests_its_lane_and_is_applied_later(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        hub.faults.again_numbers = frozenset({"2204", "2207"})
        assert (await edge.call("2204", fees(HID), "m1", 1500)).outcome is Outcome.PROVISIONAL
        fence = await edge.call("2207", settle(OTHER), "m2", 1500)
        assert fence.outcome is Outcome.IN_DOUBT, "a hub that failed inside may have failed just after its commit"
        assert (await edge.call("1101", {"person": PERSON}, "m3")).outcome is Outcome.FINAL
        hub.faults.again_numbers = frozenset()
        await becomes(edge, "m1", "final")
        await becomes(edge, "m2", "refused")
    assert hub.times_applied("m2") == 0


async def test_the_line_is_told_to_those_who_watch(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge, edge.events.subscribe() as watcher:
        await edge.call("1101", {"person": PERSON}, "m1")
        await hub.stop()
        await edge.call("1101", {"person": PERSON}, "m2", 500)
        seen = [(await anext(watcher)).data.get("line") for _ in range(2)]
        assert seen == ["up", "down"]


async def test_an_exchange_that_is_given_up_before_its_first_step_still_lands(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        launched = edge.uplink._flights._next_batch

        def given_up_at_once(now: float) -> list[Work]:
            batch = launched(now)
            if batch:  # as a deadline that ends in the very turn of the loop in which the exchange was begun
                asyncio.get_running_loop().call_soon(
                    lambda: [f.give_up() for f in tuple(edge.uplink._flights.under_way)]
                )
                edge.uplink._flights._next_batch = launched  # type: ignore[method-assign]
            return batch

        edge.uplink._flights._next_batch = given_up_at_once  # type: ignore[method-assign]
        assert (await edge.call("2204", fees(HID), "m1", 2000)).outcome is Outcome.FINAL
        assert not edge.uplink._flights.under_way


async def test_a_stop_in_the_moment_of_a_bell_ends(hub: SimHub, tmp_path: Path) -> None:
    hub.faults.again_numbers = frozenset({"2204"})  # so that it waits for a bell or for a time
    for turns in range(4):
        async with Edge(tmp_path, hub.url) as edge:
            await edge.kept("2204", fees(HID), "m1", 200)
            await until(lambda edge=edge: not edge.uplink._flights.under_way)
            edge.uplink._bell.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            async with asyncio.timeout(30):
                await edge.uplink.stop()
