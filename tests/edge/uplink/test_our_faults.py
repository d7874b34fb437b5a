"""Each step of the uplink fails once by a fault of ours: everything comes home all the same, once, and in its case's order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.journal import Journal
from edge.outcome import Outcome
from edge.uplink import Uplink
from edge.uplink.answers import Answers
from edge.uplink.lanes import Lanes
from edge.uplink.loading import Loader
from edge.uplink.pace import Pace
from edge.uplink.sending import Flight, Flights
from edge.uplink.suspicion import Suspicion
from edge.uplink.window import Window
from tests.edge.faults import fails_once
from tests.edge.world import HID, OTHER, Edge, drained, fees, settle
from tests.patience import HUNG_S
from tests.sim.hub import SimHub

STEPS: list[tuple[Any, str]] = [
    (Uplink, "_enter"), (Uplink, "wake"), (Uplink, "doubt"), (Lanes, "add"), (Lanes, "take_urgent"), (Lanes, "take_backlog"), (Lanes, "ready"),
    (Loader, "look"), (Loader, "_take"), (Window, "arrived"), (Window, "fresh"), (Window, "gone"), (Flights, "begin"), (Flights, "_next_batch"),
    (Flights, "until_due"), (Flight, "__init__"), (Uplink, "withdraw"), (Uplink, "why"),
    (Flights, "_items"), (Flights, "_broken"), (Flights, "_lost"), (Answers, "take"), (Answers, "_tell"), (Pace, "finished"),
    (Suspicion, "took"), (Suspicion, "answered"), (Journal, "withdraw"), (Journal, "sendables"), (Journal, "receive"), (Journal, "waiting"),
]  # fmt: skip


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("of", "name"), STEPS, ids=lambda one: getattr(one, "__name__", one))
async def test_a_step_that_fails_once_leaves_nothing_lying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: Any, name: str
) -> None:
    hub, sent = SimHub(), []

    async def fee(lane: str, deadline_ms: int = 400) -> None:
        sent.append((lane, f"m{len(sent)}"))
        await edge.call("2204", fees(lane, str(len(sent))), sent[-1][1], deadline_ms)

    await hub.start()
    with monkeypatch.context() as patch:
        fails_once(patch, of, name, 1)
        async with Edge(tmp_path, hub.url) as edge:
            await fee(HID)
            await fee(HID)
            await edge.call("2207", settle(OTHER), "s1", 400)
            await hub.stop()
            for lane in (HID, HID, OTHER):
                await fee(lane, 100)
            await edge.call("2207", settle(OTHER), "s2", 100)
            await hub.start()
            await fee(HID)
            await drained(edge, HUNG_S)
    async with Edge(tmp_path, hub.url) as edge:
        assert (await edge.read("later", 10_000)).outcome is Outcome.FINAL
        kept = [(lane, m) for lane, m in sent if await edge.journal.find("H1", m) is not None]
        assert all(hub.times_applied(m) == 1 for _, m in kept)
        assert hub.order_of(HID) == [m for lane, m in kept if lane == HID]
    await hub.stop()
