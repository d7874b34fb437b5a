"""The promise of the house, for many worlds: whatever the line and the power did, nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.tidy import tree

pytestmark = pytest.mark.timeout(600)
ZERO = ("lost", "doubled", "unreconciled", "over_cap")
SEEDS = [
    *(pytest.param(seed, marks=pytest.mark.proof) for seed in (7, *range(101, 109))),
    *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(109, 141)),
]
"""The seed that the project was first judged by and eight others in the proof, many more in the soak."""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_country_with_outages_and_kills_ends_with_every_coin_in_its_place(seed: int) -> None:
    world = "--hospitals 3 --patients 300 --outages 6 --kills 6 --json".split()  # noqa: SIM905 - as one types it
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *world, "--seed", str(seed)],
        cwd=tree.ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=590,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert {name: found[name] for name in ZERO} == dict.fromkeys(ZERO, 0)
    assert found["hold"] is True
    assert found["transactions"] > 0
