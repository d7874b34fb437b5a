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
from central_sync.benefits.parameters import (
    LAYERS,
    PARTS,
    Bands,
    Benefit,
    Cap,
    Coefficient,
    Deductible,
    Per,
    Region,
    Rulebook,
    Scheme,
    Source,
)
from central_sync.rulebook import catalogue, diagnoses
from central_sync.rulebook.documents import (
    BandsFile,
    BenefitFile,
    DeductibleFile,
    RegionFile,
    SchemeFile,
    SourceFile,
)
from central_sync.rulebook.strict import RulebookError, document, plain, shaped
from central_sync.rulebook.values import (
    Place,
    amount_parameter,
    bands_parameter,
    covered,
    exact_parameter,
    ratios_parameter,
)
from central_sync.terms.identifiers import KINDS
from central_sync.terms.money import CURRENCIES

PACKAGED = Path(__file__).parent
"""The rulebook that is shipped with the hub."""
CARES = ("outpatient", "inpatient")


def load(folder: Path = PACKAGED) -> Rulebook:
    """The rulebook in ``folder``; its version is the hash of all that it says.

    Raises:
        RulebookError: something in it is wrong; names file and key.
    """
    sources = _sources(folder)
    region_files = {path.stem: f"regions/{path.name}" for path in sorted((folder / "regions").glob("*.yaml"))}
    regions = {code: _region(folder, file, code, sources) for code, file in region_files.items()}
    if not regions:
        raise RulebookError("regions", "folder", "there is no region")
    used = {document(folder, file, RegionFile).catalogue for file in region_files.values()}
    for path in sorted((folder / "tariffs").iterdir()):
        if path.name not in used:
            raise RulebookError(f"tariffs/{path.name}", "document", "no region names this catalogue")
    schemes = {
        path.name: _scheme(folder, path.name, regions, sources)
        for path in sorted((folder / "schemes").iterdir())
        if path.is_dir()
    }
    return bundle.versioned(Rulebook(regions=regions, schemes=schemes, sources=sources, version=""))


def _sources(folder: Path) -> dict[str, Source]:
    file = "sources.yaml"
    entries = plain(folder, file)
    if not isinstance(entries, dict):
        raise RulebookError(file, "document", "a map of sources")
    read = {code: shaped(entry, SourceFile, file) for code, entry in entries.items()}
    return {code: Source(entry.title, entry.note) for code, entry in read.items()}


