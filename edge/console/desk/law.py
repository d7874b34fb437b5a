"""What the rulebook in use says to a desk: names of schemes, the kind of number that people are insured by, names of items.

Until the first rulebook has come nothing is known: a scheme is then shown by its code, and numbers are tried by the currency of the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Protocol

from central_sync.benefits.parameters import Region, Rulebook
from central_sync.terms import identifiers
from central_sync.terms.languages import Language
from edge.console.desk.choices import Catalogue, Ready

USUAL_KINDS = {
    "IRR": ("ir_national_code",),
    "CNY": ("cn_resident_number", "cn_foreign_resident_number"),
    "THB": ("th_pin",),
    "TWD": ("tw_national_id",),
}
"""By currency, for as long as no rulebook is there."""


class _Told(Protocol):
    @property
    def region(self) -> str:
        """The place of care."""
        ...


class _Whole(Protocol):
    @property
    def rulebook(self) -> Rulebook:
        """The law."""
        ...


class InUse(Protocol):
    """A rulebook that is in use: :class:`edge.bundles.Accepted`."""

    @property
    def told(self) -> _Told:
        """What the hub vouched for."""
        ...

    @property
    def whole(self) -> _Whole:
        """What it holds."""
        ...


class Law:
    """``current``: the rulebook in use now, if there is one."""

    def __init__(self, current: Callable[[], InUse | None], currency: str) -> None:
        self._current = current
        self._currency = currency
        self._catalogue = Catalogue()

    def kinds(self) -> tuple[str, ...]:
        """Every kind of number, the one that people are insured by here first."""
        region = self._region()
        first = (region.identifier_kind,) if region else USUAL_KINDS.get(self._currency, ())
        return (*first, *(kind for kind in identifiers.KINDS if kind not in first))

    def scheme(self, code: str, language: Language) -> str:
        """What a scheme, or a rule of one, is called."""
        current = self._current()
        if current is None:
            return code
        book = current.whole.rulebook
        known = book.schemes.get(code)
        return book.called(code, language) or book.called(code, Language.EN) or (known.name if known else code)

    def ceiling(self, name: str, schemes: Iterable[str], language: Language) -> str:
        """What the cap ``name`` of one of ``schemes`` is called; its name in words where the rulebook has none."""
        current = self._current()
        book = current.whole.rulebook if current else None
        for code in schemes if book else ():
            for into in (language, Language.EN):
                if book and (known := book.called(f"{code}.caps.{name}", into)):
                    return known
        return name.replace("_", " ")

    def choices(self, day: date) -> tuple[Ready, ...]:
        """Every item of the place's catalogue that is in force on ``day``; none while no rulebook is there."""
        region = self._region()
        return self._catalogue.on(region.items, day) if region else ()

    @property
    def place(self) -> str:
        """The place of care in the rulebook; empty: it is not known."""
        region = self._region()
        return region.code if region else ""

    def item(self, code: str, day: date) -> str:
        """The name of an item of the place's catalogue that is in force on ``day``; empty: it is not known."""
        region = self._region()
        item = region.items.get(code) if region else None
        return item.name if item is not None and item.at(day) is not None else ""

    def _region(self) -> Region | None:
        current = self._current()
        return current.whole.rulebook.regions.get(current.told.region) if current else None
