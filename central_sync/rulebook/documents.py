"""The shapes of the rulebook's YAML files. An unknown key is an error; so is a value of another type.

Numbers are text here; :mod:`central_sync.rulebook.values` makes them exact.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct, field

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

Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Phrase = Annotated[str, Meta(min_length=1, max_length=200)]
ModifierCode = Annotated[str, Meta(pattern=r"^[!-~]{1,20}$")]
Count = Annotated[str, Meta(pattern=r"^[0-9]{1,3}$")]
YearStart = Annotated[str, Meta(pattern=r"^(cover|(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$")]
Number = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?$")]


class Document(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a file."""


class TextsFile(Document, frozen=True, kw_only=True):
    """The same phrase in every language that we answer in."""

    en: Phrase
    fa: Phrase
    zh: Phrase


Wording = Phrase | TextsFile
"""What a person reads: one phrase, which is English, or a map of all languages."""


class BandValue(Document, frozen=True, kw_only=True):
    """``over`` in main units of the currency."""

    over: Number
    ratio: Number


class ValueRow(Document, frozen=True, kw_only=True):
    """One dated value: an amount, a list of ratios, a list of bands, or ``null`` for the end."""

    from_day: date = field(name="from")
    value: Number | list[BandValue | Number] | None
    reference: Word
    illustrative: bool = False
    tier: str = ""
    group: str = ""
    mark: str = ""
    ages: tuple[Count, Count] | None = None


class ParameterFile(Document, frozen=True, kw_only=True):
    """A parameter: what it says, in which unit (a currency, ``ratio`` or ``days``), and its values."""

    text: Wording
    unit: str
    values: Annotated[list[ValueRow], Meta(min_length=1)]


class LaterFile(ParameterFile, frozen=True, kw_only=True):
    """Ratios of the deductible for the first, second … bill of a year; ``least`` is what it never falls below."""

    counter: Word = "stays"
    least: ParameterFile | None = None


class CapFile(ParameterFile, frozen=True, kw_only=True):
    """A cap: on what is paid in a year, if it says nothing else."""

    owner: Owner
    of: Of = Of.PAID
    per: Per = Per.YEAR


class PeriodFile(ParameterFile, frozen=True, kw_only=True):
    """The scheme's own running time, which begins with a bill: how many days or months it lasts, after what, and whose it is."""

    after: After = After.FIRST
    owner: Owner = Owner.MEMBER


class SumCapFile(ParameterFile, frozen=True, kw_only=True):
    """A cap on the sum of deductibles; ``counter`` is the accumulator of that sum."""

    counter: Word
    owner: Owner = Owner.MEMBER
    per: Per = Per.YEAR


class ContinuesFile(Document, frozen=True, kw_only=True):
    """Marks of a bill that goes on with the deductible of the one before it, and the accumulator of what was met."""

    marks: Annotated[list[Word], Meta(min_length=1)]
    counter: Word


class DeductibleFile(ParameterFile, frozen=True, kw_only=True):
    """A deductible; ``counter`` only where it runs through a month, a year or for ever; ``continues``: after a referral."""

    per: Per
    counter: Word = ""
    owner: Owner = Owner.MEMBER
    off: Off = Off.COST
    later: LaterFile | None = None
    sum_cap: SumCapFile | None = None
    continues: ContinuesFile | None = None


class BandsFile(ParameterFile, frozen=True, kw_only=True):
    """The ratios; ``counter`` only where they run through a month, a year or for ever."""

    per: Per
    counter: Word = ""
    counts: Counts = Counts.NET
    owner: Owner = Owner.MEMBER
    hold: Hold = Hold.SLICE


class TakeFile(Document, frozen=True, kw_only=True):
    """A part of which a share is taken, or what certain stages of earlier layers left of it."""

    part: str
    share: ParameterFile | None = None
    left_by: list[str] = []


class LinesFile(Document, frozen=True, kw_only=True):
    """Lines of these kinds, items or catalogue classes."""

    kinds: list[Word] = []
    items: list[str] = []
    classes: list[str] = []


class PackageFile(ParameterFile, frozen=True, kw_only=True):
    """A fixed price, and which items on the bill and main diagnoses (their beginnings) it is for."""

    items: list[str] = []
    diagnoses: list[str] = []


class RoundingFile(Document, frozen=True, kw_only=True):
    """How whole coins are made; ``to`` is in main units."""

    mode: Rounding
    to: Number = ""
    at: RoundedAt = RoundedAt.LAYER
    last_coin: LastCoin = LastCoin.PATIENT


class MarkFile(Document, frozen=True, kw_only=True):
    """A mark, and who vouches for it: the hospital by saying it, or the hub, that is the insurer by an approval."""

    mark: Word
    vouched_by: Annotated[str, Meta(pattern=r"^(hospital|hub)$")] = "hospital"


class SchemeFile(Document, frozen=True, kw_only=True):
    """``schemes/<scheme>/scheme.yaml``."""

    code: Word
    name: Wording
    region: Word
    layer: Word
    payer: Word
    calendar: Calendar
    rounding: Rounding | RoundingFile
    groups: Annotated[list[Word], Meta(min_length=1)]
    marks: list[Word | MarkFile] = []
    requires: str = ""
    year_starts: YearStart = ""
    counted_on: CountedOn = CountedOn.DISCHARGE
    rank: Count = "0"
    period: PeriodFile | None = None
    caps: dict[Word, CapFile] = {}


class BenefitFile(Document, frozen=True, kw_only=True):
    """Any other file of ``schemes/<scheme>/``: one benefit for one or more kinds of care."""

    cares: Annotated[list[str], Meta(min_length=1)]
    rank: Count = "0"
    when: list[str] = []
    takes: Annotated[list[str | TakeFile], Meta(min_length=1)]
    lines: LinesFile | None = None
    refuses: LinesFile | None = None
    each: Each = Each.BILL
    basis: Basis = Basis.LEFT
    waiting: ParameterFile | None = None
    package: PackageFile | None = None
    packages: str = ""
    approved: bool = False
    bands: BandsFile
    deductible: DeductibleFile | None = None
    least: ParameterFile | None = None
    caps: list[Word] = []
    account: Word = ""
    account_owner: Owner = Owner.MEMBER
    first_part: ParameterFile | None = None


class CoefficientFile(Document, frozen=True, kw_only=True):
    """K of one group."""

    professional: ParameterFile
    technical: ParameterFile


class ModifierFile(Document, frozen=True, kw_only=True):
    """What a code beside an item does to its price: adds units to the professional part, multiplies a part or the whole."""

    kinds: list[Word] = []
    units: ParameterFile | None = None
    professional: ParameterFile | None = None
    technical: ParameterFile | None = None
    price: ParameterFile | None = None


class RegionFile(Document, frozen=True, kw_only=True):
    """``regions/<region>.yaml``. ``catalogue`` is a file of ``tariffs/``; ``language`` is the one that its patients read."""

    code: Word
    name: Wording
    currency: str
    zone: str
    calendar: Calendar
    identifier_kind: str
    diagnosis_list: str
    tiers: Annotated[list[Word], Meta(min_length=1)]
    rounding: Rounding
    catalogue: str
    coefficients: dict[Word, CoefficientFile] = {}
    language: Language = Language.EN
    insured_tier: str = ""
    modifiers: dict[ModifierCode, ModifierFile] = {}


class SourceFile(Document, frozen=True, kw_only=True):
    """One entry of ``sources.yaml``."""

    title: Wording
    note: str = ""