def _region(folder: Path, file: str, code: str, sources: Mapping[str, Source]) -> Region:
    source = document(folder, file, RegionFile)
    if source.code != code:
        raise RulebookError(file, "code", "is not the file's name")
    if source.currency not in CURRENCIES:
        raise RulebookError(file, "currency", "is not known")
    if source.identifier_kind not in KINDS:
        raise RulebookError(file, "identifier_kind", "is not known")
    if source.diagnosis_list not in diagnoses.LISTS:
        raise RulebookError(file, "diagnosis_list", "is not known")
    try:
        ZoneInfo(source.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RulebookError(file, "zone", "is not known") from error
    place = Place(file, CURRENCIES[source.currency], sources.keys(), tuple(source.tiers), ())
    coefficients: dict[str, Coefficient] = {}
    for group, pair in source.coefficients.items():
        key = f"coefficients.{group}"
        coefficients[group] = Coefficient(
            exact_parameter(place, f"{code}.{key}.professional", f"{key}.professional", pair.professional),
            exact_parameter(place, f"{code}.{key}.technical", f"{key}.technical", pair.technical),
        )
        covered(place, key, coefficients[group].professional)
        covered(place, key, coefficients[group].technical)
    tariff = replace(place, file=f"tariffs/{source.catalogue}")
    return Region(
        code=code,
        name=source.name,
        currency=source.currency,
        zone=source.zone,
        calendar=source.calendar,
        identifier_kind=source.identifier_kind,
        diagnosis_list=source.diagnosis_list,
        tiers=tuple(source.tiers),
        rounding=source.rounding,
        items=catalogue.items(folder, tariff, source.tiers, coefficients),
        coefficients=coefficients,
    )


def _scheme(folder: Path, code: str, regions: Mapping[str, Region], sources: Mapping[str, Source]) -> Scheme:
    file = f"schemes/{code}/scheme.yaml"
    source = document(folder, file, SchemeFile)
    if source.code != code:
        raise RulebookError(file, "code", "is not the folder's name")
    if source.region not in regions:
        raise RulebookError(file, "region", "there is no such region")
    if source.layer not in LAYERS:
        raise RulebookError(file, "layer", "there is no such layer")
    if source.requires and (source.requires not in LAYERS or source.requires == source.layer):
        raise RulebookError(file, "requires", "is not another layer")
    region = regions[source.region]
    place = Place(file, CURRENCIES[region.currency], sources.keys(), region.tiers, tuple(source.groups))
    caps = {
        name: Cap(name, cap.owner, amount_parameter(place, f"{code}.caps.{name}", f"caps.{name}", cap))
        for name, cap in source.caps.items()
    }
    benefits: dict[str, Benefit] = {}
    for path in sorted((folder / "schemes" / code).glob("*.yaml")):
        if path.name == "scheme.yaml":
            continue
        place = replace(place, file=f"schemes/{code}/{path.name}")
        cares, benefit = _benefit(folder, place, f"{code}.{path.stem}", caps)
        for care in cares:
            if care not in CARES or care in benefits:
                raise place.wrong("cares", "is not a kind of care, or has a benefit already")
            benefits[care] = benefit
    named = {cap.name for benefit in benefits.values() for cap in benefit.caps}
    if unused := caps.keys() - named:
        raise RulebookError(file, f"caps.{min(unused)}", "no benefit names it")
    if not benefits:
        raise RulebookError(file, "document", "the scheme has no benefit")
    return Scheme(
        code=code,
        name=source.name,
        region=source.region,
        layer=source.layer,
        payer=source.payer,
        currency=region.currency,
        calendar=source.calendar,
        rounding=source.rounding,
        groups=tuple(source.groups),
        benefits=benefits,
        requires=source.requires,
    )


def _benefit(folder: Path, place: Place, rule: str, caps: Mapping[str, Cap]) -> tuple[list[str], Benefit]:
    source = document(folder, place.file, BenefitFile)
    if not set(source.takes) <= set(PARTS) or len(set(source.takes)) != len(source.takes):
        raise place.wrong("takes", f"different ones of {', '.join(PARTS)}")
    for name in source.caps:
        if name not in caps:
            raise place.wrong("caps", f"the scheme has no cap {name}")
    benefit = Benefit(
        takes=tuple(source.takes),
        bands=_bands(place, rule, source.bands),
        deductible=_deductible(place, rule, source.deductible) if source.deductible else None,
        caps=tuple(caps[name] for name in source.caps),
    )
    counters = [source.bands.counter, *_counters(source.deductible)]
    if len({*counters, *caps} - {""}) != len([name for name in (*counters, *caps) if name]):
        raise place.wrong("counter", "two counters or caps of the benefit have one name")
    return source.cares, benefit


def _counters(source: DeductibleFile | None) -> list[str]:
    if source is None:
        return []
    return [source.counter, source.later.counter if source.later else ""]


def _bands(place: Place, rule: str, source: BandsFile) -> Bands:
    if (source.per is Per.YEAR) != bool(source.counter):
        raise place.wrong("bands.counter", "goes with per: year, and only with it")
    ratios = bands_parameter(place, f"{rule}.bands", "bands", source)
    covered(place, "bands", ratios)
    return Bands(source.per, ratios, source.counter)


def _deductible(place: Place, rule: str, source: DeductibleFile) -> Deductible:
    if (source.per is Per.YEAR) != bool(source.counter):
        raise place.wrong("deductible.counter", "goes with per: year, and only with it")
    if source.later and source.per is Per.YEAR:
        raise place.wrong("deductible.later", "goes with per: bill")
    amount = amount_parameter(place, f"{rule}.deductible", "deductible", source)
    covered(place, "deductible", amount)
    later = None
    if source.later:
        later = ratios_parameter(place, f"{rule}.deductible.later", "deductible.later", source.later)
    counter = source.counter or (source.later.counter if source.later else "")
    return Deductible(source.per, amount, later, counter)
