"""Reads one scheme's folder: ``scheme.yaml``, and one file for each benefit beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from central_sync.benefits.choices import RUNNING, Basis, Each, Hold, LastCoin, Owner, Per, RoundedAt
from central_sync.benefits.parameters import (
    LAYERS,
    PARTS,
    STAGES,
    Bands,
    Benefit,
    Cap,
    CoinRule,
    Deductible,
    Lines,
    Package,
    Parameter,
    Period,
    Region,
    Scheme,
    Source,
    Take,
)
from central_sync.benefits.periods import PERIOD, counts_by_period
from central_sync.rulebook.catalogue import KINDS
from central_sync.rulebook.documents import (
    BandsFile,
    BenefitFile,
    DeductibleFile,
    LinesFile,
    MarkFile,
    ParameterFile,
    RoundingFile,
    SchemeFile,
    TakeFile,
)
from central_sync.rulebook.packages import packages
from central_sync.rulebook.strict import RulebookError, document, only_named
from central_sync.rulebook.texts import Told, english
from central_sync.rulebook.values import (
    Place,
    amount_parameter,
    bands_parameter,
    coins,
    covered,
    days_parameter,
    ratio_parameter,
    ratios_parameter,
)
from central_sync.terms.money import CURRENCIES, Rounding

CARES = ("outpatient", "inpatient")
CLASSES = ("A", "B", "C")


def scheme(
    folder: Path, code: str, regions: Mapping[str, Region], sources: Mapping[str, Source], texts: Told
) -> Scheme:
    """The scheme in ``schemes/<code>/``; what it says in other languages is added to ``texts``.

    Raises:
        RulebookError: something in it is wrong; names file and key.
    """
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
    marks, vouched = _marks(file, source)
    place = Place(
        file,
        CURRENCIES[region.currency],
        sources.keys(),
        region.tiers,
        tuple(source.groups),
        marks,
        texts,
        source.period is not None,
    )
    for name, cap in source.caps.items():
        place.counts(f"caps.{name}.per", cap.per)
    caps = {
        name: Cap(name, cap.owner, amount_parameter(place, f"{code}.caps.{name}", f"caps.{name}", cap), cap.of, cap.per)
        for name, cap in source.caps.items()
    }
    benefits = _benefits(folder, place, code, caps, region)
    named = {cap.name for found in benefits.values() for benefit in found for cap in benefit.caps}
    if unused := caps.keys() - named:
        raise RulebookError(file, f"caps.{min(unused)}", "no benefit names it")
    if isinstance(source.rounding, RoundingFile) and source.rounding.at is RoundedAt.TOGETHER:
        for benefit in (one for found in benefits.values() for one in found):
            if benefit.package:
                raise RulebookError(
                    f"schemes/{code}/{benefit.name}.yaml",
                    "package",
                    "a fixed price is whole coins: not with rounding at: together",
                )
    if source.period and not any(counts_by_period(benefit) for found in benefits.values() for benefit in found):
        raise RulebookError(file, "period", "nothing is counted by it: no deductible, bands or cap says per: period")
    return Scheme(
        code=code,
        name=english(texts, code, source.name),
        region=source.region,
        layer=source.layer,
        payer=source.payer,
        currency=region.currency,
        calendar=source.calendar,
        rounding=_rounding(place, source),
        groups=tuple(source.groups),
        benefits=benefits,
        requires=source.requires,
        marks=marks,
        year_starts=source.year_starts,
        rank=int(source.rank),
        counted_on=source.counted_on,
        vouched=vouched,
        period=_period(place, code, source),
    )


def _period(place: Place, code: str, source: SchemeFile) -> Period | None:
    one = source.period
    if one is None:
        return None
    lasts = days_parameter(place, f"{code}.period", "period", one)
    covered(place, "period", lasts)
    for number, row in enumerate(lasts.rows):
        if row.value == 0:
            raise place.wrong(f"period.values[{number}].value", "a period lasts one day at least")
    return Period(lasts, one.after, one.owner)


def _marks(file: str, source: SchemeFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The scheme's marks, and those of them that a hospital is not believed."""
    found = [one if isinstance(one, MarkFile) else MarkFile(mark=one) for one in source.marks]
    names = tuple(one.mark for one in found)
    if len(set(names)) != len(names):
        raise RulebookError(file, "marks", "one stands twice")
    return names, tuple(one.mark for one in found if one.vouched_by == "hub")


