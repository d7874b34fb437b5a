"""What is audited: one claim with its lines, and as much as is known of the member and of earlier care.

PURE, and a declaration. Amounts are smallest coins, quantities exact; days are civil days where the patient is treated. No name and no
number of a person is here: whoever fills this has checked the identifier and says only whether it was right. Empty and ``None`` mean
"not told": rules that need it stay open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct


class Diagnosis(Struct, frozen=True, kw_only=True):
    """A code of the region's list."""

    code: str
    main: bool = False


class Line(Struct, frozen=True, kw_only=True):
    """One line of the bill. ``refund_of``: it takes that line back, by as much as ``quantity`` says. ``percent``: of an operation's price, where
    several were done in one session. ``daily_dose`` is in units of the item. ``group`` is the level-2 group that it counts to.
    """

    serial: str
    item: str
    quantity: Decimal
    unit_price: Decimal
    amount: int
    service_date: date
    national_code: str = ""
    relative_value_code: str = ""
    modifiers: tuple[str, ...] = ()
    percent: int | None = None
    doctor: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    daily_dose: Decimal | None = None
    days: int | None = None
    approval: str = ""
    refund_of: str = ""
    group: str = ""


def line_of(charged: Any, said: Any) -> Line:
    """A line as the audit reads it: ``charged`` has what each line of a bill has, ``said`` what one may say besides, under the names of
    :class:`Line` and with decimals as text, as the wire and the hub's tables have them. Times are local, whatever zone they came with.
    """
    return Line(
        serial=charged.serial,
        item=charged.item,
        quantity=Decimal(charged.quantity),
        unit_price=Decimal(charged.unit_price),
        amount=charged.amount,
        service_date=charged.service_date,
        national_code=said.national_code,
        relative_value_code=said.relative_value_code,
        modifiers=tuple(said.modifiers),
        percent=said.percent,
        doctor=said.doctor,
        started_at=None if said.started_at is None else said.started_at.replace(tzinfo=None),
        ended_at=None if said.ended_at is None else said.ended_at.replace(tzinfo=None),
        daily_dose=None if said.daily_dose is None else Decimal(said.daily_dose),
        days=said.days,
        approval=said.approval,
        refund_of=said.refund_of,
        group=said.group,
    )


class GroupTotal(Struct, frozen=True, kw_only=True):
    """Level 2: the sum of one group of lines, as the hospital says."""

    name: str
    amount: int


class Cover(Struct, frozen=True, kw_only=True):
    """A cover of the member; both days are included."""

    from_day: date
    to_day: date | None = None


class Earlier(Struct, frozen=True, kw_only=True):
    """Care that the member had before, or has elsewhere: ``here`` in this hospital. ``items`` are what was given in it."""

    care: str
    from_day: date
    to_day: date | None = None
    here: bool = True
    main_diagnosis: str = ""
    items: tuple[str, ...] = ()


class Member(Struct, frozen=True, kw_only=True):
    """What the insurer knows of the member. ``used`` and ``most``: this year's cases of each kind (``admission``, ``visit``, ``consultation``,
    ``surgery``, ``delivery``, ``antenatal``) without this claim, and how many the scheme pays.
    """

    sex: str = ""
    birth_date: date | None = None
    died_on: date | None = None
    in_family: bool = True
    covers: tuple[Cover, ...] = ()
    used: Mapping[str, int] = {}
    most: Mapping[str, int] = {}


class Claim(Struct, frozen=True, kw_only=True):
    """One case with its bill, on the day ``on`` on which it is sent or looked at.

    ``from_day`` … ``to_day``: the visit's day, or admission and discharge (``None``: not yet). ``total``, ``line_count`` and ``groups`` are what the
    hospital's own levels 1 and 2 say. ``validity_seen``: the desk has looked at the end of validity on card or booklet. ``insured_at`` is
    the region of the member's scheme, ``filing`` what allows care outside it. ``member``, ``earlier``: ``None`` where they are not known.
    ``untold`` names facts of lines that such a bill has no room for: they stay absent, where else an empty field would say "not there".
    """

    region: str
    care: str
    on: date
    from_day: date
    lines: tuple[Line, ...]
    to_day: date | None = None
    tier: str = ""
    sex: str = ""
    birth_date: date | None = None
    identifier_right: bool | None = None
    validity_seen: bool | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    insured_at: str = ""
    filing: str = ""
    total: int | None = None
    line_count: int | None = None
    groups: tuple[GroupTotal, ...] = ()
    member: Member | None = None
    earlier: tuple[Earlier, ...] | None = None
    untold: tuple[str, ...] = ()
