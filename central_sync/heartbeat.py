"""SHELL: the sign of life for systemd: given only while the hub's threads and its database answer.

A database that refuses is no reason to start the hub again, and one that is away comes back by itself: only what hangs is. Where no systemd
listens, nothing is said.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

import structlog

from central_sync.errors import HubError

ANSWER_S_MAX = 10
BEATS_PER_WATCH = 3
_log = structlog.get_logger()


class Heartbeat:
    """``probe`` goes the way of a request to the database, in a thread. ``environment``: systemd's variables."""

    def __init__(self, probe: Callable[[], None], environment: Mapping[str, str] = os.environ) -> None:
        self._probe = probe
        self._environment = environment
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Say that the hub is ready, and beat as often as systemd wants it."""
        self._say("READY=1")
        told = self._environment.get("WATCHDOG_USEC", "")
        if told.isdigit() and int(told):
            self._beating = asyncio.create_task(self._beat_on(int(told) / 1_000_000 / BEATS_PER_WATCH))

    async def stop(self) -> None:
        """Say that the hub ends."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        self._say("STOPPING=1")

    async def beat(self) -> bool:
        """Look once, and give the sign unless something hangs; whether it was given."""
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                await asyncio.to_thread(self._probe)
        except HubError as error:
            _log.warning("the database does not do its part", fault=type(error).__name__)
        except TimeoutError:
            _log.error("no sign of life is given: the database does not answer")
            return False
        self._say("WATCHDOG=1")
        return True

    async def _beat_on(self, every_s: float) -> None:
        while True:
            try:
                await self.beat()
            except OSError as error:
                _log.error("systemd does not take the sign of life", fault=type(error).__name__)
            await asyncio.sleep(every_s)

    def _say(self, word: str) -> None:
        name = self._environment.get("NOTIFY_SOCKET", "")
        if name:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
                telling.connect("\0" + name[1:] if name.startswith("@") else name)
                telling.sendall(word.encode())
