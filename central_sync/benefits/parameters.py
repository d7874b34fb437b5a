"""The law as the engine reads it: dated values, schemes, regions, catalogues, and the rulebook that holds them.

PURE. Rules
    * A :class:`Parameter` has rows; a row holds from its ``from_day`` until the next row of the same ``tier`` and ``group``;
      a row whose value is ``None`` ends what was before it. Old rows stay.
    * A row without ``tier`` (or ``group``, ``mark``, ``ages``) speaks for all; the row that names more wins while it has a
      value. Of two rows that differ in their mark alone the first wins: the loader puts them in the scheme's order of marks.
    * Ratios are exact, amounts are smallest coins. Every row names its source (a key of ``Rulebook.sources``), and says
      ``illustrative`` where the figure was invented.
    * ``rule`` is the parameter's place in the rulebook (``cn_employee.inpatient.deductible``): what a trace names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Generic, TypeVar

from central_sync.benefits.choices import (
    After,
    Basis,
    CountedOn,
    Counts,
    Each,
    Hold,
    LastCoin,
    Of,
    Off,
    Owner,
    Per,
    RoundedAt,
)
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.money import Rounding

T = TypeVar("T")

LAYERS = ("base", "base_supplement", "critical_illness", "supplementary", "aid", "subsidy", "account")
"""The layers in the order in which they are asked. ``base_supplement`` is a civil-servant or large-sum supplement to the
base; ``account`` is a personal account, which pays for the patient.
"""

PARTS = ("in_scope", "first_self_pay", "over_ceiling", "over_tariff", "own_pay")
"""The parts of a priced line."""

MONTHS = "months"
"""The unit of a time that is counted in months of the scheme's calendar."""

STAGES = ("catalogue", "waiting", "counted_cap", "first_part", "deductible", "bands", "least", "paid_cap", "rounding")
"""What may leave a coin to the patient, in the order in which a layer goes through it; ``catalogue``: no layer has looked."""


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One value from one day on, for one tier, group, mark of the case and age (from, below), or (empty) for all."""

    from_day: date
    value: T | None
    reference: str
    illustrative: bool = False
    tier: str = ""
    group: str = ""
    mark: str = ""
    ages: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """One thing the law sets, through time."""

    rule: str
    text: str
    unit: str
    rows: tuple[Row[T], ...]

    def at(
        self, day: date, tier: str = "", group: str = "", marks: Collection[str] = (), age: int | None = None
    ) -> Row[T] | None:
        """The row in force on ``day``, or ``None``; its value is never ``None``."""
        latest: dict[tuple[object, ...], Row[T]] = {}
        for row in self.rows:
            if row.from_day > day or row.tier not in ("", tier) or row.group not in ("", group):
                continue
            if (row.mark and row.mark not in marks) or (row.ages and not _within(age, row.ages)):
                continue
            names = (row.tier, row.group, row.mark, row.ages)
            known = latest.get(names)
            if known is None or known.from_day < row.from_day:
                latest[names] = row
        alive = [row for row in latest.values() if row.value is not None]
        return alive[0] if len(alive) == 1 else max(alive, key=_speciality, default=None)


def _within(age: int | None, ages: tuple[int, int]) -> bool:
    return age is not None and ages[0] <= age < ages[1]


def _speciality(row: Row[T]) -> tuple[int, str, str]:
    named = bool(row.tier) + bool(row.group) + bool(row.mark) + bool(row.ages)
    return named, row.tier, row.group


@dataclass(frozen=True, slots=True)
class Band:
    """From ``over`` coins on, up to the next band, the layer pays ``ratio``."""

    over: int
    ratio: Fraction


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that is counted, paid, or left to the patient (:class:`Of`), in a bill or a running time."""

    name: str
    owner: Owner
    amount: Parameter[int]
    of: Of = Of.PAID
    per: Per = Per.YEAR


@dataclass(frozen=True, slots=True)
class Deductible:
    """What the layer leaves before it pays anything: of each bill, day or night, or once in a running time.

    ``later`` gives the ratio of it for the n-th bill of the year (the last one goes on; no ``later``: always whole), but
    never less than ``least``. ``sum_cap`` limits the sum of deductibles. ``counter`` names the accumulator: of coins met
    (running) or of bills settled (``later``). Benefits of one scheme that name the same counter share it; so for bands
    and caps. A bill with one of the marks ``continues`` goes on with the deductible of the one before it: what that one, and those
    that it went on with, met counts; ``chain`` names the accumulator of it (``periods.py``).
    """

    per: Per
    amount: Parameter[int]
    later: Parameter[tuple[Fraction, ...]] | None = None
    counter: str = "deductible"
    owner: Owner = Owner.MEMBER
    least: Parameter[int] | None = None
    sum_cap: Cap | None = None
    off: Off = Off.COST
    continues: tuple[str, ...] = ()
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Bands:
    """The ratios paid above the deductible, by bands of this bill or of a running time.

    With a running time rounding is of the running sum, so that splitting a bill changes nothing.
    """

    per: Per
    ratios: Parameter[tuple[Band, ...]]
    counter: str = "banded"
    counts: Counts = Counts.NET
    owner: Owner = Owner.MEMBER
    hold: Hold = Hold.SLICE


