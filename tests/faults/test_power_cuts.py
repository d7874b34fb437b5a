"""The power goes while the journal is written: every state that the disk may be in holds what was told, and nothing half."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.limits import WAL_BYTES_MAX
from tests.faults.disk import cuts
from tests.faults.lives import Lives
from tests.faults.shim import Shim
from tests.faults.work import Plan, Told, wrong, wrong_after

LOG_BYTES = 100_000
"""So that SQLite's log is copied into the file between the portions of a fold, in lives as short as these."""


@pytest.fixture
def shim(tmp_path: Path) -> Iterator[Shim]:
    (tmp_path / "disk").mkdir()
    with Shim(tmp_path / "disk", tmp_path / "control", tmp_path / "trace", skip_sync=1) as made:
        yield made


async def all_wrong(trace: Path, count: int, seed: int) -> list[str]:
    return [one for cut in cuts(trace, count, seed) for one in await wrong_after(cut)]


def trace_of(shim: Shim) -> Path:
    assert shim.trace is not None
    return shim.trace


async def test_every_state_that_a_power_cut_may_leave_holds_what_was_told(shim: Shim) -> None:
    with Lives(shim) as lives:
        lives.live(Plan(0, callers=1, each=12))
        lives.live(Plan(1, callers=6, each=20, ends="close", log_bytes=LOG_BYTES))
        lives.live(Plan(2, callers=3, each=10))
    assert await all_wrong(trace_of(shim), 200, seed=1) == []


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(4))
async def test_thousands_of_such_states(shim: Shim, seed: int) -> None:
    with Lives(shim) as lives:
        for life in range(6):
            ends = ("kill", "close")[(life + seed) % 2]
            packet_bytes, log_bytes = (200, 9000)[life % 2], (WAL_BYTES_MAX, LOG_BYTES)[life // 2 % 2]
            callers = 1 + life * seed % 7
            lives.live(Plan(life, callers, each=12, packet_bytes=packet_bytes, ends=ends, log_bytes=log_bytes))
    assert await all_wrong(trace_of(shim), 600, seed) == []


async def test_a_process_killed_at_any_of_its_calls_leaves_what_was_told(shim: Shim) -> None:
    told = Told()
    with Lives(shim) as lives:
        for life in range(24):
            shim["kill_in"], shim["write_torn"] = 1 + life * 3, life % 2
            told.hear(lives.live(Plan(life, callers=3, each=6, log_bytes=LOG_BYTES))[0])
            shim["kill_in"] = 0
            if life % 4 == 3:
                assert await wrong(shim.folder, told) == [], f"life {life}"