def _rounding(place: Place, source: SchemeFile) -> CoinRule:
    rule = source.rounding
    if isinstance(rule, Rounding):
        return CoinRule(rule)
    to = coins(place, "rounding.to", rule.to) if rule.to else 1
    if not to:
        raise place.wrong("rounding.to", "one coin at least")
    if rule.at is RoundedAt.CLAIM and rule.last_coin is LastCoin.PATIENT:
        raise place.wrong(
            "rounding.last_coin", "of a claim the patient's part is rounded: the payer gets the last coin"
        )
    if rule.at is RoundedAt.TOGETHER and to != 1:
        raise place.wrong("rounding.to", "layers that are rounded together come to whole coins, not to multiples")
    return CoinRule(rule.mode, to, rule.at, rule.last_coin)


def _benefits(
    folder: Path, place: Place, code: str, caps: Mapping[str, Cap], region: Region
) -> dict[str, tuple[Benefit, ...]]:
    """The benefits by kind of care, in the order in which they are asked."""
    found: dict[str, list[tuple[int, str, Benefit]]] = {}
    counters: dict[str, tuple[object, ...]] = {name: (cap.per, cap.owner, cap.of) for name, cap in caps.items()}
    tables = {path.name for path in (folder / "schemes" / code).glob("*.csv")}
    only_named(folder, f"schemes/{code}", (".yaml", ".csv"))
    for path in sorted((folder / "schemes" / code).glob("*.yaml")):
        if path.name == "scheme.yaml":
            continue
        at = replace(place, file=f"schemes/{code}/{path.name}")
        source = document(folder, at.file, BenefitFile)
        tables.discard(source.packages)
        benefit = _benefit(folder, at, f"{code}.{path.stem}", source, caps, region)
        for name, kind in _counters(benefit):
            if counters.setdefault(name, kind) != kind:
                raise at.wrong("counter", f"{name} counts something else in another place of the scheme")
        for care in source.cares:
            if care not in CARES:
                raise at.wrong("cares", f"one of {', '.join(CARES)}")
            mine = found.setdefault(care, [])
            if any(rank == int(source.rank) for rank, _, _ in mine):
                raise at.wrong("cares", f"another benefit for {care} has the same rank")
            mine.append((int(source.rank), path.stem, benefit))
    if not found:
        raise RulebookError(place.file, "document", "the scheme has no benefit")
    if tables:
        raise RulebookError(f"schemes/{code}/{min(tables)}", "document", "no benefit names this table")
    for care, mine in found.items():
        _reachable(code, care, [benefit for _, _, benefit in sorted(mine, key=lambda one: one[:2])])
    return {care: tuple(b for _, _, b in sorted(mine, key=lambda one: one[:2])) for care, mine in found.items()}


def _reachable(code: str, care: str, benefits: Sequence[Benefit]) -> None:
    """A benefit for every case and line takes all: what has a higher rank is never asked."""
    for number, benefit in enumerate(benefits[:-1]):
        if not (benefit.when or benefit.lines or benefit.refuses or benefit.package):
            after = benefits[number + 1]
            if {take.part for take in after.takes} <= {take.part for take in benefit.takes}:
                file = f"schemes/{code}/{after.name}.yaml"
                raise RulebookError(file, "rank", f"{benefit.name} takes everything of {care} before it")


