"""What the audit knows of items, diagnoses and modifiers: limits beside the tariff, and the tariff as unit prices by day.

PURE. All of it is data of the rulebook (``rulebook/rules/*.csv`` and the catalogues), compiled into the audit's bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from central_sync.terms.money import Rounding


class Tariff(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How an item is paid from ``from_day`` on. ``ceilings``: coins for one unit by tier (``""``: every other). An empty class ends the item."""

    from_day: date
    catalogue_class: str
    ceilings: Mapping[str, Decimal] = {}


class Item(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One item. Zero, empty and ``None`` mean "no such limit". Ages are full years, both included; ``indications`` are beginnings of
    diagnosis codes. ``agent``: the agent of a drug, or its group. ``counts_as``: the kind of case that it makes (visit, surgery, delivery …). ``hourly``: one unit is an hour.
    ``limited``: anything of what follows but codes and what is counted
    is set. ``includes``: what may not be charged beside it on one day; ``packages``: what its fixed price covers in the whole case.
    """

    kind: str
    tariffs: tuple[Tariff, ...]
    relative: bool = False
    limited: bool = False
    hourly: bool = False
    counts_as: str = ""
    national_code: str = ""
    sex: str = ""
    age_from: int = 0
    age_to: int = 0
    cares: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    indications: tuple[str, ...] = ()
    agent: str = ""
    antibiotic: str = ""
    approval: bool = False
    quantity_max: Decimal | None = None
    day_quantity_max: Decimal | None = None
    daily_dose_max: Decimal | None = None
    supply_days_max: int = 0
    every_days: int = 0
    waiting_days: int = 0
    includes: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    def tariff(self, day: date) -> Tariff | None:
        """What holds on ``day``, or ``None``."""
        found = None
        for tariff in self.tariffs:
            if tariff.from_day > day:
                break
            found = tariff
        return found if found and found.catalogue_class else None


class DiagnosisLimit(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Codes that begin with ``begins`` (``first`` … ``last``, compared on as many characters) belong to this sex and these ages alone."""

    first: str
    last: str
    sex: str = ""
    age_from: int = 0
    age_to: int = 0

    def covers(self, code: str) -> bool:
        """Whether ``code`` lies in the range."""
        return self.first <= code[: len(self.first)] and code[: len(self.last)] <= self.last


class Modifier(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A modifier of relative values: the kinds of item and of hospital that may have it (empty: all), what it excludes, and whether it ``raises`` the
    price above the item's own tariff.
    """

    kinds: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    raises: bool = False


class Place(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A region: what may stand on its bills. ``diagnoses``: by the first letter of their codes. ``session_percents``: what the first, second … operation of one session is paid."""

    currency: str
    rounding: Rounding
    items: Mapping[str, Item]
    modifiers: Mapping[str, Modifier] = {}
    diagnoses: Mapping[str, tuple[DiagnosisLimit, ...]] = {}
    session_percents: tuple[int, ...] = (100,)
