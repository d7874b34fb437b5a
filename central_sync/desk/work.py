"""What a desk service is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from central_sync.benefits.parameters import Region, Rulebook
from central_sync.payers import Payers
from central_sync.store import UnitOfWork
from central_sync.store.records import Institution
from central_sync.terms.days import civil_day
from central_sync.wire.catalogue import Row
from central_sync.wire.packets import Answer


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction at the desk.

    ``row`` is its line in the catalogue. ``recorded_at`` is when the edge took it, never later than the hub's own clock allows;
    ``hid`` is the HID that the edge leased for it (opening a case) or its case. ``now`` is the hub's clock.
    """

    uow: UnitOfWork
    institution: Institution
    rulebook: Rulebook
    payers: Payers
    row: Row
    msgid: str
    hid: str
    business_day: date
    recorded_at: datetime
    operator: str
    workstation: str
    now: datetime

    @property
    def today(self) -> date:
        """The institution's civil day when the edge took the transaction: no service lies after it."""
        return civil_day(self.recorded_at, self.institution.zone)

    @property
    def region(self) -> Region:
        """The rulebook's region of the place of care."""
        return self.rulebook.regions[self.institution.region]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided: the answer, and what it was about, for the ledger."""

    answer: Answer
    member: str = ""
    hid: str = ""
    settlement_id: str = ""


Service = Callable[[Work, Any], Decision]
"""The second argument is the request struct that the catalogue names for the number."""
