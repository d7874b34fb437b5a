"""The same promise with the hub on PostgreSQL: a real server, real kills."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.central_sync.conftest import Postgres, postgres  # a fixture of the hub's tests, used here too
from tests.tidy import tree

__all__ = ["postgres"]
pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]


def test_a_country_whose_hub_is_on_postgresql_ends_with_every_coin_in_its_place(postgres: Postgres) -> None:
    postgres.sql("CREATE DATABASE country")
    world = "--hospitals 2 --patients 120 --outages 4 --kills 4 --seed 11 --json".split()  # noqa: SIM905 - as one types it
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *world, "--database", postgres.url("country")],
        cwd=tree.ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=290,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert (found["hold"], found["lost"], found["doubled"], found["unreconciled"], found["over_cap"]) == (
        True,
        0,
        0,
        0,
        0,
    )
    assert found["transactions"] > 0
