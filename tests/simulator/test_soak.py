"""The soak: it adds up, ends at the first country that does not hold, and keeps that one's folder."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator import soak
from simulator.day import Outcome
from simulator.invariants import Findings
from simulator.world import Terms, World, generate
from tests.tidy import tree

Places = Mapping[str, Terms]


def soaked(tmp_path: Path, terms: Places, bad_seed: int, minutes: float = 1.0) -> soak.Soak:
    async def day(world: World, folder: Path) -> Outcome:
        await asyncio.to_thread(folder.mkdir)
        lost = ["one"] if world.seed == bad_seed else []
        return Outcome(Findings(lost=lost), {"transactions": 10, "latest_ms": world.seed})

    def plan(seed: int) -> World:
        return generate(seed, 2, 10, 3, 3, terms, 2)

    return asyncio.run(soak.run(minutes, plan, 5, tmp_path, day, lambda _: None))


def test_it_ends_at_the_first_country_that_does_not_hold_and_keeps_its_folder(tmp_path: Path, terms: Places) -> None:
    found = soaked(tmp_path, terms, bad_seed=7).report(60)
    assert (found["hold"], found["countries"], found["last_seed"], found["lost"]) == (False, 3, 7, 1)
    assert found["findings"] == {"lost": ["one"]}
    assert found["counts"] == {"transactions": 30, "latest_ms": 7, "journals_checked": 6}
    assert [path.name for path in tmp_path.iterdir()] == ["seed-7"]
    faults = found["faults"]
    assert isinstance(faults, dict)
    assert sum(faults.values()) == 3 * (3 + 3 + 2)


def test_without_time_it_does_nothing(tmp_path: Path, terms: Places) -> None:
    found = soaked(tmp_path, terms, bad_seed=5, minutes=0)
    assert (found.hold, found.countries) == (True, 0)


@pytest.mark.proof
@pytest.mark.timeout(400)
def test_a_country_with_slow_disks_holds(tmp_path: Path) -> None:
    options = "--minutes 0.1 --patients 120 --outages 8 --kills 6 --slow-disks 8 --seed 31 --json"
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *options.split(), "--keep", str(tmp_path)],
        cwd=tree.ROOT, check=False, capture_output=True, text=True, timeout=390,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["hold"], found["lost"], found["doubled"], found["unreconciled"]) == (True, 0, 0, 0)
    assert sum(found["faults"].values()) == 22
    assert list(tmp_path.iterdir()) == []
