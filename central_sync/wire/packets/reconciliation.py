"""Reconciliation of totals and details (3201, 3202)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from central_sync.wire.limits import DETAIL_ROWS_MAX
from central_sync.wire.packets.base import Amount, Answer, Code, CurrencyCode, Request, Signed


class ReconcileTotals(Request, frozen=True, kw_only=True):
    """3201. The hospital's totals of confirmed settlements by business day, first and last day included."""

    from_day: date
    to_day: date
    currency: CurrencyCode
    settlements: Amount
    total: Amount
    funds: Signed
    patient: Signed


class TotalsAnswer(Answer, frozen=True, kw_only=True):
    """3201. The hub's totals of confirmed settlements; what awaits confirmation is counted apart."""

    equal: bool
    settlements: int
    total: int
    funds: int
    patient: int
    awaited: int


class DetailRow(Request, frozen=True, kw_only=True):
    """One confirmed settlement in the hospital's books, each part of a stay by itself."""

    settlement_id: Code
    total: Amount
    funds: Signed
    patient: Signed


class ReconcileDetails(Request, frozen=True, kw_only=True):
    """3202. The hospital's confirmed settlements one by one."""

    from_day: date
    to_day: date
    currency: CurrencyCode
    rows: Annotated[list[DetailRow], Meta(max_length=DETAIL_ROWS_MAX)]


class Difference(Answer, frozen=True, kw_only=True):
    """``kind``: missing_at_hub, missing_at_hospital, amounts_differ, awaited (hub has it, unconfirmed), or replaced (the hub settled it
    again: ``replaced_by`` stands in its place, with the hub's amounts; book that one).
    """

    settlement_id: str
    msgid: str
    kind: str
    hub_total: int | None = None
    hospital_total: int | None = None
    replaced_by: str = ""
    hub_funds: int | None = None
    hub_patient: int | None = None


class DetailsAnswer(Answer, frozen=True, kw_only=True):
    """3202."""

    equal: bool
    differences: list[Difference]
