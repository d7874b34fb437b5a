"""Fees: lines put on a case's bill and taken off it (2204, 2205, 2301, 2302)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, field

from central_sync.wire.limits import LINES_PER_FEES_MAX, MODIFIERS_MAX
from central_sync.wire.packets.base import Amount, Answer, Code, CurrencyCode, Hid, Quantity, Request, Text, UnitPrice


class LineFacts(Request, frozen=True, kw_only=True):
    """What a line may say besides, all of it optional. ``modifiers`` change the item's price; the rest is for whoever audits the bill.

    ``percent``: of its price, where several operations were done in one session. ``started_at`` and ``ended_at`` are local times.
    ``daily_dose`` is in units of the item, ``days`` of supply. ``group``: the group of level 2.
    """

    national_code: Text = ""
    relative_value_code: Text = ""
    modifiers: Annotated[list[Code], Meta(max_length=MODIFIERS_MAX)] = field(default_factory=list)
    percent: Annotated[int, Meta(ge=1, le=1000)] | None = None
    doctor: Text = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    daily_dose: Quantity | None = None
    days: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    approval: Text = ""
    refund_of: Text = ""
    group: Text = ""


class FeeLine(Request, frozen=True, kw_only=True):
    """One line of a bill. ``serial`` is unique within the case; ``amount`` is quantity x unit price, rounded to coins.

    ``unit_price`` is in main units of the currency (yuan, rial), as catalogues print it, with up to six decimals; ``amount``
    is in smallest coins (fen, rial). On the line the fields stand in this order: what belongs to the item side by side, so that one
    look back in a batch finds it whole. ``facts``: what the line says besides; in a struct of its own, because MessagePack writes
    one of more than fifteen fields differently, and the digests of bills must stay what they are.
    """

    serial: Annotated[str, Meta(min_length=1, max_length=30, pattern=r"^[!-~]+$(?!\n)")]
    item: Code
    unit_price: UnitPrice
    name: Text = ""
    service_date: date
    quantity: Quantity
    amount: Amount
    facts: LineFacts | None = None


class Fees(Request, frozen=True, kw_only=True):
    """2204, 2301. Adds lines to the case's bill."""

    hid: Hid
    currency: CurrencyCode
    lines: Annotated[list[FeeLine], Meta(min_length=1, max_length=LINES_PER_FEES_MAX)]


class PricedLine(Answer, frozen=True, kw_only=True):
    """How one line was classified: ``amount`` = own_pay + over_tariff + over_ceiling + first_self_pay + in_scope.

    In a settlement ``shares`` say what each of its shares pays of the line, in their order; ``difference`` is what the line's part of a fixed
    price is above (or, negative, below) its amount. The patient pays amount + difference - the sum of the shares. The longest bills
    come without.
    """

    serial: str
    amount: int
    catalogue_class: str
    own_pay: int
    over_ceiling: int
    first_self_pay: int
    in_scope: int
    over_tariff: int = 0
    shares: list[int] = field(default_factory=list)
    difference: int = 0


class FeesAnswer(Answer, frozen=True, kw_only=True):
    """2204, 2301."""

    hid: str
    lines: list[PricedLine]


class FeesCancel(Request, frozen=True, kw_only=True):
    """2205, 2302. Takes lines off the bill; without serials, all that are not settled."""

    hid: Hid
    serials: Annotated[list[Annotated[str, Meta(min_length=1, max_length=30)]], Meta(max_length=LINES_PER_FEES_MAX)] = (
        field(default_factory=list)
    )


class FeesCancelled(Answer, frozen=True, kw_only=True):
    """2205, 2302."""

    hid: str
    cancelled: int
