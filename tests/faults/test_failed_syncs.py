"""A sync fails, as it does when a disk dies or a thin volume is full: the refused stays refused, the accepted stays accepted.

Linux throws dirty pages away when their write-back fails: the file reads as if they were there, and the next sync that succeeds says
nothing about them. So the tests look twice: at the file as the next start reads it (killed, the page cache is still there), and at
every state that the disk itself may be in (the power goes).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disk import Kind, cuts, read_trace
from tests.faults.lives import Lives
from tests.faults.shim import Shim
from tests.faults.work import Plan, Told, wrong, wrong_after


@pytest.fixture
def shim(tmp_path: Path) -> Iterator[Shim]:
    (tmp_path / "disk").mkdir()
    with Shim(tmp_path / "disk", tmp_path / "control", tmp_path / "trace", skip_sync=1) as made:
        yield made


def trace_of(shim: Shim) -> Path:
    assert shim.trace is not None
    return shim.trace


async def killed_after(shim: Shim, fail_in: int, times: int) -> tuple[list[str], Told]:
    """A life whose log cannot be synced from the ``fail_in``-th time on (-1: never again); it is killed, and started anew."""
    told = Told()
    with Lives(shim) as lives:
        told.hear(lives.live(Plan(0, callers=1, each=3))[0])
        faults = {"wal_only": 1, "sync_fail_times": times, "sync_fail_in": fail_in}
        told.hear(lives.live(Plan(1, callers=2, each=12, faults=faults))[0])
        shim["sync_fail_in"] = 0
    return await wrong(shim.folder, told, told.refused), told


async def cut_after(shim: Shim, fail_in: int, times: int, count: int, wal_only: bool = True) -> list[str]:
    """The same, and the power goes at any place of it or of the life after it, most often just after a refusal."""
    with Lives(shim) as lives:
        lives.live(Plan(0, callers=1, each=3))
        faults = {"wal_only": int(wal_only), "sync_fail_times": times, "sync_fail_in": fail_in}
        lives.live(Plan(1, callers=2, each=12, faults=faults))
        shim["sync_fail_in"] = 0
        lives.live(Plan(2, callers=2, each=6))
    events = list(read_trace(trace_of(shim)))
    refusals = [n + 1 for n, one in enumerate(events) if one.kind is Kind.TOLD and one.data.startswith(b"-")]
    assert refusals
    bad = []
    for cut in (*cuts(trace_of(shim), count, fail_in), *cuts(trace_of(shim), count, fail_in, places=refusals)):
        bad += await wrong_after(cut, Told().hear(cut.told).refused)
    return bad


@pytest.mark.parametrize(("fail_in", "times"), [(1, 1), (1, 2), (1, -1), (7, -1)])
async def test_what_a_failed_sync_refused_does_not_come_back_when_the_edge_is_killed(
    shim: Shim, fail_in: int, times: int
) -> None:
    bad, told = await killed_after(shim, fail_in, times)
    assert told.refused
    assert bad == []


@pytest.mark.parametrize(("fail_in", "times"), [(1, 1), (4, 1), (4, -1)])
async def test_nothing_accepted_is_lost_when_the_power_goes_after_a_failed_sync(
    shim: Shim, fail_in: int, times: int
) -> None:
    """A disk that fails for good cannot be made to forget either: there a cut before the next commit may bring the refused back."""
    bad = await cut_after(shim, fail_in, times, 40)
    assert [one for one in bad if times == 1 or "come back" not in one] == []


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fail_in", [2, 3, 5, 7, 8, 10])
async def test_every_such_sync_at_every_such_place(shim: Shim, fail_in: int) -> None:
    for times in (1, 2, -1):
        bad = await cut_after(shim, fail_in, times, 60)
        assert [one for one in bad if times == 1 or "come back" not in one] == []
        trace_of(shim).unlink()
        for path in shim.folder.iterdir():
            path.unlink()


async def test_a_start_whose_syncs_fail_says_so_and_costs_nothing(shim: Shim) -> None:
    told = Told()
    with Lives(shim) as lives:
        for life in range(12):
            shim["sync_fail_in"], shim["sync_fail_times"] = life, 1 + life % 2
            told.hear(lives.live(Plan(life, callers=2, each=3))[0])
            shim["sync_fail_in"] = 0
    assert told.kept
    assert await wrong(shim.folder, told, told.refused) == []
