"""Which exchange begins when: small ones for those who wait and for a line that is down, large ones for the backlog."""

from __future__ import annotations

import asyncio
from pathlib import Path

from central_sync.terms import hid as hids
from edge.limits import INTERACTIVE_ITEMS_MAX, PROBE_ITEMS_MAX
from edge.outcome import Outcome
from tests.edge.world import HID, PERSON, Edge, append_many, drained, fees
from tests.sim.hub import SimHub

CASES = tuple(hids.from_serial(n) for n in range(1, 301))


async def test_what_tries_a_line_that_is_down_is_small_and_what_follows_is_not(hub: SimHub, tmp_path: Path) -> None:
    await hub.stop()
    async with Edge(tmp_path, hub.url) as edge:
        await append_many(edge, 400, CASES[:100])
        await edge.downlink.stop()  # so that it is the uplink that finds the line
        await hub.start()
        await drained(edge)
    sizes = [len(batch) for batch in hub.batches]
    assert sizes[0] <= PROBE_ITEMS_MAX
    assert max(sizes) > PROBE_ITEMS_MAX


async def test_batches_for_those_who_wait_stay_small(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        assert (await edge.call("1101", {"person": PERSON}, "warm")).outcome is Outcome.FINAL
        replies = await asyncio.gather(*[edge.call("2204", fees(case), f"m{case}", 20_000) for case in CASES])
        assert {reply.outcome for reply in replies} == {Outcome.FINAL}
    assert max(len(batch) for batch in hub.batches) <= INTERACTIVE_ITEMS_MAX


async def test_an_entry_that_is_parked_while_it_is_under_way_still_counts_if_it_is_answered(
    hub: SimHub, tmp_path: Path
) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        await edge.call("1101", {"person": PERSON}, "warm")
        hub.faults.frozen_lanes = frozenset({HID})
        assert (await edge.kept("2204", fees(HID, "1"), "m1", 300)).outcome is Outcome.PROVISIONAL
        assert (await edge.kept("2204", fees(HID, "2"), "m2", 300)).outcome is Outcome.PROVISIONAL
        standing = await edge.journal.find("H1", "m2")
        assert standing is not None
        held = await edge.journal.park(standing.seq, "by_hand", edge.now())
        assert held is not None
        edge.uplink.parked(held)
        hub.faults.frozen_lanes = frozenset()
        await asyncio.sleep(0.3)
        assert hub.order_of(HID) == ["m1"]
        released = await edge.journal.release(standing.seq, edge.now())
        assert released is not None
        edge.uplink.released(released)
        await drained(edge)
    assert hub.order_of(HID) == ["m1", "m2"]