@dataclass(frozen=True, slots=True)
class Take:
    """A part of the bill (of :data:`PARTS`) that a benefit looks at, as far as earlier layers left it: all of it or a
    ``share``, whatever the reason or only what those stages (of :data:`STAGES`) of earlier layers left.
    """

    part: str
    share: Parameter[Fraction] | None = None
    left_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """Which lines are meant: those of these kinds, items or catalogue classes; any one of them is enough."""

    kinds: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def hold(self, item: str, kind: str, catalogue_class: str) -> bool:
        """Whether a line with these is meant."""
        return item in self.items or kind in self.kinds or catalogue_class in self.classes


@dataclass(frozen=True, slots=True)
class Package:
    """A fixed price instead of the itemised bill, when one of ``items`` is on the bill and the main diagnosis begins with one
    of ``diagnoses`` (an empty one asks nothing). What the price and the bill differ by is the hospital's. With ``prices`` each
    item has its own; of several on one bill the highest holds.
    """

    price: Parameter[int] | None
    items: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    prices: Mapping[str, Parameter[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a scheme does for one kind of care. ``takes`` stand in the order in which they are paid off.

    A care may have several benefits (coverage groups, special cases), in order: what one has looked at, none of the others of
    the scheme looks at. ``when`` names marks that the case must have; ``lines`` are the only ones it takes, ``refuses``
    those it never takes; ``waiting`` days of cover come first; ``least`` is the least own part of a bill or line;
    ``first_part`` is the ratio of what is counted that is the member's own before the deductible; ``account`` names the
    accumulator of what was used of the money that the cover holds, which is one for all who share it (``account_owner``); ``approved``: it pays no more than
    the cover's approval names.
    """

    takes: tuple[Take, ...]
    bands: Bands
    deductible: Deductible | None = None
    caps: tuple[Cap, ...] = ()
    name: str = ""
    when: tuple[str, ...] = ()
    lines: Lines | None = None
    refuses: Lines | None = None
    waiting: Parameter[int] | None = None
    each: Each = Each.BILL
    least: Parameter[int] | None = None
    basis: Basis = Basis.LEFT
    package: Package | None = None
    account: str = ""
    account_owner: Owner = Owner.MEMBER
    first_part: Parameter[Fraction] | None = None
    approved: bool = False


@dataclass(frozen=True, slots=True)
class CoinRule:
    """How a scheme makes whole coins: ``to`` multiples of so many coins, and who gets what that leaves over."""

    mode: Rounding
    to: int = 1
    at: RoundedAt = RoundedAt.LAYER
    last_coin: LastCoin = LastCoin.PATIENT


@dataclass(frozen=True, slots=True)
class Period:
    """A running time that begins with the first bill that counts something in it, and ``lasts`` so many days or months ``after`` that bill's first
    day, or the last day of the last bill in it. It is its ``owner``'s, whosoever's is what counts in it.
    """

    lasts: Parameter[int]
    after: After = After.FIRST
    owner: Owner = Owner.MEMBER


@dataclass(frozen=True, slots=True)
class Scheme:
    """One payer's rules. ``requires`` names a layer that must be in force too. ``calendar`` is that of its year, which
    begins on ``year_starts`` (``MM-DD``), on the day of the month and year of the cover (``cover``), or with the calendar's.
    Schemes of one layer are asked by ``rank``, the lowest first. Of its ``marks`` those that are ``vouched`` are not believed of
    a hospital: the insurer must have approved them.
    """

    code: str
    name: str
    region: str
    layer: str
    payer: str
    currency: str
    calendar: Calendar
    rounding: CoinRule
    groups: tuple[str, ...]
    benefits: Mapping[str, tuple[Benefit, ...]]
    requires: str = ""
    marks: tuple[str, ...] = ()
    year_starts: str = ""
    rank: int = 0
    counted_on: CountedOn = CountedOn.DISCHARGE
    vouched: tuple[str, ...] = ()
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What one relative unit of an item's group is worth, by tier: professional and technical part."""

    professional: Parameter[Decimal]
    technical: Parameter[Decimal]


@dataclass(frozen=True, slots=True)
class PriceModifier:
    """What a code beside an item does to its price: adds relative ``units`` to the professional part, multiplies the
    ``professional`` or the ``technical`` part, or the whole ``price``. Of items of other ``kinds`` it says nothing (empty: of all).
    """

    kinds: tuple[str, ...] = ()
    units: Parameter[Decimal] | None = None
    professional: Parameter[Decimal] | None = None
    technical: Parameter[Decimal] | None = None
    price: Parameter[Decimal] | None = None


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
        latest: ItemVersion | None = None
        for version in self.versions:
            if version.from_day <= day and (latest is None or latest.from_day < version.from_day):
                latest = version
        return latest if latest and latest.catalogue_class else None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Region:
    """A place of care: its money, time, identifiers, lists, catalogue and kinds of hospital. ``insured_tier``: the tier whose
    prices are insured, whatever hospital it is; empty: its own.
    """

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
    language: Language = Language.EN
    insured_tier: str = ""
    modifiers: Mapping[str, PriceModifier] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from."""

    title: str
    note: str = ""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Rulebook:
    """All law in force anywhere at any time. ``version`` is a hash of everything else.

    ``texts``: by language, what parameters (by ``rule``), schemes (by code), sources and regions (``source.``, ``region.`` and
    their key) are called in it; English stands with them.
    """

    regions: Mapping[str, Region]
    schemes: Mapping[str, Scheme]
    sources: Mapping[str, Source]
    version: str
    texts: Mapping[Language, Mapping[str, str]] = field(default_factory=dict)

    def called(self, key: str, language: Language) -> str:
        """What ``key`` is called in ``language``; empty if nobody has said so."""
        return self.texts.get(language, {}).get(key, "")
