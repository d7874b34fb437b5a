"""SHELL: parts of pages that many watch: made once for each state of what they show, language and view, whoever asks first."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

KEPT_MAX = 256


class SharedParts:
    """The parts that were made last, at most ``kept_max``. On one event loop."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._kept: OrderedDict[Hashable, asyncio.Future[str]] = OrderedDict()

    async def part(self, key: Hashable, made: Callable[[], Awaitable[str]]) -> str:
        """The part of ``key``; while one makes it, the others wait for that one. What could not be made is tried again by the next."""
        found = self._kept.get(key)
        if found is None:
            found = asyncio.ensure_future(made())
            self._kept[key] = found
            while len(self._kept) > self._kept_max:
                self._kept.popitem(last=False)
        try:
            return await asyncio.shield(found)
        except Exception:  # whatever it was, it is raised again; only what is kept forgets it
            if self._kept.get(key) is found:
                del self._kept[key]
            raise
