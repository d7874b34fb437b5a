"""What the engine is told: the case, its covers, its bill, and which accumulators there are.

PURE. Amounts are whole smallest coins of the region's currency; days are civil days where the patient is treated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class CoverFacts:
    """One layer of a member's cover; both days are included, no ``to_day`` means open."""

    layer: str
    scheme: str
    contract: str
    group: str
    from_day: date
    to_day: date | None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Whom, where and when. ``day`` decides which benefits and which year count: the day of an outpatient visit, the
    day of discharge of an inpatient stay. ``region`` and ``tier`` are those of the place of care. ``covers`` may come in
    any order; those not in force on ``day`` are left out.
    """

    member: str
    region: str
    tier: str
    care: str
    day: date
    birth_date: date
    covers: tuple[CoverFacts, ...]


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line as the hospital sent it. ``unit_price`` is in main units (yuan, rial), ``amount`` in smallest coins."""

    serial: str
    item: str
    quantity: Decimal
    unit_price: Decimal
    amount: int
    service_date: date


class AccumulatorKey(NamedTuple):
    """What is counted for whom in which year of the scheme's own calendar. ``owner`` is ``member:<id>`` or
    ``contract:<id>``: what is locked while a settlement reads and changes it. Keys sort in the order of locking.
    """

    owner: str
    layer: str
    scheme: str
    name: str
    year: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What a layer has paid this year under a cap; ``cap`` is ``None`` where none is in force."""

    layer: str
    name: str
    used: int
    cap: int | None
