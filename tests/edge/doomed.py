"""An edge that kills itself at a chosen step of its first transaction: ``python -m tests.edge.doomed FOLDER URL STEP NUMBER``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from central_sync.wire.compression import Level
from central_sync.wire.messages import Batch, BatchAnswer
from edge.journal import Appending, Draft, Journal, Receipt, Received, Standing, Told
from edge.line import Attempt, Line
from edge.log import configure
from tests.edge.world import HID, Edge, fees, registration, settle

STEPS = (
    "before the append",
    "after the append",
    "before the exchange",
    "after the hub has answered",
    "after the answer is recorded",
    "after the reply",
)
PACKETS = {"2201": registration(), "2204": fees(HID), "2207": settle(HID)}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DoomedJournal(Journal):
    """Dies around its commits."""

    step = ""

    def appending(self, draft: Draft, told: Told | None = None) -> Appending:
        if self.step == "before the append":
            die()
        appending = super().appending(draft, told)
        if self.step == "after the append":
            appending.then = lambda _: die()
        return appending

    async def receive(self, received: Received, receipt: Receipt | None, now: datetime) -> list[Standing | None]:
        standings = await super().receive(received, receipt, now)
        if self.step == "after the answer is recorded":
            die()
        return standings


class DoomedLine(Line):
    """Dies around its exchanges."""

    step = ""

    async def exchange(self, batch: Batch, attempt: Attempt, level: Level | None = None) -> BatchAnswer:
        if self.step == "before the exchange":
            die()
        answer = await super().exchange(batch, attempt, level)
        if self.step == "after the hub has answered":
            die()
        return answer


async def live(folder: Path, url: str, step: str, number: str) -> None:
    configure()
    DoomedJournal.step = DoomedLine.step = step
    async with Edge(folder, url, journal=DoomedJournal, line=DoomedLine) as edge:
        reply = await edge.call(number, PACKETS[number], "m1", 10_000)
        sys.stdout.write(f"{reply.outcome}\n")
        sys.stdout.flush()
        die()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), *sys.argv[2:5]))
