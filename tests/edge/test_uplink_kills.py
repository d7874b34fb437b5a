"""The edge killed at every step of a transaction, for every kind of it: what was told holds, and nothing happens twice."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from edge.outcome import Outcome
from tests.edge.doomed import PACKETS, STEPS
from tests.edge.world import Edge, until
from tests.sim.hub import SimHub


async def killed(folder: Path, url: str, step: str, number: str) -> str:
    """What the edge told before it was killed; empty: nothing."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.edge.doomed", str(folder), url, step, number,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, complaint = await asyncio.wait_for(worker.communicate(), 30)
    assert worker.returncode == -9, complaint.decode()
    return told.decode().strip()


@pytest.mark.parametrize("number", PACKETS)
@pytest.mark.parametrize("step", STEPS)
async def test_edge_killed_at_every_step_of_a_transaction(tmp_path: Path, step: str, number: str) -> None:
    hub = SimHub()
    await hub.start()
    told = await killed(tmp_path, hub.url, step, number)
    assert told == ("final" if step == "after the reply" else "")
    async with Edge(tmp_path, hub.url, hids=0) as edge:
        await until(lambda: edge.uplink.in_hand == 0)
        standing = await edge.journal.find("H1", "m1")
        if step == "before the append":
            assert standing is None
            assert not hub.applied
        else:
            assert standing is not None
            reached = step in STEPS[3:]
            lost_fence = number == "2207" and not reached
            assert standing.outcome is (Outcome.REFUSED if lost_fence else Outcome.FINAL)
            assert standing.code == ("never_applied" if lost_fence else "")
            assert hub.times_applied("m1") == (not lost_fence)
        resent = await edge.call(number, PACKETS[number], "m1")
        assert resent.outcome in (Outcome.FINAL, Outcome.REFUSED), "a resend is always safe"
        assert hub.times_applied("m1") == (resent.outcome is Outcome.FINAL)
        assert await edge.journal.check() == []
    await hub.stop()
