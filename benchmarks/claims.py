"""The transactions that figures are measured with: fees of 15 lines, about 2 KB as the journal keeps them; the same for the same seed."""

from __future__ import annotations

import hashlib
import itertools
import random
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from central_sync.terms.hid import from_serial
from central_sync.wire import packets as p
from edge.journal import Draft

LINES = 15
DAY = date(2025, 3, 20)
AT = datetime(2025, 3, 20, 6, 0, tzinfo=UTC)
ITEMS = [f"ZC{number:05d}" for number in range(400)]
PACKETS = 256
NAMES = (
    "头孢呋辛酯片 0.25g×12片/盒", "血细胞分析(五分类)", "静脉输液(门诊)", "CT平扫 胸部 薄层重建", "5%葡萄糖注射液 250ml", "آموکسی‌سیلین ۵۰۰ میلی‌گرم کپسول",
)  # fmt: skip


def fees(chance: random.Random, hid: str, items: list[str], day: date = DAY, currency: str = "CNY") -> dict[str, Any]:
    """The packet of a 2204 as a HIS writes it: ``LINES`` lines over ``items``, whose amounts add up."""
    lines = []
    for _ in range(LINES):
        quantity, price = chance.randint(1, 9), chance.randint(100, 90_000)
        lines.append(
            {
                "serial": f"{chance.getrandbits(48):012x}",
                "item": chance.choice(items),
                "quantity": str(quantity),
                "unit_price": f"{price // 100}.{price % 100:02d}",
                "amount": quantity * price,
                "service_date": day.isoformat(),
                "name": chance.choice(NAMES),
            }
        )
    return {"hid": hid, "currency": currency, "lines": lines}


def typed(packet: dict[str, Any]) -> p.Fees:
    """The packet as the wire has it."""
    return msgspec.convert(packet, p.Fees)


class Packets:
    """Drafts without end, no two with one msgid, over ``PACKETS`` different packets."""

    def __init__(self, seed: int, institution: str = "H001") -> None:
        self._institution = institution
        chance = random.Random(seed)
        hids = [from_serial(serial) for serial in range(1, PACKETS + 1)]
        self._packets = [
            (
                hid,
                msgspec.msgpack.encode(typed(fees(chance, hid, ITEMS))),
                f"{chance.getrandbits(64):016x}",
            )
            for hid in hids
        ]
        self._count = itertools.count()

    def draft(self) -> Draft:
        """The next one."""
        serial = next(self._count)
        hid, packet, name = self._packets[serial % PACKETS]
        msgid = f"{name}-{serial:08d}"
        return Draft(
            institution=self._institution, msgid=msgid, number="2204", digest=hashlib.sha256(msgid.encode()).digest(), packet=packet,
            recorded_at=AT, business_day=DAY, hid=hid, lane=hid, operator="clerk-1", workstation="desk-1",
        )  # fmt: skip

    def rows(self, count: int) -> list[bytes]:
        """As bytes: what the record of such a draft holds."""
        return [msgspec.msgpack.encode(msgspec.structs.astuple(self.draft())) for _ in range(count)]
