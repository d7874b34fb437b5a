"""The town of the end-to-end tests with the simulator's line between its edge and its hub: no namespaces, no root."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulator.line import Line
from simulator.world import LineFault
from tests import programs
from tests.e2e.town import Town


class NearTown(Town):
    """The same town behind a TCP relay that runs in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._line: Line | None = None

    def __enter__(self) -> NearTown:
        self._thread.start()
        super().__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        if self._line is not None:
            asyncio.run_coroutine_threadsafe(self._line.stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    def enrol(self, url: str, code: str) -> None:
        port = urlsplit(self.hub.sync).port
        assert port is not None
        self._line = Line(port)
        asyncio.run_coroutine_threadsafe(self._line.start(), self._loop).result(20)
        sync = f"https://127.0.0.1:{self._line.port}"
        programs.edge_command(self.edge_folder, "enrol", url, code, "--sync-url", sync)
        self.key = programs.edge_command(self.edge_folder, "workstation", "add", "desk-1").stdout.strip()

    def breaks(self, fault: LineFault, after_bytes: int = 0) -> None:
        """Begin a fault of the line."""
        self._in_loop(lambda line: line.break_down(fault, after_bytes))

    def heals(self) -> None:
        """End it."""
        self._in_loop(lambda line: line.heal())

    def becomes(self, rate_bytes_s: float = 0.0, delay_s: float = 0.0) -> None:
        """Slow down, or not."""

        def change(line: Line) -> None:
            line.rate_bytes_s, line.delay_s = rate_bytes_s, delay_s

        self._in_loop(change)

    def _in_loop(self, work: Callable[[Line], Any]) -> None:
        async def do() -> None:
            assert self._line is not None
            work(self._line)

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(20)
