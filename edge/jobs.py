"""What the edge does by the clock: the only home of apscheduler here. app.py lists the jobs; this starts and stops them.

A job that fails is logged and tried again at its next time; it never stops the edge or another job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from edge.log import located

log = structlog.get_logger()


class Job(NamedTuple):
    """One job: its name, how often it runs, what it does, and whether it runs for the first time at once or after an interval."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[None]]
    at_once: bool = False


class Jobs:
    """The scheduler and its jobs."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._scheduler: AsyncIOScheduler | None = None

    async def start(self) -> None:
        """Begin."""
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for job in self._jobs:
            first = {"next_run_time": datetime.now(UTC)} if job.at_once else {}
            self._scheduler.add_job(
                _guarded, "interval", (job,), seconds=job.every_s, id=job.name, max_instances=1, coalesce=True,
                misfire_grace_time=None, **first,
            )  # fmt: skip
        self._scheduler.start()

    async def stop(self) -> None:
        """End; a job under way is broken off."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=False)


async def _guarded(job: Job) -> None:
    try:
        await job.run()
    except asyncio.CancelledError:  # the scheduler ends, and would call it an error
        log.info("a job was broken off", part=job.name)
    except Exception as error:  # noqa: BLE001 - one job's failure is logged here and must not reach the scheduler or others
        log.error("a job failed", part=job.name, **located(error))
