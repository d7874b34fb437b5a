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
    """One layer of a member's cover; both days are included, no ``to_day`` means open. ``family`` are those who are counted
    together (empty: the member alone); ``deposited`` is all that was ever paid into the member's personal account; ``approved``
    is the most that the payer has approved for this case (a letter of introduction), ``None``: it has named no amount.
    """

    layer: str
    scheme: str
    contract: str
    group: str
    from_day: date
    to_day: date | None
    family: str = ""
    deposited: int = 0
    approved: int | None = None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Whom, where and when. ``day`` decides which benefits and which year count: the day of an outpatient visit, the
    day of discharge of an inpatient stay. ``region`` and ``tier`` are those of the place of care. ``covers`` may come in
    any order; those not in force on ``day`` are left out. ``admitted`` is the first day of a stay. ``marks`` say what else is
    true of the case (``referred``, ``day_surgery`` …); ``diagnoses`` begin with the main one. ``began`` are the times in which it lies that began
    with a bill, (owner, layer, scheme, name) and number (``periods.py``).
    """

    member: str
    region: str
    tier: str
    care: str
    day: date
    birth_date: date
    covers: tuple[CoverFacts, ...]
    admitted: date | None = None
    marks: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    began: tuple[tuple[tuple[str, str, str, str], int], ...] = ()

    @property
    def age(self) -> int:
        """The patient's age in full years on the day of the case."""
        birth, day = self.birth_date, self.day
        return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))

    @property
    def nights(self) -> int:
        """How many nights the stay lasted; 0 for a visit."""
        return (self.day - self.admitted).days if self.admitted else 0


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line as the hospital sent it. ``unit_price`` is in main units (yuan, rial), ``amount`` in smallest coins;
    ``modifiers`` are codes that change the item's price.
    """

    serial: str
    item: str
    quantity: Decimal
    unit_price: Decimal
    amount: int
    service_date: date
    modifiers: tuple[str, ...] = ()


class AccumulatorKey(NamedTuple):
    """What is counted for whom in which year of the scheme's own calendar. ``owner`` is ``member:<id>``, ``family:<id>`` or
    ``contract:<id>``: what is locked while a settlement reads and changes it. Keys sort in the order of locking. ``year`` is
    the year in which the scheme's year began, or ``YYYYMM`` for what is counted by the month, or 0 for ever, or the number of a time that began
    with a bill (``periods.py``).
    """

    owner: str
    layer: str
    scheme: str
    name: str
    year: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What a layer has paid in the running time under a cap; ``cap`` is ``None`` where none is in force. ``owner``: whose use it is
    (``member``, ``family`` or ``contract``). Of an ``account`` the cap is all that was ever paid into it.
    """

    layer: str
    name: str
    used: int
    cap: int | None
    owner: str = "member"
    account: bool = False
