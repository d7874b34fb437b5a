"""Jobs by the clock."""

from __future__ import annotations

import asyncio

from edge.jobs import Job, Jobs
from tests.patience import HUNG_S


async def test_a_job_runs_at_its_interval_and_one_that_fails_stops_nothing() -> None:
    runs: list[str] = []
    twice = asyncio.Event()

    async def good() -> None:
        runs.append("good")
        if runs.count("good") >= 2:
            twice.set()

    async def bad() -> None:
        runs.append("bad")
        raise RuntimeError

    jobs = Jobs([Job("good", 0.05, good), Job("bad", 0.02, bad)])
    await jobs.start()
    async with asyncio.timeout(HUNG_S):
        await twice.wait()
    await jobs.stop()
    assert runs.count("bad") >= 2
    count = len(runs)
    await asyncio.sleep(0.15)
    assert len(runs) == count
    await jobs.stop()
