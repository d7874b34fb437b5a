"""What a life of a whole edge does before it is killed: cases opened, charged and settled by several callers at once, each answer told.

``+MSGID OUTCOME`` is told after the caller has it: ``final``, ``provisional``, ``refused`` or ``in_doubt``.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from tests.edge.world import Edge, fees, registration, settle
from tests.faults.shim import set_now
from tests.faults.work import Plan, tell

HIDS = 50_000
DEADLINE_MS = 2_500


async def live(folder: Path, plan: Plan) -> None:
    """One life against the hub at ``plan.url``."""
    edge = await Edge(folder, plan.url, hids=HIDS).__aenter__()
    tell("begin")
    set_now(**plan.faults)
    await asyncio.gather(*[_caller(edge, plan, who) for who in range(plan.callers)])
    tell("end")
    if plan.ends == "close":
        await edge.__aexit__(None, None, None)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


async def _caller(edge: Edge, plan: Plan, who: int) -> None:
    for number in range(plan.each):
        name = f"{plan.life}-{who}-{number}"
        opened = await _call(edge, "2201", registration(), f"{name}-open")
        if opened is None or opened.hid is None:
            continue
        await asyncio.gather(
            _call(edge, "2204", fees(opened.hid, "1"), f"{name}-fees-1"),
            _call(edge, "2204", fees(opened.hid, "2"), f"{name}-fees-2"),
        )
        await _call(edge, "2207", settle(opened.hid, 2000), f"{name}-settle")


async def _call(edge: Edge, number: str, packet: dict[str, Any], msgid: str) -> Any:
    reply = await edge.call(number, packet, msgid, DEADLINE_MS)
    tell(f"+{msgid} {reply.outcome}")
    return await edge.journal.find("H1", msgid)
