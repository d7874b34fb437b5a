"""The transactions that figures are measured with: fees of 15 lines, about 2 KB as the journal keeps them; the same for the same seed."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import msgspec

from central_sync.wire import packets as p

LINES = 15
DAY = date(2025, 3, 20)
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