def _benefit(
    folder: Path, place: Place, rule: str, source: BenefitFile, caps: Mapping[str, Cap], region: Region
) -> Benefit:
    for name in source.caps:
        if name not in caps:
            raise place.wrong("caps", f"the scheme has no cap {name}")
    for mark in source.when:
        if mark not in place.marks:
            raise place.wrong("when", f"the scheme has no mark {mark}")
    takes = _takes(place, rule, source)
    if source.basis is not Basis.LEFT and any(take.share or take.left_by for take in takes):
        raise place.wrong("basis", "a share of a part goes with basis: left alone")
    if source.each is Each.LINE and source.deductible and source.deductible.continues:
        raise place.wrong("deductible.continues", "goes with each: bill: a line is not the stay that goes on")
    benefit = Benefit(
        takes=takes,
        bands=_bands(place, rule, source.bands),
        deductible=_deductible(place, rule, source.deductible) if source.deductible else None,
        caps=tuple(caps[name] for name in source.caps),
        name=rule.partition(".")[2],
        when=tuple(source.when),
        lines=_lines(place, "lines", source.lines, region),
        refuses=_lines(place, "refuses", source.refuses, region),
        waiting=days_parameter(place, f"{rule}.waiting", "waiting", source.waiting) if source.waiting else None,
        each=source.each,
        least=_amount(place, rule, "least", source.least),
        basis=source.basis,
        package=_priced_items(folder, place, rule, source, region)
        if source.packages
        else _package(place, rule, source, region),
        account=source.account,
        account_owner=source.account_owner,
        first_part=_first_part(place, rule, source),
        approved=source.approved,
    )
    names = [name for name, _ in _counters(benefit)] + [cap.name for cap in benefit.caps if cap.per in RUNNING]
    if len(set(names)) != len(names):
        raise place.wrong("counter", "two counters or caps of the benefit have one name")
    return benefit


def _counters(benefit: Benefit) -> list[tuple[str, tuple[object, ...]]]:
    """The names of what the benefit counts beside its caps, each with what makes it another counter."""
    found: list[tuple[str, tuple[object, ...]]] = []
    deductible, bands = benefit.deductible, benefit.bands
    if deductible and deductible.per in RUNNING:
        found.append((deductible.counter, (deductible.per, deductible.owner, "met")))
    if deductible and deductible.later:
        found.append((deductible.counter, (Per.YEAR, Owner.MEMBER, "bills")))
    if deductible and deductible.continues:
        found.append((deductible.chain, (Per.EVER, Owner.MEMBER, "chain")))
    if deductible and deductible.sum_cap:
        found.append((deductible.sum_cap.name, (deductible.sum_cap.per, deductible.sum_cap.owner, "deducted")))
    if bands.per in RUNNING:
        found.append((bands.counter, (bands.per, bands.owner, bands.counts)))
    if benefit.account:
        found.append((benefit.account, (Per.EVER, benefit.account_owner, "account")))
    return found


def _takes(place: Place, rule: str, source: BenefitFile) -> tuple[Take, ...]:
    found: list[Take] = []
    for number, one in enumerate(source.takes):
        key = f"takes[{number}]"
        take = one if isinstance(one, TakeFile) else TakeFile(part=one)
        if take.part not in PARTS or take.part in {known.part for known in found}:
            raise place.wrong(key, f"takes are different ones of {', '.join(PARTS)}")
        if not set(take.left_by) <= set(STAGES):
            raise place.wrong(f"{key}.left_by", f"some of {', '.join(STAGES)}")
        share = None
        if take.share:
            share = ratio_parameter(place, f"{rule}.takes.{take.part}", f"{key}.share", take.share)
            covered(place, f"{key}.share", share)
        found.append(Take(take.part, share, tuple(take.left_by)))
    return tuple(found)


def _lines(place: Place, key: str, source: LinesFile | None, region: Region) -> Lines | None:
    if source is None:
        return None
    if not (source.kinds or source.items or source.classes):
        raise place.wrong(key, "names kinds, items or classes")
    for kind in source.kinds:
        if kind not in KINDS:
            raise place.wrong(f"{key}.kinds", f"no such kind: {kind}")
    for one in source.classes:
        if one not in CLASSES:
            raise place.wrong(f"{key}.classes", f"one of {', '.join(CLASSES)}")
    _items(place, f"{key}.items", source.items, region)
    return Lines(tuple(source.kinds), tuple(source.items), tuple(source.classes))


def _items(place: Place, key: str, items: Sequence[str], region: Region) -> None:
    for item in items:
        if item not in region.items:
            raise place.wrong(key, f"the catalogue has no item {item}")


def _package(place: Place, rule: str, source: BenefitFile, region: Region) -> Package | None:
    package = source.package
    if package is None:
        return None
    if not (package.items or package.diagnoses):
        raise place.wrong("package", "names items or diagnoses that it is for")
    if source.basis is not Basis.LEFT or source.each != "bill":
        raise place.wrong("package", "a fixed price is for the whole bill, with basis: left")
    _items(place, "package.items", package.items, region)
    price = amount_parameter(place, f"{rule}.package", "package", package)
    return Package(price, tuple(package.items), tuple(package.diagnoses))


