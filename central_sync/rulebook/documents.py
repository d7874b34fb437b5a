"""The shapes of the rulebook's YAML files. An unknown key is an error; so is a value of another type.

Numbers are text here; :mod:`central_sync.rulebook.values` makes them exact.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct, field

from central_sync.benefits.parameters import Owner, Per
from central_sync.terms.days import Calendar
from central_sync.terms.money import Rounding

Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Phrase = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[str, Meta(pattern=r"^[0-9]{1,16}(\.[0-9]{1,6})?$")]


class Document(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a file."""


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


class ParameterFile(Document, frozen=True, kw_only=True):
    """A parameter: what it says, in which unit (a currency or ``ratio``), and its values."""

    text: Phrase
    unit: str
    values: Annotated[list[ValueRow], Meta(min_length=1)]


class LaterFile(ParameterFile, frozen=True, kw_only=True):
    """Ratios of the deductible for the first, second … bill of a year."""

    counter: Word = "stays"


class DeductibleFile(ParameterFile, frozen=True, kw_only=True):
    """A deductible; ``counter`` only where it is ``per: year``."""

    per: Per
    counter: Word = ""
    later: LaterFile | None = None


class BandsFile(ParameterFile, frozen=True, kw_only=True):
    """The ratios; ``counter`` only where they are ``per: year``."""

    per: Per
    counter: Word = ""


class CapFile(ParameterFile, frozen=True, kw_only=True):
    """An annual cap."""

    owner: Owner


class SchemeFile(Document, frozen=True, kw_only=True):
    """``schemes/<scheme>/scheme.yaml``."""

    code: Word
    name: Phrase
    region: Word
    layer: Word
    payer: Word
    calendar: Calendar
    rounding: Rounding
    groups: Annotated[list[Word], Meta(min_length=1)]
    requires: str = ""
    caps: dict[Word, CapFile] = {}


class BenefitFile(Document, frozen=True, kw_only=True):
    """Any other file of ``schemes/<scheme>/``: one benefit for one or more kinds of care."""

    cares: Annotated[list[str], Meta(min_length=1)]
    takes: Annotated[list[str], Meta(min_length=1)]
    bands: BandsFile
    deductible: DeductibleFile | None = None
    caps: list[Word] = []


class CoefficientFile(Document, frozen=True, kw_only=True):
    """K of one group."""

    professional: ParameterFile
    technical: ParameterFile


class RegionFile(Document, frozen=True, kw_only=True):
    """``regions/<region>.yaml``. ``catalogue`` is a file of ``tariffs/``."""

    code: Word
    name: Phrase
    currency: str
    zone: str
    calendar: Calendar
    identifier_kind: str
    diagnosis_list: str
    tiers: Annotated[list[Word], Meta(min_length=1)]
    rounding: Rounding
    catalogue: str
    coefficients: dict[Word, CoefficientFile] = {}


class SourceFile(Document, frozen=True, kw_only=True):
    """One entry of ``sources.yaml``."""

    title: Phrase
    note: str = ""
