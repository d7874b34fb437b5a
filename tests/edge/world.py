"""A whole edge core on a real journal file and a real socket to the simulator's hub, and the calls that tests make."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from central_sync.wire import codec
from central_sync.wire.catalogue import BY_NUMBER, Resolution
from central_sync.wire.messages import EdgeReport
from edge.calls import Call, Context, Profile, Reply
from edge.checks import Presence
from edge.downlink import Downlink
from edge.events import Events
from edge.forecast import Forecaster
from edge.intake import Intake
from edge.journal import Block, Draft, Journal
from edge.line import Line
from edge.outcome import Outcome
from edge.signers import Signers
from edge.uplink import Uplink
from edge.waiting import Waiting
from tests.sim import signing

DAY = date(2025, 6, 1)
PROFILE = Profile(institution="H1", currency="CNY", zone="Asia/Shanghai")
PERSON = {"kind": "ir_national_code", "number": "0499370899"}
HID = "0000000000000195"
"""The HID of serial 1."""
OTHER, THIRD = "0000000000000292", "0000000000000389"


class Edge:
    """The core as app.py composes it; ``async with`` starts and stops it."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        hids: int = 50,
        tls: Any = None,
        now: Any = None,
        journal: type[Journal] = Journal,
        line: type[Line] = Line,
        presence: Presence | None = None,
        forecaster: Forecaster | None = None,
        report: Callable[[], Awaitable[EdgeReport]] | None = None,
    ) -> None:
        self.now: Callable[[], datetime] = now or (lambda: datetime.now(UTC))
        self.journal = journal(folder / "journal.db")
        self.line = line(url, tls, now=self.now)
        self.signers = Signers(folder, lambda: signing.authority_file(folder), self.line.signers)
        self.events, self.waiting = Events(), Waiting()
        self.uplink = Uplink("H1", self.line, self.journal, self.waiting, self.events, self.signers.receipt, self.now)
        self.downlink = Downlink(self.line, self.journal, self.uplink, self.events, self.now, report=report)
        self.intake = Intake(
            PROFILE, self.journal, self.uplink, self.downlink, self.waiting, self.events,
            lambda: self.line.skewed, self.now, presence, forecaster,
        )  # fmt: skip
        self._hids = hids

    async def __aenter__(self) -> Edge:
        await self.journal.open()
        if self._hids:
            await self.journal.add_block(Block(1, self._hids))
        await self.line.start()
        await self.uplink.start()
        await self.downlink.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.intake.stop()
        await self.halt()

    async def halt(self) -> None:
        """Stop without waiting for calls under way."""
        await self.downlink.stop()
        await self.uplink.stop()
        await self.line.stop()
        await self.journal.close()

    async def call(
        self, number: str, packet: dict[str, Any] | bytes, msgid: str, deadline_ms: int = 3000, card_read: str = ""
    ) -> Reply:
        return await self.intake.handle(call(number, packet, msgid, deadline_ms, card_read))

    async def kept(self, number: str, packet: dict[str, Any], msgid: str, deadline_ms: int) -> Reply:
        """The reply to a call that is made, as a HIS makes it, until the journal has it: this machine's disk may once take longer
        than the deadline.
        """
        replay = BY_NUMBER[number].resolution is Resolution.REPLAY
        while True:
            reply = await self.call(number, packet, msgid, deadline_ms)
            late = reply.outcome is Outcome.IN_DOUBT and (replay or await self.journal.find("H1", msgid) is None)
            if not late and reply.code != "journal_unavailable":
                return reply

    async def read(self, msgid: str, deadline_ms: int) -> Reply:
        """The reply to a read over a line that is coming up: as a person does it, again while it is still down."""
        while True:
            reply = await self.call("1101", {"person": PERSON}, msgid, deadline_ms)
            if reply.code != "line_down":
                return reply


def call(number: str, packet: dict[str, Any] | bytes, msgid: str, deadline_ms: int = 3000, card_read: str = "") -> Call:
    body = packet if isinstance(packet, bytes) else json.dumps(packet).encode()
    context = Context(institution="H1", operator="op1", workstation="ws1", business_day=DAY)
    return Call(
        number=number, packet=body, msgid=msgid, deadline_ms=deadline_ms, context=context, card_read=card_read
    )  # fmt: skip


def registration(department: str = "eye") -> dict[str, Any]:
    return {"person": PERSON, "service_date": "2025-06-01", "department": department}


def fees(hid: str, serial: str = "1", amount: int = 1000) -> dict[str, Any]:
    price = f"{amount // 100}.{amount % 100:02d}"
    line = {
        "serial": serial, "item": "A1", "quantity": "1", "unit_price": price, "amount": amount, "service_date": "2025-06-01",
    }  # fmt: skip
    return {"hid": hid, "currency": "CNY", "lines": [line]}


def settle(hid: str, total: int = 1000) -> dict[str, Any]:
    return {"hid": hid, "currency": "CNY", "total": total}


async def until(true: Callable[[], Any] | Callable[[], Awaitable[Any]], within_s: float = 10.0) -> None:
    """Wait until ``true()`` is."""
    end = time.monotonic() + within_s
    while True:
        found = true()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, "it did not become true in time"
        await asyncio.sleep(0.01)


async def outcome_of(edge: Edge, msgid: str) -> str:
    standing = await edge.journal.find("H1", msgid)
    return "unknown" if standing is None else str(standing.outcome)


async def becomes(edge: Edge, msgid: str, outcome: str, within_s: float = 10.0) -> None:
    async def there() -> bool:
        return await outcome_of(edge, msgid) == outcome

    await until(there, within_s)


async def append_many(edge: Edge, count: int, lanes: tuple[str, ...] = (HID, OTHER, THIRD)) -> list[str]:
    """Entries that a hospital made while the line was down, by their msgids."""
    msgids = [f"m{n}" for n in range(count)]
    calls = [edge.call("2204", fees(lanes[n % len(lanes)], str(n)), m, 20_000) for n, m in enumerate(msgids)]
    assert {reply.outcome for reply in await asyncio.gather(*calls)} == {Outcome.PROVISIONAL}
    return msgids


async def drained(edge: Edge, within_s: float = 40) -> None:
    await until(lambda: edge.uplink.in_hand == 0, within_s)


async def parked(edge: Edge, msgid: str) -> None:
    """Wait until it is parked, while others succeed."""
    for n in range(400):
        standing = await edge.journal.find("H1", msgid)
        if standing is not None and standing.parked:
            return
        await edge.call("1101", {"person": PERSON}, f"other-{msgid}-{n}", 2000)
        await asyncio.sleep(0.02)
    raise AssertionError("it is never parked")


async def others(edge: Edge, count: int) -> None:
    for n in range(count):
        await edge.call("1101", {"person": PERSON}, f"later-{n}-{time.monotonic_ns()}", 2000)
        await asyncio.sleep(0.05)


async def let_go(edge: Edge, msgid: str) -> None:
    """As the command line does: the journal first, then the uplink."""
    standing = await edge.journal.find("H1", msgid)
    assert standing is not None
    released = await edge.journal.release(standing.seq, datetime.now(UTC))
    assert released is not None
    edge.uplink.released(released)


def draft(msgid: str, lane: str, serial: str) -> Draft:
    request = codec.request_from_json(BY_NUMBER["2204"], msgspec.json.encode(fees(lane, serial)))
    return Draft(
        institution="H1", msgid=msgid, number="2204", digest=codec.digest("2204", request),
        packet=msgspec.msgpack.encode(request), recorded_at=datetime.now(UTC), business_day=DAY, hid=lane, lane=lane,
    )  # fmt: skip
