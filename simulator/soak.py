"""One country after another until the time is over, each with its own seed; the sum of what was done to them and of what was found.

``run`` starts no new country after ``minutes``. The first country that does not hold ends it; its folder is kept.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.day import Outcome
from simulator.world import World

Run = Callable[[World, Path], Coroutine[Any, Any, Outcome]]
FINDINGS_EACH_MAX = 12


@dataclass(slots=True)
class Soak:
    """The sum over all countries so far. ``faults``: kind → how often."""

    countries: int = 0
    first_seed: int = 0
    last_seed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    findings: dict[str, list[str]] = field(default_factory=dict)
    hold: bool = True
    kept: str = ""

    def add(self, world: World, outcome: Outcome) -> None:
        """One more country has had its day."""
        self.first_seed = self.first_seed if self.countries else world.seed
        self.last_seed = world.seed
        self.countries += 1
        self.faults.update(f"line_{outage.fault}" for outage in world.outages)
        self.faults.update("kill_hub" if kill.target == "hub" else "kill_edge" for kill in world.kills)
        self.faults.update("slow_disk_hub" if slow.target == "hub" else "slow_disk_edge" for slow in world.slow_disks)
        self.found.update(outcome.findings.counts())
        late = outcome.counts.pop("latest_ms", 0)
        self.counts.update(outcome.counts)
        self.counts["latest_ms"] = max(self.counts["latest_ms"], late)
        self.counts["journals_checked"] += len(world.hospitals)
        self.hold = self.hold and outcome.findings.hold
        self.findings = self.findings or outcome.findings.sentences(FINDINGS_EACH_MAX)

    def report(self, seconds: float) -> dict[str, object]:
        """What the command prints."""
        return {
            "countries": self.countries,
            "first_seed": self.first_seed,
            "last_seed": self.last_seed,
            "minutes": round(seconds / 60, 1),
            "hold": self.hold,
            **self.found,
            "faults": dict(sorted(self.faults.items())),
            "counts": dict(self.counts),
            "findings": self.findings,
            "kept": self.kept,
        }


async def run(
    minutes: float,
    plan: Callable[[int], World],
    seed: int,
    folder: Path,
    day: Run,
    told: Callable[[str], None],
) -> Soak:
    """Countries of seeds ``seed``, ``seed + 1`` and so on; ``day`` runs one in a folder of its own below ``folder``."""
    soak, ends = Soak(), time.monotonic() + minutes * 60
    while time.monotonic() < ends and soak.hold:
        world = plan(seed + soak.countries)
        place = folder / f"seed-{world.seed}"
        outcome = await day(world, place)
        soak.add(world, outcome)
        told(f"seed {world.seed}: {'all holds' if outcome.findings.hold else 'DOES NOT HOLD'}")
        if outcome.findings.hold:
            shutil.rmtree(place)
        else:
            soak.kept = str(place)
    return soak
