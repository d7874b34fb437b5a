"""The journal's threads end in good order, also if whoever waits for that is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def ended(wait: Callable[[], object], then: Callable[[], None]) -> None:
    """``wait`` in a thread, then do ``then`` in the loop. A cancelled caller hears of that at once, and both are done all the same."""
    waiting = asyncio.get_running_loop().run_in_executor(None, wait)
    waiting.add_done_callback(lambda _: then())
    await asyncio.shield(waiting)
