"""Jobs by the clock."""

from __future__ import annotations

import asyncio
import logging

import pytest

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


async def test_a_job_that_is_broken_off_at_the_end_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.sleep(HUNG_S)
        finally:
            ended.set()

    jobs = Jobs([Job("long", HUNG_S, long, at_once=True)])
    await jobs.start()
    async with asyncio.timeout(HUNG_S):
        await begun.wait()
        await jobs.stop()
        await ended.wait()
        for _ in range(10):
            await asyncio.sleep(0)
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == []
