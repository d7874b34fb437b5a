"""The compiled rulebook as one run of bytes: the law, the audit's rules, and the catalogues as tables that are decoded item by item.

PURE. Rules
    * The same content makes the same bytes. Signing and compression are the line's affair (``central_sync/wire/bundles.py``).
    * ``version`` names both together: the SHA-256 over the versions of the law (``Rulebook.version``, which answers name) and of the
      audit's rules (``AuditBundle.version``). A bundle cut for one hospital (:func:`cut`) keeps the versions of what it was cut from:
      what it holds says the same, and that nothing was changed its signature proves.
    * Schemes, regions and rules are small and decoded at once. Items are not (see ``columns.py``), unless who loads asks for it
      (:func:`decoded`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

import msgspec
from msgspec import Struct

from central_sync.benefits import bundle
from central_sync.benefits.audit import bundle as audit_bundle
from central_sync.benefits.audit import reference
from central_sync.benefits.audit.bundle import AuditBundle
from central_sync.benefits.bundle import BundleBroken
from central_sync.benefits.choices import RoundedAt
from central_sync.benefits.columns import Table, TableBroken, Words, encoded, offsets_of
from central_sync.benefits.parameters import Item, ItemVersion, Rulebook

T = TypeVar("T")
FORMAT = 2
"""Grows when older programs could no longer read it right. A body has the least that its law needs, so that they read what they can: 2 is a law with
periods that begin with a bill, or layers that are rounded together.
"""
_DOMAIN = b"pishkhan rulebook 1\x00"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rulebook and the audit's rules that go with it. ``version`` is 64 hexadecimal digits."""

    rulebook: Rulebook
    audit: AuditBundle
    version: str


class BundleNewer(BundleBroken):
    """A later program made it; this one cannot read it."""


class _Version(Struct, frozen=True, array_like=True):
    """An :class:`ItemVersion`; ``day``, ``ratio``, ``group``, ``reference`` and ``tiers`` are places in the words."""

    day: int
    catalogue_class: str
    ratio: int
    group: int
    reference: int
    price: int
    illustrative: bool
    tiers: list[int]
    ceilings: list[int | str]
    professional: str = ""
    technical: str = ""


class _Item(Struct, frozen=True, array_like=True):
    name: str
    kind: int
    unit: int
    versions: list[_Version]


class _Columns(Struct, frozen=True, array_like=True):
    codes: list[str]
    offsets: bytes
    records: bytes
    words: list[str] = []
    days: list[str] = []
    ratios: list[str] = []


class _Format(Struct, frozen=True, array_like=True):
    """The beginning of a body, whatever follows."""

    format: int


class _Body(Struct, frozen=True, array_like=True):
    """``catalogues`` and ``references`` by region; a reference without codes has those of the catalogue."""

    format: int
    version: str
    law: bytes
    audit: bytes
    catalogues: dict[str, _Columns]
    references: dict[str, _Columns]


def compiled(rulebook: Rulebook, audit: AuditBundle) -> Compiled:
    """The two together; each has the version of its content."""
    text = _DOMAIN + f"{rulebook.version} {audit.version}".encode()
    return Compiled(rulebook, audit, hashlib.sha256(text).hexdigest())


def packed(whole: Compiled, step: Callable[[], None] = lambda: None) -> bytes:
    """``whole`` as bytes; ``step`` is called for each of its catalogues, for who shows progress."""
    law = replace(whole.rulebook, regions={c: replace(r, items={}) for c, r in whole.rulebook.regions.items()})
    places = {code: msgspec.structs.replace(place, items={}) for code, place in whole.audit.places.items()}
    catalogues: dict[str, _Columns] = {}
    for code, region in sorted(whole.rulebook.regions.items()):
        catalogues[code] = _catalogue(region.items)
        step()
    references: dict[str, _Columns] = {}
    for code, place in sorted(whole.audit.places.items()):
        codes, offsets, records = encoded(place.items, _reference_record)
        shared = code in catalogues and codes == catalogues[code].codes
        references[code] = _Columns([] if shared else codes, offsets, records)
        step()
    body = _Body(
        format=_format(whole.rulebook),
        version=whole.version,
        law=bundle.packed(law),
        audit=audit_bundle.packed(msgspec.structs.replace(whole.audit, places=places)),
        catalogues=catalogues,
        references=references,
    )
    return msgspec.msgpack.encode(body, order="sorted")


def _format(rulebook: Rulebook) -> int:
    """The least format whose programs understand all of the law."""
    schemes = rulebook.schemes.values()
    return 2 if any(one.period or one.rounding.at is RoundedAt.TOGETHER for one in schemes) else 1


def unpacked(body: bytes) -> Compiled:
    """What is in ``body``. That it is what its version names is for the signature to say.

    Raises:
        BundleNewer: its format is one of a later program.
        BundleBroken: it is no rulebook.
    """
    try:
        told = msgspec.msgpack.decode(body, type=_Format).format
        if not 1 <= told <= FORMAT:
            raise BundleNewer(f"format {told}")
        held = msgspec.msgpack.decode(body, type=_Body)
        law, audit = bundle.shaped(held.law), audit_bundle.shaped(held.audit)
        catalogues = held.catalogues
        regions = {code: replace(region, items=_items(catalogues[code])) for code, region in law.regions.items()}
        places = {
            code: msgspec.structs.replace(place, items=_references(held.references[code], catalogues.get(code)))
            for code, place in audit.places.items()
        }
    except BundleBroken:
        raise
    except (msgspec.DecodeError, TableBroken, LookupError, ValueError, ArithmeticError, RecursionError) as error:
        raise BundleBroken("not a compiled rulebook") from error
    return Compiled(replace(law, regions=regions), msgspec.structs.replace(audit, places=places), held.version)


def decoded(whole: Compiled) -> Compiled:
    """``whole`` with all items of its catalogues made: a bill's first look-up of an item then takes no longer than its second. For a hub, which
    prices for all hospitals; it costs time at the start and memory for every item. What the audit knows of items stays as it is.

    Raises:
        BundleBroken: a record is damaged.
    """
    regions = {
        code: replace(region, items=region.items.decoded()) if isinstance(region.items, Table) else region
        for code, region in whole.rulebook.regions.items()
    }
    return replace(whole, rulebook=replace(whole.rulebook, regions=regions))


def cut(whole: Compiled, region: str, tier: str) -> Compiled:
    """What a hospital of that region and tier needs of ``whole``: its catalogue at its own prices, the audit's rules over it, and every
    scheme in its currency with that scheme's region (without catalogue). What it computes there is what ``whole`` computes. Its region has that
    tier alone: so the hospital knows its own.

    Raises:
        KeyError: there is no such region.
    """
    book, audit = whole.rulebook, whole.audit
    here = book.regions[region]
    schemes = {code: scheme for code, scheme in book.schemes.items() if scheme.currency == here.currency}
    named = {scheme.region for scheme in schemes.values()} - {region}
    regions = {code: replace(book.regions[code], items={}) for code in named if code in book.regions}
    tiers = (tier, here.insured_tier or tier)
    regions[region] = replace(
        here, tiers=(tier,), items={code: _at_tiers(item, tiers) for code, item in here.items.items()}
    )
    places = {}
    if region in audit.places:
        places = {region: audit.places[region]}  # whole: a draft bill names its tier itself
    return Compiled(
        rulebook=replace(book, regions=regions, schemes=schemes),
        audit=msgspec.structs.replace(audit, places=places),
        version=whole.version,
    )


def _at_tiers(item: Item, tiers: Iterable[str]) -> Item:
    """``item`` with the prices of the hospital's own tier and of the one whose prices are insured."""
    versions = []
    for version in item.versions:
        kept: dict[str, Fraction] = {}
        for tier in tiers:
            kept.update(_own(version.ceilings, tier))
        versions.append(replace(version, ceilings=kept))
    return replace(item, versions=tuple(versions))


def _own(ceilings: Mapping[str, T], tier: str) -> Mapping[str, T]:
    """The ceiling of ``tier`` alone, or that of all others."""
    if tier in ceilings:
        return {tier: ceilings[tier]}
    return {"": ceilings[""]} if "" in ceilings else {}


