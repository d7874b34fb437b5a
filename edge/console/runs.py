"""SHELL: something that a page has begun and that takes a while: how far it is, and what came of it. One of a kind at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from edge.errors import EdgeError
from edge.log import located

log = structlog.get_logger(__name__)
T = TypeVar("T")
FAULT = "fault"
"""What is told of a run that failed by a fault of ours: the log has more."""


class Run(Generic[T]):
    """The last one of its kind. ``so_far`` is what it told while it works, then what came of it; ``failed`` says why nothing did."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self.began_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.so_far: T | None = None
        self.failed = ""

    @property
    def running(self) -> bool:
        """Whether it works now."""
        return self._task is not None and not self._task.done()

    def begin(self, work: Callable[[Callable[[T], None]], Awaitable[T]]) -> bool:
        """Begin, unless one works already; ``work`` may tell how far it is."""
        if self.running:
            return False
        self.began_at, self.ended_at, self.so_far, self.failed = self._clock(), None, None, ""
        self._task = asyncio.create_task(self._carried_out(work), name="console run")
        return True

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _carried_out(self, work: Callable[[Callable[[T], None]], Awaitable[T]]) -> None:
        try:
            self.so_far = await work(self._tell)
        except EdgeError as error:
            self.failed = str(error)
        except Exception as error:  # noqa: BLE001 - whatever fails is told on the page, which waits for an end, and logged
            log.error("what a page began failed", **located(error))
            self.failed = FAULT
        finally:
            self.ended_at = self._clock()

    def _tell(self, so_far: T) -> None:
        self.so_far = so_far
