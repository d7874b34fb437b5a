"""Hours of days: one large world after another, each with its own seed, until one does not hold.

Size it through the environment: ``SOAK_SEEDS`` how many worlds, ``SOAK_FIRST`` the first seed, ``SOAK_PATIENTS`` how many each.
``python -m simulator --minutes 30 --slow-disks 6`` does the same for a time, with a sum at the end. A world that failed is run again alone with ``python -m simulator --seed`` and the sizes below.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import tree

DAY_S_MAX = 3600
SEEDS = int(os.environ.get("SOAK_SEEDS", "200"))
FIRST = int(os.environ.get("SOAK_FIRST", "10001"))
PATIENTS = int(os.environ.get("SOAK_PATIENTS", "1500"))
FAULTS = max(1, PATIENTS // 50)
ZERO = ("lost", "doubled", "unreconciled", "over_cap")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(DAY_S_MAX + 60)]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_a_large_country_ends_with_every_coin_in_its_place(seed: int, tmp_path: Path) -> None:
    sizes = {
        "hospitals": 5,
        "patients": PATIENTS,
        "outages": FAULTS,
        "kills": FAULTS,
        "slow-disks": FAULTS,
        "seed": seed,
    }
    options = [text for name, value in sizes.items() for text in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *options, "--keep", str(tmp_path), "--json"],
        cwd=tree.ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=DAY_S_MAX,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert {name: found[name] for name in ZERO} == dict.fromkeys(ZERO, 0)
    assert found["hold"] is True
    assert found["transactions"] > PATIENTS
    assert done.stderr == "", "the simulator itself names nobody, anywhere"