def _catalogue(items: Mapping[str, Item]) -> _Columns:
    versions = [version for item in items.values() for version in item.versions]
    words = Words(
        text
        for group in (
            (item.kind for item in items.values()),
            (item.unit for item in items.values()),
            (version.group for version in versions),
            (version.reference for version in versions),
            (tier for version in versions for tier in version.ceilings),
        )
        for text in group
    )
    days = Words(version.from_day.isoformat() for version in versions)
    ratios = Words(str(version.first_self_pay) for version in versions)

    def record(item: Item) -> bytes:
        stored = [
            _Version(
                day=days[one.from_day.isoformat()],
                catalogue_class=one.catalogue_class,
                ratio=ratios[str(one.first_self_pay)],
                group=words[one.group],
                reference=words[one.reference],
                price=one.price,
                illustrative=one.illustrative,
                tiers=[words[tier] for tier in sorted(one.ceilings)],
                ceilings=[_plain(one.ceilings[tier]) for tier in sorted(one.ceilings)],
                professional="" if one.professional is None else str(one.professional),
                technical="" if one.technical is None else str(one.technical),
            )
            for one in item.versions
        ]
        return msgspec.msgpack.encode(_Item(item.name, words[item.kind], words[item.unit], stored))

    codes, offsets, records = encoded(items, record)
    return _Columns(codes, offsets, records, words.texts, days.texts, ratios.texts)


def _plain(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else str(value)


def _items(held: _Columns) -> Mapping[str, Item]:
    decoder = Items(held.words, [date.fromisoformat(day) for day in held.days], [Fraction(one) for one in held.ratios])
    return Table(held.codes, offsets_of(held.offsets, held.codes, held.records), held.records, decoder)


class Items:
    """Makes items of their records, with the words of their table."""

    __slots__ = ("_days", "_ratios", "_words")

    def __init__(self, words: list[str], days: list[date], ratios: list[Fraction]) -> None:
        self._words = words
        self._days = days
        self._ratios = ratios

    def __call__(self, code: str, record: bytes) -> Item:
        """The item of ``code``.

        Raises:
            BundleBroken: its record is damaged.
        """
        words, days, ratios = self._words, self._days, self._ratios
        try:
            stored = _item_records.decode(record)
            versions = tuple(
                [
                    ItemVersion(
                        days[one.day],
                        one.catalogue_class,
                        ratios[one.ratio],
                        _ceilings(words, one) if one.tiers else {},
                        Decimal(one.professional) if one.professional else None,
                        Decimal(one.technical) if one.technical else None,
                        words[one.group],
                        one.price,
                        words[one.reference],
                        one.illustrative,
                    )
                    for one in stored.versions
                ]
            )
            return Item(code, stored.name, words[stored.kind], words[stored.unit], versions)
        except (msgspec.DecodeError, IndexError, TypeError, ValueError, ArithmeticError) as error:
            raise BundleBroken("an item's record is damaged") from error


def _ceilings(words: list[str], one: _Version) -> dict[str, Fraction]:
    return {words[tier]: Fraction(amount) for tier, amount in zip(one.tiers, one.ceilings, strict=True)}


def _reference_record(item: reference.Item) -> bytes:
    return msgspec.msgpack.encode(item, order="sorted")


def _references(held: _Columns, catalogue: _Columns | None) -> Mapping[str, reference.Item]:
    codes = held.codes if held.codes or catalogue is None or not held.records else catalogue.codes
    return Table(codes, offsets_of(held.offsets, codes, held.records), held.records, referred)


def referred(_code: str, record: bytes) -> reference.Item:
    """What the audit knows of an item, of its record.

    Raises:
        BundleBroken: the record is damaged.
    """
    try:
        return _reference_records.decode(record)
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        raise BundleBroken("an item's record is damaged") from error


_item_records: msgspec.msgpack.Decoder[_Item] = msgspec.msgpack.Decoder(_Item)
_reference_records: msgspec.msgpack.Decoder[reference.Item] = msgspec.msgpack.Decoder(reference.Item)
