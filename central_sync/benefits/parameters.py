"""The law as the engine reads it: dated values, schemes, regions, catalogues, and the rulebook that holds them.

PURE. Rules
    * A :class:`Parameter` has rows; a row holds from its ``from_day`` until the next row of the same ``tier`` and ``group``;
      a row whose value is ``None`` ends what was before it. Old rows stay.
    * A row without ``tier`` (or ``group``) speaks for all; the row that names more wins while it has a value.
    * Ratios are exact, amounts are smallest coins. Every row names its source (a key of ``Rulebook.sources``), and says
      ``illustrative`` where the figure was invented.
    * ``rule`` is the parameter's place in the rulebook (``cn_employee.inpatient.deductible``): what a trace names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Generic, TypeVar

from central_sync.terms.days import Calendar
from central_sync.terms.money import Rounding

T = TypeVar("T")

LAYERS = ("base", "critical_illness", "supplementary", "aid")
"""The layers in the order in which they are asked."""

PARTS = ("in_scope", "first_self_pay", "over_ceiling", "own_pay")
"""The parts of a priced line."""


class Per(StrEnum):
    """Whether something starts anew with each bill or goes on through the scheme's year."""

    BILL = "bill"
    YEAR = "year"


class Owner(StrEnum):
    """Whose accumulator it is: this member's, or that of all members of the contract together."""

    MEMBER = "member"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One value from one day on, for one tier and group or (empty) for all."""

    from_day: date
    value: T | None
    reference: str
    illustrative: bool = False
    tier: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """One thing the law sets, through time."""

    rule: str
    text: str
    unit: str
    rows: tuple[Row[T], ...]

    def at(self, day: date, tier: str = "", group: str = "") -> Row[T] | None:
        """The row in force on ``day``, or ``None``; its value is never ``None``."""
        latest: dict[tuple[str, str], Row[T]] = {}
        for row in self.rows:
            if row.from_day <= day and row.tier in ("", tier) and row.group in ("", group):
                known = latest.get((row.tier, row.group))
                if known is None or known.from_day < row.from_day:
                    latest[row.tier, row.group] = row
        alive = [row for row in latest.values() if row.value is not None]
        return max(alive, key=lambda row: (bool(row.tier) + bool(row.group), row.tier, row.group), default=None)


@dataclass(frozen=True, slots=True)
class Band:
    """From ``over`` coins on, up to the next band, the layer pays ``ratio``."""

    over: int
    ratio: Fraction


@dataclass(frozen=True, slots=True)
class Deductible:
    """What the layer leaves before it pays anything. ``Per.BILL``: of each bill, times the ratio that ``later`` gives
    for the n-th bill of the year (the last one goes on; no ``later``: always whole). ``Per.YEAR``: once a year.
    ``counter`` names the member's accumulator: of coins met (year) or of bills settled (``later``). Benefits of one
    scheme that name the same counter share it; so for bands and caps.
    """

    per: Per
    amount: Parameter[int]
    later: Parameter[tuple[Fraction, ...]] | None = None
    counter: str = "deductible"


@dataclass(frozen=True, slots=True)
class Bands:
    """The ratios paid above the deductible, by bands of this bill or of the year.

    With ``Per.YEAR`` rounding is of the year's running sum, so that splitting a bill changes nothing.
    """

    per: Per
    ratios: Parameter[tuple[Band, ...]]
    counter: str = "banded"


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that the layer pays in a year of its scheme."""

    name: str
    owner: Owner
    amount: Parameter[int]


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a scheme does for one kind of care, with the parts of the bill that it ``takes`` (of :data:`PARTS`, in that
    order) as far as earlier layers left them.
    """

    takes: tuple[str, ...]
    bands: Bands
    deductible: Deductible | None = None
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """One payer's rules. ``requires`` names a layer that must be in force too. ``calendar`` is that of its year."""

    code: str
    name: str
    region: str
    layer: str
    payer: str
    currency: str
    calendar: Calendar
    rounding: Rounding
    groups: tuple[str, ...]
    benefits: Mapping[str, Benefit]
    requires: str = ""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What one relative unit of an item's group is worth, by tier: professional and technical part."""

    professional: Parameter[Decimal]
    technical: Parameter[Decimal]


@dataclass(frozen=True, slots=True)
class ItemVersion:
    """How an item is treated from ``from_day`` on; an empty ``catalogue_class`` ends it.

    ``A`` is wholly in scope, ``B`` after the patient's ``first_self_pay``, ``C`` is the patient's own. Ceilings are coins
    for one unit, by tier (``""``: all others). Relative units are multiplied by the coefficient of ``group``. ``price``
    is a usual price in coins, for generated bills only.
    """

    from_day: date
    catalogue_class: str
    first_self_pay: Fraction
    ceilings: Mapping[str, Fraction]
    professional: Decimal | None
    technical: Decimal | None
    group: str
    price: int
    reference: str
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may stand on a bill, with its versions by day."""

    code: str
    name: str
    kind: str
    unit: str
    versions: tuple[ItemVersion, ...]

    def at(self, day: date) -> ItemVersion | None:
        """The version in force on ``day``, or ``None`` before the first and after an end."""
        known = [version for version in self.versions if version.from_day <= day]
        latest = max(known, key=lambda version: version.from_day, default=None)
        return latest if latest and latest.catalogue_class else None


@dataclass(frozen=True, slots=True)
class Region:
    """A place of care: its money, time, identifiers, lists, catalogue and kinds of hospital."""

    code: str
    name: str
    currency: str
    zone: str
    calendar: Calendar
    identifier_kind: str
    diagnosis_list: str
    tiers: tuple[str, ...]
    rounding: Rounding
    items: Mapping[str, Item]
    coefficients: Mapping[str, Coefficient]


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from."""

    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All law in force anywhere at any time. ``version`` is a hash of everything else."""

    regions: Mapping[str, Region]
    schemes: Mapping[str, Scheme]
    sources: Mapping[str, Source]
    version: str
