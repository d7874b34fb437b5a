"""Looks up what of a scheme is in force for one kind of case, once: the plan serves every case of that kind.

PURE. A plan is of one scheme, kind of care, day, tier, group, and of the marks and the age as far as the scheme's values tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from central_sync.benefits.choices import (
    RUNNING,
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
from central_sync.benefits.eligibility import applicable, period_of
from central_sync.benefits.exact import exact, exactly_split
from central_sync.benefits.facts import CaseFacts, CoverFacts
from central_sync.benefits.kept import Kept, remember
from central_sync.benefits.parameters import (
    MONTHS,
    Band,
    Bands,
    Benefit,
    Cap,
    Deductible,
    Package,
    Parameter,
    Rulebook,
    Scheme,
)
from central_sync.benefits.periods import PERIOD
from central_sync.benefits.plans import (
    CHAIN,
    BandsValue,
    CapValue,
    Counter,
    DeductibleValue,
    PackageValue,
    Plan,
    Ready,
    TakeValue,
    Value,
    ladder,
)
from central_sync.terms.money import NEAREST, split

_PLANS_MAX = 2_000
"""How many plans of a rulebook are kept: about 10 MB when full."""

T = TypeVar("T")


class Plans:
    """The plans of one rulebook, and what each of its schemes tells apart."""

    __slots__ = ("_known", "_senses")

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Plan] = {}
        self._senses: dict[str, tuple[bool, frozenset[str]]] = {}

    def of(self, scheme: Scheme, facts: CaseFacts, cover: CoverFacts) -> Plan:
        """The plan of the cover's scheme for a case; it has no benefits where the scheme has none for such a case."""
        sense = self._senses.get(scheme.code)
        if sense is None:
            sense = self._senses[scheme.code] = _sense(scheme)
        ages, marks = sense
        told = tuple(mark for mark in facts.marks if mark in marks) if facts.marks else ()
        age = facts.age if ages else -1
        key = (scheme.code, facts.care, facts.day, facts.tier, cover.group, not cover.family, told, age)
        found = self._known.get(key)
        if found is None:
            found = remember(self._known, key, Compiler(scheme, facts, cover).plan(), _PLANS_MAX)
        return found


_PLANS: Kept[Rulebook, Plans] = Kept(Plans)


def plans(rulebook: Rulebook) -> Plans:
    """The plans of a rulebook."""
    return _PLANS.of(rulebook)


def _sense(scheme: Scheme) -> tuple[bool, frozenset[str]]:
    """Whether the scheme's values tell ages apart, and which marks they do."""
    rows = [row for benefits in scheme.benefits.values() for b in benefits for one in parameters(b) for row in one.rows]
    rows += scheme.period.lasts.rows if scheme.period else ()
    marks = {row.mark for row in rows if row.mark}
    for benefits in scheme.benefits.values():
        for benefit in benefits:
            marks.update(benefit.when, benefit.deductible.continues if benefit.deductible else ())
    return any(row.ages for row in rows), frozenset(marks)


def parameters(benefit: Benefit) -> Iterator[Parameter[Any]]:
    """Every parameter of a benefit."""
    deductible, package = benefit.deductible, benefit.package
    caps = [*benefit.caps]
    if deductible:
        yield from (one for one in (deductible.amount, deductible.later, deductible.least) if one)
        caps += [deductible.sum_cap] if deductible.sum_cap else []
    yield from (cap.amount for cap in caps)
    yield from (take.share for take in benefit.takes if take.share)
    others = (benefit.bands.ratios, benefit.waiting, benefit.first_part, benefit.least, package and package.price)
    yield from (one for one in others if one)
    if package:
        yield from package.prices.values()


