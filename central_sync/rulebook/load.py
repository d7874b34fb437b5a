"""Loads the rulebook's folder into the engine's :class:`Rulebook`, or says which file and key is wrong.

Nothing is guessed: unknown or double keys, bad dates, values without a source, names of tiers, groups, caps or layers that
do not exist, combinations without a value and files that nothing names are errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from central_sync.benefits import bundle
from central_sync.benefits.parameters import Coefficient, PriceModifier, Region, Rulebook, Source
from central_sync.rulebook import catalogue, diagnoses
from central_sync.rulebook.documents import ModifierFile, RegionFile, SourceFile
from central_sync.rulebook.scheme_files import scheme
from central_sync.rulebook.strict import RulebookError, document, line_of, only_named, plain, shaped
from central_sync.rulebook.texts import Told, english
from central_sync.rulebook.values import Place, covered, exact_parameter, number_parameter
from central_sync.terms.identifiers import KINDS
from central_sync.terms.money import CURRENCIES

PACKAGED = Path(__file__).parent
"""The rulebook that is shipped with the hub."""


def load(folder: Path = PACKAGED) -> Rulebook:
    """The rulebook in ``folder``; its version is the hash of all that it says.

    Raises:
        RulebookError: something in it is wrong; names file, line and key.
    """
    try:
        return _loaded(folder)
    except RulebookError as error:
        raise error.at(line_of(folder, error)) from error.__cause__


def _loaded(folder: Path) -> Rulebook:
    texts: Told = {}
    sources = _sources(folder, texts)
    for part in ("regions", "tariffs", "schemes"):
        if not (folder / part).is_dir():
            raise RulebookError(part, "folder", "is not there: a rulebook's folder must hold it")
    only_named(folder, "regions", (".yaml",))
    region_files = {path.stem: f"regions/{path.name}" for path in sorted((folder / "regions").glob("*.yaml"))}
    regions = {code: _region(folder, file, code, sources, texts) for code, file in region_files.items()}
    if not regions:
        raise RulebookError("regions", "folder", "there is no region")
    used = {document(folder, file, RegionFile).catalogue for file in region_files.values()}
    for path in sorted((folder / "tariffs").iterdir()):
        if path.name not in used:
            raise RulebookError(f"tariffs/{path.name}", "document", "no region names this catalogue")
    schemes = {
        path.name: scheme(folder, path.name, regions, sources, texts)
        for path in sorted((folder / "schemes").iterdir())
        if path.is_dir()
    }
    return bundle.versioned(Rulebook(regions=regions, schemes=schemes, sources=sources, version="", texts=texts))


def _sources(folder: Path, texts: Told) -> dict[str, Source]:
    file = "sources.yaml"
    entries = plain(folder, file)
    if not isinstance(entries, dict):
        raise RulebookError(file, "document", "a map of sources")
    read = {code: shaped(entry, SourceFile, file, str(code)) for code, entry in entries.items()}
    return {code: Source(english(texts, f"source.{code}", entry.title), entry.note) for code, entry in read.items()}


def _region(folder: Path, file: str, code: str, sources: Mapping[str, Source], texts: Told) -> Region:
    source = document(folder, file, RegionFile)
    if source.code != code:
        raise RulebookError(file, "code", "is not the file's name")
    if source.currency not in CURRENCIES:
        raise RulebookError(file, "currency", "is no code of ISO 4217, as EUR")
    if source.identifier_kind not in KINDS:
        raise RulebookError(file, "identifier_kind", f"one of {', '.join(sorted(KINDS))}")
    if source.diagnosis_list not in diagnoses.LISTS:
        raise RulebookError(file, "diagnosis_list", f"one of {', '.join(sorted(diagnoses.LISTS))}")
    try:
        ZoneInfo(source.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RulebookError(file, "zone", "is no time zone, as Europe/Berlin") from error
    place = Place(file, CURRENCIES[source.currency], sources.keys(), tuple(source.tiers), (), texts=texts)
    coefficients: dict[str, Coefficient] = {}
    for group, pair in source.coefficients.items():
        key = f"coefficients.{group}"
        coefficients[group] = Coefficient(
            exact_parameter(place, f"{code}.{key}.professional", f"{key}.professional", pair.professional),
            exact_parameter(place, f"{code}.{key}.technical", f"{key}.technical", pair.technical),
        )
        covered(place, key, coefficients[group].professional)
        covered(place, key, coefficients[group].technical)
    if source.insured_tier and source.insured_tier not in source.tiers:
        raise RulebookError(file, "insured_tier", "is none of the region's tiers")
    tariff = replace(place, file=f"tariffs/{source.catalogue}")
    return Region(
        code=code,
        name=english(texts, f"region.{code}", source.name),
        currency=source.currency,
        zone=source.zone,
        calendar=source.calendar,
        identifier_kind=source.identifier_kind,
        diagnosis_list=source.diagnosis_list,
        tiers=tuple(source.tiers),
        rounding=source.rounding,
        items=catalogue.items(folder, tariff, source.tiers, coefficients),
        coefficients=coefficients,
        language=source.language,
        insured_tier=source.insured_tier,
        modifiers={name: _modifier(place, code, name, one) for name, one in source.modifiers.items()},
    )


def _modifier(place: Place, region: str, name: str, source: ModifierFile) -> PriceModifier:
    key = f"modifiers.{name}"
    for kind in source.kinds:
        if kind not in catalogue.KINDS:
            raise place.wrong(f"{key}.kinds", f"no such kind: {kind}")
    parts = {"units": source.units, "professional": source.professional, "technical": source.technical}
    parts["price"] = source.price
    found = {
        part: number_parameter(
            place, f"{region}.{key}.{part}", f"{key}.{part}", one, "units" if part == "units" else "factor"
        )
        for part, one in parts.items()
        if one
    }
    if not found:
        raise place.wrong(key, "changes nothing: it has units, or a factor for a part or the whole price")
    return PriceModifier(tuple(source.kinds), **found)
