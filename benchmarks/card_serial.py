"""What our own part of reading a card over a serial line costs: whole reads, against what the line and the card needed of them.

A SAM-V reader on a pseudo terminal at the pace of its line, with our driver at the other end. How long bytes were under way and commands thought about is timed
where the reader is played, in the same reads.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figure import Figure, Round, over_rounds
from edge import log
from edge.readers import Wanted
from tests.edge.readers.serial_line.desks import SamDesk

RATIO_MAX = 1.05
READS, READS_QUICK = 20, 2


async def _rounds(reads: int) -> list[Round]:
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory() as name:
        desk = SamDesk(Path(name))
        await desk.start()
        for turn in range(reads):
            before = ["reader_back", *["inserted", "removed"] * turn]
            desk.put()
            await desk.until(*before, "inserted")
            began, wire_s = time.perf_counter(), desk.far.wire_s
            await desk.read(wanted=Wanted(photo=True))
            whole_s = time.perf_counter() - began
            rounds.append((whole_s * 1000, (desk.far.wire_s - wire_s) * 1000))
            desk.sam.lift()
            await desk.until(*before, "inserted", "removed")
        await desk.close()
    return rounds


def measure(*, quick: bool) -> Iterable[Figure]:
    """Milliseconds of a read."""
    log.configure("error")
    rounds = asyncio.run(_rounds(READS_QUICK if quick else READS))
    against = "what the line and the card needed of it"
    yield over_rounds(
        "card-serial", rounds, "ms", RATIO_MAX, at_most=True, what="a read over a serial line", against=against
    )
