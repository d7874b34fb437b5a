"""The deduction forecast of a draft bill (3101): what a reviewer would find, before anything is sent.

A draft may be wrong in every way but its shape: that is what is asked. Nothing of it is kept, and it does not leave the edge. Whatever is
left out is "not told", and rules that need it are listed as open. The amounts of lines are not negative; a refund names what it takes back.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from central_sync.terms.languages import Language
from central_sync.wire.limits import DIAGNOSES_MAX, EARLIER_CARE_MAX, FORECAST_LINES_MAX
from central_sync.wire.packets.base import Amount, Answer, Code, CurrencyCode, Quantity, Request, Text, UnitPrice
from central_sync.wire.packets.cases import Diagnosis
from central_sync.wire.packets.fees import LineFacts
from central_sync.wire.packets.people import PersonRef

Care = Annotated[str, Meta(pattern=r"^(outpatient|inpatient)$(?!\n)")]
Sex = Annotated[str, Meta(pattern=r"^(|male|female)$(?!\n)")]


class DraftLine(LineFacts, frozen=True, kw_only=True):
    """One line of the draft."""

    serial: Annotated[str, Meta(min_length=1, max_length=30, pattern=r"^[!-~]+$(?!\n)")]
    item: Code
    unit_price: UnitPrice
    service_date: date
    quantity: Quantity
    amount: Amount
    name: Text = ""


class DraftGroup(Request, frozen=True, kw_only=True):
    """Level 2: what the hospital's system says that a group of lines adds up to."""

    name: Text
    amount: Amount


class EarlierCare(Request, frozen=True, kw_only=True):
    """Care that the person had before, or has elsewhere, as far as the hospital knows: ``here`` in this hospital."""

    care: Care
    from_day: date
    to_day: date | None = None
    here: bool = True
    main_diagnosis: Text = ""
    items: Annotated[list[Code], Meta(max_length=FORECAST_LINES_MAX)] = field(default_factory=list)


class Forecast(Request, frozen=True, kw_only=True):
    """3101. A draft bill: ``from_day`` … ``to_day`` is the visit's day, or admission and discharge (none: not yet). ``tier`` is the kind of
    hospital as the region names it; ``send_on`` the day on which the claim would be sent (none: today). ``total``, ``line_count`` and ``groups``
    are what the hospital's own levels 1 and 2 say. ``earlier``: none is not known; an empty list is none.
    ``region``: the place of care in the rulebook (empty: the one that has this currency). ``language``: that of the findings' sentences, where
    the call names none.
    """

    care: Care
    currency: CurrencyCode
    from_day: date
    lines: Annotated[list[DraftLine], Meta(max_length=FORECAST_LINES_MAX)]
    to_day: date | None = None
    tier: Text = ""
    patient: PersonRef | None = None
    sex: Sex = ""
    birth_date: date | None = None
    validity_seen: bool | None = None
    diagnoses: Annotated[list[Diagnosis], Meta(max_length=DIAGNOSES_MAX)] = field(default_factory=list)
    insured_at: Text = ""
    filing: Text = ""
    send_on: date | None = None
    total: Amount | None = None
    line_count: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    groups: Annotated[list[DraftGroup], Meta(max_length=100)] = field(default_factory=list)
    earlier: Annotated[list[EarlierCare], Meta(max_length=EARLIER_CARE_MAX)] | None = None
    region: Text = ""
    language: Language | None = None


class ForecastFinding(Answer, frozen=True, kw_only=True):
    """One rule that fires: on the line ``serial``, or (empty) on the case. ``severity``: reject, deduct, warn or pend. ``takes``: what it
    alone would take off, in smallest coins. ``from_day`` is since when the rule reads so, ``reference`` where it comes from.
    """

    rule: str
    severity: str
    reason: str
    text: str
    desk: str
    reviewer: str
    from_day: date
    reference: str
    serial: str = ""
    takes: int = 0
    illustrative: bool = False


class ForecastAnswer(Answer, frozen=True, kw_only=True):
    """3101. Of ``total``, ``deduction`` would be taken off in all: a line loses the largest of what its findings take, no coin goes twice.
    ``open``: rules that could not be judged for want of a record. ``rules`` is the version of the rules.
    """

    currency: str
    total: int
    deduction: int
    findings: list[ForecastFinding]
    open: list[str]
    rules: str
