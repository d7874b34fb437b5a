"""SHELL: what the rulebook in use says to a desk: names of schemes, the kind of number that people are insured by, names of items.

Until the first rulebook has come nothing is known: a scheme is then shown by its code, and numbers are tried by the currency of the place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Protocol

from central_sync.benefits.audit.bundle import AuditBundle
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

    @property
    def audit(self) -> AuditBundle:
        """The audit's rules that go with it."""
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
        self._turn = asyncio.Lock()
        self._preparing: asyncio.Task[tuple[Ready, ...]] | None = None

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

    async def choices(self, day: date) -> tuple[Ready, ...]:
        """Every item of the place's catalogue that is in force on ``day``, made ready in a thread if they are not; none while no rulebook is there."""
        region = self._region()
        if region is None:
            return ()
        known = self._catalogue.known(region.items, day)
        if known is None:
            async with self._turn:
                known = await asyncio.to_thread(self._catalogue.on, region.items, day)
        return known

    def prepare(self, day: date) -> None:
        """Begin to make the items of ``day`` ready: the clerk who opens the desk types one soon."""
        region = self._region()
        if region is None or self._catalogue.known(region.items, day) is not None:
            return
        if self._preparing is None or self._preparing.done():
            self._preparing = asyncio.create_task(self.choices(day), name="catalogue of the day")

    async def stop(self) -> None:
        """End what is being made ready."""
        preparing, self._preparing = self._preparing, None
        if preparing is not None:
            preparing.cancel()
            await asyncio.gather(preparing, return_exceptions=True)

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

    @property
    def tier(self) -> str:
        """The hospital's own kind, as the region names it; empty: it is not known (a hub of an older version sends all of them)."""
        region = self._region()
        return region.tiers[0] if region and len(region.tiers) == 1 else ""

    def codes(self, code: str, day: date) -> Mapping[str, str]:
        """What reviews ask of a line and the catalogue knows: the item's national code; and its code in the relative-value book, by which a catalogue with
        relative units is kept. Nothing for an item that is not in force on ``day``.
        """
        current, region = self._current(), self._region()
        item = region.items.get(code) if region else None
        version = item.at(day) if item else None
        if current is None or region is None or version is None:
            return {}
        place = current.whole.audit.places.get(region.code)
        known = place.items.get(code) if place else None
        found = {
            "national_code": known.national_code if known else "",
            "relative_value_code": code if version.group else "",
        }
        return {name: value for name, value in found.items() if value}

    def _region(self) -> Region | None:
        current = self._current()
        return current.whole.rulebook.regions.get(current.told.region) if current else None
