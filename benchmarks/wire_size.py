"""How large a backlog is on the line: batches of real packets in MessagePack and zstd, against the same as JSON."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import msgspec

from benchmarks.figure import Figure
from central_sync.terms.hid import from_serial
from central_sync.wire import codec, packets
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Batch, Transaction

CASES = 40
LINES = 20
DAY = date(2025, 3, 20)
AT = datetime(2025, 3, 20, 6, 0, tzinfo=UTC)


def _requests(chance: random.Random, hid: str) -> list[tuple[str, packets.Request]]:
    """One outpatient case: its fees and its settlement."""
    lines = []
    for serial in range(LINES):
        quantity, price = chance.randint(1, 9), chance.randint(100, 90_000)
        lines.append(
            packets.FeeLine(
                serial=str(serial),
                item=f"ZC{chance.randint(0, 400):05d}",
                quantity=str(quantity),
                unit_price=f"{price // 100}.{price % 100:02d}",
                amount=quantity * price,
                service_date=DAY,
                name=chance.choice(["头孢呋辛酯片", "血常规", "静脉输液", "CT 平扫", "葡萄糖注射液"]),
            )
        )
    total = sum(line.amount for line in lines)
    return [
        ("2204", packets.Fees(hid=hid, currency="CNY", lines=lines)),
        ("2207", packets.Settle(hid=hid, currency="CNY", total=total)),
    ]


def backlog(seed: int = 1) -> tuple[Batch, list[packets.Request]]:
    """A batch of ``CASES`` cases and its requests, the same for the same seed."""
    chance = random.Random(seed)
    items: list[Transaction] = []
    requests = []
    for serial in range(1, CASES + 1):
        hid = from_serial(serial)
        for number, request in _requests(chance, hid):
            requests.append(request)
            items.append(
                Transaction(
                    msgid=f"{chance.getrandbits(128):032x}",
                    number=number,
                    packet=msgspec.msgpack.encode(request),
                    lane=hid,
                    recorded_at=AT + timedelta(seconds=serial),
                    business_day=DAY,
                    hid=hid,
                    operator="op1",
                    workstation="desk-1",
                )
            )
    return Batch(version=WIRE_VERSION, institution="H001", sent_at=AT, items=list(items)), requests


def measure() -> Iterable[Figure]:
    """Bytes of one batch of 80 transactions, against the same batch as JSON with its packets written out."""
    batch, requests = backlog()
    plain = msgspec.to_builtins(batch)
    for item, request in zip(plain["items"], requests, strict=True):
        item["packet"] = msgspec.to_builtins(request)
    yield Figure(
        name="wire-size",
        value=float(len(codec.pack(batch))),
        unit="bytes",
        reference=float(len(msgspec.json.encode(plain))),
        goal=0.30,
        at_most=True,
        what="a batch of 80 transactions on the line",
        against="the same batch as JSON",
    )
