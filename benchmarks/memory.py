"""How much memory the edge's process holds: idle, and with a million transactions waiting.

The real program, enrolled at a real hub that is then gone; what waits is put into its journal while it is stopped.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figure import Figure, absolute
from benchmarks.hospital import fill, hospital
from edge.app import JOURNAL_FILE

WAITING, WAITING_QUICK = 1_000_000, 2_000
SETTLES_S, SETTLES_QUICK_S = 10.0, 0.5
RSS_MB_MAX = 110
_RSS = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


def rss_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    found = _RSS.search(Path(f"/proc/{pid}/status").read_text())
    assert found is not None, "Linux tells it"
    return int(found.group(1)) * 1024 / 1e6


async def _measured(folder: Path, waiting: int, settles_s: float) -> tuple[float, float]:
    async with hospital(folder) as (country, edge):
        await asyncio.sleep(settles_s)
        idle = rss_mb(edge.program.pid)
        await edge.program.stop()
        await country.hub.stop()
        await fill(edge.folder / JOURNAL_FILE, edge.code, waiting)
        await edge.program.start()
        await asyncio.sleep(settles_s)
        return idle, rss_mb(edge.program.pid)


def measure(*, quick: bool) -> Iterable[Figure]:
    """MB that the edge's process holds, against the bound."""
    waiting, settles_s = (WAITING_QUICK, SETTLES_QUICK_S) if quick else (WAITING, SETTLES_S)
    with tempfile.TemporaryDirectory() as folder:
        idle, busy = asyncio.run(_measured(Path(folder), waiting, settles_s))
    yield absolute("memory-idle", idle, "MB", RSS_MB_MAX, "RSS of the edge's process, nothing to do")
    yield absolute(
        "memory-waiting", busy, "MB", RSS_MB_MAX, f"the same with {waiting:,} transactions waiting, line down"
    )
