"""``GET /v1/releases/...`` on the sync port: the repository's files, as they are. What they are worth is in their signatures.

Only names that the repository makes are looked for; pieces of a large file are given by ``Range``. Releases are large, and a thousand edges look for them in
the same night: only so many are given at once, and one to each hospital. Who comes too early is told when to come again, each at another time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from central_sync.api.limits import BUSY_S_MAX, BUSY_S_MIN, RELEASES_AT_ONCE_MAX
from central_sync.api.rooms import Busy
from central_sync.releases.metadata import METADATA, TARGETS

PATH = "/v1/releases/{tail:.+}"
_METADATA = re.compile(r"metadata/(?:[0-9]{1,9}\.(?:root|targets|rings|snapshot)|timestamp)\.json")
_TARGET = re.compile(r"targets/(?:edge/[a-z0-9_-]{1,40}|rings)/[0-9a-f]{64}\.[A-Za-z0-9._+-]{1,80}")
_LEARNED = 0.1
"""How much one release changes what is believed of the pace."""


def file(folder: Path, tail: str) -> web.FileResponse:
    """The file of the repository in ``folder`` that a request names.

    Raises:
        web.HTTPNotFound: there is none.
    """
    if _METADATA.fullmatch(tail) or _TARGET.fullmatch(tail):
        path = folder / tail
        if path.is_file():
            return web.FileResponse(path, headers={"Content-Type": "application/octet-stream"})
    raise web.HTTPNotFound


def large(tail: str) -> bool:
    """PURE: whether a request names a release, not what is said of one."""
    return tail.startswith(f"{TARGETS}/edge/")


class Counter:
    """Where releases are given out, ``most`` at once. ``elapsed`` gives seconds of a clock that only grows; on the event loop only."""

    def __init__(self, elapsed: Callable[[], float], most: int = RELEASES_AT_ONCE_MAX) -> None:
        self._elapsed = elapsed
        self._most = most
        self._given: set[str] = set()
        self._pace_s = float(BUSY_S_MIN)
        self._next_s = 0.0

    @contextmanager
    def place(self, institution: str) -> Iterator[None]:
        """Hold a place while the block gives a release to ``institution``.

        Raises:
            Busy: there is none free, or this institution has one.
        """
        if institution in self._given:
            raise Busy("this hospital takes a release already", BUSY_S_MIN)
        if len(self._given) >= self._most:
            raise Busy("others take their release first", self._appointment())
        self._given.add(institution)
        began_s = self._elapsed()
        try:
            yield
        finally:
            self._given.discard(institution)
            self._pace_s += _LEARNED * (self._elapsed() - began_s - self._pace_s)

    def _appointment(self) -> int:
        """In how many seconds; one after the other at the pace at which releases have been given lately."""
        now_s = self._elapsed()
        self._next_s = max(self._next_s, now_s + BUSY_S_MIN) + self._pace_s / self._most
        if (
            self._next_s - now_s > BUSY_S_MAX
        ):  # the queue is longer than that: begin anew in its second half, and let them ask again
            self._next_s = now_s + BUSY_S_MAX / 2
        return max(BUSY_S_MIN, round(self._next_s - now_s))


assert (METADATA, TARGETS) == ("metadata", "targets")