class Compiler:
    """Looks up what is in force for one kind of case."""

    def __init__(self, scheme: Scheme, facts: CaseFacts, cover: CoverFacts) -> None:
        self._scheme = scheme
        self._facts = facts
        self._cover = cover
        self._age = facts.age
        self._counters: dict[Counter, int] = {}

    def plan(self) -> Plan:
        """The whole plan."""
        scheme, care = self._scheme, self._facts.care
        chosen = applicable(scheme, self._facts) if care in scheme.benefits else ()
        ready = tuple(self._benefit(place, one) for place, one in enumerate(chosen))
        choices = tuple(lines for one in chosen for lines in (one.lines, one.refuses) if lines)
        return Plan(
            scheme=scheme,
            nearest=exact if scheme.rounding.at is RoundedAt.TOGETHER else NEAREST[scheme.rounding.mode],
            split=exactly_split if scheme.rounding.at is RoundedAt.TOGETHER else split,
            exact=scheme.rounding.at is RoundedAt.TOGETHER,
            rounds_claim=scheme.rounding.at is RoundedAt.CLAIM,
            benefits=ready,
            counters=tuple(self._counters),
            personal=self._personal(),
            choices=choices,
            by_line=any(one.by_line for one in ready),
            secondary=any(one.secondary for one in ready),
            packaged=any(one.package is not None for one in ready),
            begins=self._begins(),
            period=self._value(scheme.period.lasts) if scheme.period else None,
        )

    def _personal(self) -> tuple[tuple[str, str, str, int], ...] | None:
        if any(not one.personal or one.period < 0 for one in self._counters):
            return None
        scheme = self._scheme
        return tuple((scheme.layer, scheme.code, one.name, one.period) for one in self._counters)

    def _value(self, parameter: Parameter[T] | None) -> Value[T] | None:
        facts = self._facts
        row = parameter.at(facts.day, facts.tier, self._cover.group, facts.marks, self._age) if parameter else None
        if parameter is None or row is None or row.value is None:
            return None
        return Value(row.value, parameter.rule, parameter.text, row.from_day, row.reference)

    def _bare(self, parameter: Parameter[T] | None) -> T | None:
        found = self._value(parameter)
        return found.value if found else None

    def _counter(self, name: str, per: Per = Per.YEAR, owner: Owner = Owner.MEMBER) -> int:
        if owner is Owner.FAMILY and not self._cover.family:
            owner = Owner.MEMBER  # so that two counters are never one accumulator
        scheme = self._scheme
        fixed = per is not Per.PERIOD and scheme.year_starts != "cover" and scheme.counted_on is CountedOn.DISCHARGE
        period = period_of(self._facts, self._cover, scheme, per) if fixed else -1
        return self._counters.setdefault(Counter(name, per, owner, period, owner is Owner.MEMBER), len(self._counters))

    def _chain(self, name: str) -> int:
        return self._counters.setdefault(Counter(name, Per.EVER, Owner.MEMBER, CHAIN, True), len(self._counters))

    def _begins(self) -> dict[int, str]:
        named = {}
        for counter, place in self._counters.items():
            if counter.period == CHAIN or counter.per is Per.PERIOD:
                named[place] = counter.name if counter.period == CHAIN else PERIOD
        return named

    def _cap(self, cap: Cap) -> CapValue:
        counter = self._counter(cap.name, cap.per, cap.owner) if cap.per in RUNNING else -1
        return CapValue(cap.name, self._value(cap.amount), cap.per, counter)

    def _benefit(self, place: int, benefit: Benefit) -> Ready:
        several = len(self._scheme.benefits[self._facts.care]) > 1
        rule = f"{self._scheme.code}.{benefit.name if several else self._facts.care}"
        takes = {
            take.part: TakeValue(take.part, take.left_by, take.share is not None, self._bare(take.share))
            for take in benefit.takes
        }
        caps = {of: tuple(self._cap(cap) for cap in benefit.caps if cap.of is of) for of in Of}
        return Ready(
            name=benefit.name,
            place=place,
            rule=rule,
            takes=takes,
            parts=tuple(take.part for take in benefit.takes),
            lines=benefit.lines,
            refuses=benefit.refuses,
            waiting=self._value(benefit.waiting),
            waits_months=benefit.waiting is not None and benefit.waiting.unit == MONTHS,
            first_part=self._value(benefit.first_part),
            counted_caps=caps[Of.COUNTED],
            own_caps=caps[Of.PATIENT],
            paid_caps=caps[Of.PAID],
            deductible=self._deductible(benefit.deductible) if benefit.deductible else None,
            bands=self._bands(benefit.bands),
            least=self._value(benefit.least),
            by_line=benefit.each is Each.LINE,
            secondary=benefit.basis is not Basis.LEFT,
            basis=benefit.basis,
            package=self._package(benefit.package) if benefit.package else None,
            account=self._counter(benefit.account, Per.EVER, benefit.account_owner) if benefit.account else -1,
            approved=benefit.approved,
            choosy=benefit.lines is not None or benefit.refuses is not None,
            shares=any(take.share is not None for take in benefit.takes),
            takes_rule=f"{rule}.takes",
            looked=(", ".join(take.part for take in benefit.takes),),
        )

    def _package(self, package: Package) -> PackageValue:
        prices = {item: found for item, one in package.prices.items() if (found := self._value(one))}
        return PackageValue(
            None if package.prices else self._value(package.price), prices, package.items, package.diagnoses
        )

    def _deductible(self, rule: Deductible) -> DeductibleValue:
        running, counts_bills = rule.per in RUNNING, rule.later is not None and rule.per not in RUNNING
        counter = -1
        if running:
            counter = self._counter(rule.counter, rule.per, rule.owner)
        elif counts_bills:
            counter = self._counter(rule.counter)
        return DeductibleValue(
            amount=self._value(rule.amount),
            per=rule.per,
            by_day=rule.per in (Per.DAY, Per.NIGHT),
            counter=counter,
            running=running,
            counts_bills=counts_bills,
            chain=self._chain(rule.chain) if rule.continues else -1,
            goes_on=any(mark in self._facts.marks for mark in rule.continues),
            later=self._bare(rule.later) or None,
            least=self._bare(rule.least),
            sum_cap=self._cap(rule.sum_cap) if rule.sum_cap else None,
            off_payment=rule.off is Off.PAYMENT,
        )

    def _bands(self, bands: Bands) -> BandsValue:
        found = self._value(bands.ratios)
        found = found if found and found.value else None
        alone = found is not None and bands.hold is Hold.ALL
        return BandsValue(
            rule=bands.ratios.rule,
            wording=bands.ratios.text,
            counter=self._counter(bands.counter, bands.per, bands.owner) if bands.per in RUNNING else -1,
            gross=bands.counts is Counts.GROSS,
            to_payer=self._scheme.rounding.last_coin is LastCoin.PAYER,
            in_units=self._scheme.rounding.to != 1 and self._scheme.rounding.at is RoundedAt.LAYER,
            ratios=found,
            ladder=ladder(found.value) if found else None,
            alone=tuple(ladder((Band(0, band.ratio),)) for band in found.value) if found and alone else (),
        )