def _priced_items(folder: Path, place: Place, rule: str, source: BenefitFile, region: Region) -> Package:
    """The package of a benefit that names a table of fixed prices."""
    if source.package:
        raise place.wrong("packages", "a table of prices or one package, not both")
    if source.basis is not Basis.LEFT or source.each != "bill":
        raise place.wrong("packages", "a fixed price is for the whole bill, with basis: left")
    file = f"{Path(place.file).parent.as_posix()}/{source.packages}"
    prices = packages(folder, replace(place, file=file), f"{rule}.packages", region.items)
    return Package(None, tuple(prices), (), prices)


def _amount(place: Place, rule: str, key: str, source: ParameterFile | None) -> Parameter[int] | None:
    return amount_parameter(place, f"{rule}.{key}", key, source) if source else None


def _first_part(place: Place, rule: str, source: BenefitFile) -> Parameter[Fraction] | None:
    if source.account_owner is not Owner.MEMBER and not source.account:
        raise place.wrong("account_owner", "goes with account")
    if source.account_owner is Owner.CONTRACT:
        raise place.wrong("account_owner", "an account is a member's or a family's")
    if source.first_part is None:
        return None
    return ratio_parameter(place, f"{rule}.first_part", "first_part", source.first_part)


def _bands(place: Place, rule: str, source: BandsFile) -> Bands:
    _runs(place, "bands", source.per, source.counter)
    if source.hold is Hold.ALL and source.per is not Per.BILL:
        raise place.wrong("bands.hold", "a ratio for all of a sum goes with per: bill")
    ratios = bands_parameter(place, f"{rule}.bands", "bands", source)
    covered(place, "bands", ratios)
    return Bands(source.per, ratios, source.counter, source.counts, source.owner, source.hold)


def _deductible(place: Place, rule: str, source: DeductibleFile) -> Deductible:
    _runs(place, "deductible", source.per, source.counter)
    if source.later and source.per is not Per.BILL:
        raise place.wrong("deductible.later", "goes with per: bill")
    amount = amount_parameter(place, f"{rule}.deductible", "deductible", source)
    covered(place, "deductible", amount)
    later = least = sum_cap = None
    if source.later:
        later = ratios_parameter(place, f"{rule}.deductible.later", "deductible.later", source.later)
        if source.later.least:
            key = "deductible.later.least"
            least = amount_parameter(place, f"{rule}.{key}", key, source.later.least)
    if source.sum_cap:
        key, one = "deductible.sum_cap", source.sum_cap
        if one.per not in RUNNING:
            raise place.wrong(f"{key}.per", "a sum runs through a month, a year, a period or for ever")
        place.counts(f"{key}.per", one.per)
        sum_cap = Cap(one.counter, one.owner, amount_parameter(place, f"{rule}.{key}", key, one), per=one.per)
    counter = source.counter or (source.later.counter if source.later else "")
    marks, chain = _continues(place, source)
    return Deductible(source.per, amount, later, counter, source.owner, least, sum_cap, source.off, marks, chain)


def _continues(place: Place, source: DeductibleFile) -> tuple[tuple[str, ...], str]:
    one = source.continues
    if one is None:
        return (), ""
    if source.per is not Per.BILL:
        raise place.wrong("deductible.continues", "goes with per: bill")
    if one.counter == PERIOD:
        raise place.wrong("deductible.continues.counter", "another word: so the scheme's own time is called")
    for mark in one.marks:
        if mark not in place.marks:
            raise place.wrong("deductible.continues.marks", f"the scheme has no mark {mark}")
    return tuple(one.marks), one.counter


def _runs(place: Place, key: str, per: Per, counter: str) -> None:
    if (per in RUNNING) != bool(counter):
        raise place.wrong(f"{key}.counter", "goes with per: month, year, period or ever, and only with them")
    place.counts(f"{key}.per", per)
    if key == "bands" and per in (Per.DAY, Per.NIGHT):
        raise place.wrong("bands.per", "bands are of a bill, a month, a year, a period or for ever")
