"""A whole edge killed at its calls to the disk and at random moments, before a hub that goes on: each transaction happens as it was told, once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from edge.outcome import Outcome
from tests.edge.world import Edge, until
from tests.faults.edge_work import HIDS
from tests.faults.lives import Lives
from tests.faults.shim import Shim
from tests.faults.work import Plan
from tests.sim.hub import Faults, SimHub


class Killing:
    """A folder, a hub, and everything that any life was told."""

    def __init__(self, base: Path, seed: int) -> None:
        self.folder = base / "disk"
        self.folder.mkdir()
        self.chance = random.Random(seed)
        self.hub = SimHub(faults=Faults(seed=seed, drop_before=0.05, drop_after=0.05, delay_s=0.01))
        self.shim = Shim(self.folder, base / "control", skip_sync=1)
        self.told: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()

    async def lives(self, count: int) -> None:
        """So many lives, every second killed at some call to the disk, the others at some moment."""
        with self.shim as shim, Lives(shim) as lives:
            for life in range(count):
                power_s = 0.0
                if life % 2:
                    shim["kill_in"], shim["write_torn"] = self.chance.randint(1, 300), life // 2 % 2
                else:
                    power_s = self.chance.uniform(0.03, 0.5)
                plan = Plan(life, callers=4, each=6, url=self.hub.url)
                said, status = await asyncio.to_thread(lives.live, plan, power_s)
                shim["kill_in"] = 0
                self.statuses[status] += 1
                for line in said.decode().splitlines():
                    if line.startswith("+"):
                        msgid, outcome = line[1:].split()
                        self.told[msgid] = outcome

    async def ends_well(self) -> None:
        """One more life, undisturbed: nothing stays open, all is as it was told, and the hub has each once."""
        self.hub.faults = Faults()
        async with Edge(self.folder, self.hub.url, hids=HIDS) as edge:
            await until(lambda: edge.journal.open_count == 0, 60)
            for msgid, told in self.told.items():
                standing = await edge.journal.find("H1", msgid)
                assert standing is not None, f"{msgid} was {told} and is lost"
                assert standing.outcome is Outcome.FINAL or told in ("refused", "in_doubt"), f"{msgid} was {told}"
                assert told != "refused" or standing.outcome is Outcome.REFUSED, f"{msgid} was refused and happened"
                assert self.hub.times_applied(msgid) == (standing.outcome is Outcome.FINAL), msgid
            assert await edge.journal.check() == []
        times = Counter(msgid for _, msgid, _ in self.hub.applied)
        assert max(times.values()) == 1, "nothing happens twice"


async def killed(base: Path, seed: int, count: int) -> Killing:
    killing = Killing(base, seed)
    await killing.hub.start()
    try:
        await killing.lives(count)
        await killing.ends_well()
    finally:
        await killing.hub.stop()
    return killing


async def test_an_edge_killed_again_and_again_does_everything_once(tmp_path: Path) -> None:
    killing = await killed(tmp_path, seed=1, count=12)
    assert len(killing.told) > 20
    assert set(killing.statuses) <= {-9, -14}


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [2, 3])
async def test_a_hundred_kills(tmp_path: Path, seed: int) -> None:
    killing = await killed(tmp_path, seed, count=100)
    assert set(killing.statuses) <= {-9, -14}
