"""Which covers are in force, in which order they are asked, and what they count.

PURE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import pairwise

from central_sync.benefits import periods
from central_sync.benefits.choices import RUNNING, CountedOn, Of, Owner, Per
from central_sync.benefits.facts import AccumulatorKey, Balance, CaseFacts, CoverFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import (
    LAYERS,
    Benefit,
    Cap,
    Rulebook,
    Scheme,
)
from central_sync.benefits.results import TraceStep
from central_sync.terms.days import Calendar, display, unbroken_since

_DAYS_KEPT = 4096
_PLACES = {layer: place for place, layer in enumerate(LAYERS)}
_LAST = len(LAYERS)


class SchemesClash(ValueError):
    """Two schemes of a member claim the same place: they are of one layer and rank, and no law says which pays first.

    ``layer`` and ``schemes`` (in the order of their codes) say which.
    """

    def __init__(self, layer: str, schemes: tuple[str, str]) -> None:
        super().__init__(f"{layer}: {' and '.join(schemes)} are of one rank")
        self.layer = layer
        self.schemes = schemes


def clash(one: Scheme, other: Scheme) -> SchemesClash | None:
    """What is wrong with two schemes that are to pay for one case: nothing, if one of them comes first."""
    if one.code == other.code or (one.layer, one.rank) != (other.layer, other.rank):
        return None
    first, second = sorted((one.code, other.code))
    return SchemesClash(one.layer, (first, second))


def clashing(rulebook: Rulebook, facts: CaseFacts) -> SchemesClash | None:
    """The first two covers in force that clash for this case, if any do; a cover that can pay nothing is in nobody's way."""
    covers = ordered(rulebook, facts)
    able = [rulebook.schemes[c.scheme] for c in covers if obstacle(rulebook, facts, c, covers) is None]
    found = (clash(one, other) for one, other in pairwise(able))
    return next((one for one in found if one), None)


def in_force(cover: CoverFacts, day: date) -> bool:
    """Whether ``cover`` holds on ``day``; its first and last day are included."""
    return cover.from_day <= day and (cover.to_day is None or day <= cover.to_day)


def ordered(rulebook: Rulebook, facts: CaseFacts) -> tuple[CoverFacts, ...]:
    """The covers in force on the day of the case in the order in which they pay. Of one contract there is one: it says what the row says that
    began last, and it began with the first of those that follow each other without a gap.
    """
    day, schemes = facts.day, rulebook.schemes
    held: dict[tuple[int, int, str, str, str], CoverFacts] = {}
    for cover in facts.covers:
        if cover.from_day <= day and (cover.to_day is None or day <= cover.to_day):
            scheme = schemes.get(cover.scheme)
            rank = scheme.rank if scheme else 0
            place = _PLACES.get(cover.layer, _LAST), rank, cover.scheme, cover.contract, cover.layer
            if place not in held or held[place].from_day <= cover.from_day:
                held[place] = cover
    found = [held[place] for place in sorted(held)]
    return tuple(found) if len(found) == len(facts.covers) else tuple([_unbroken(one, facts) for one in found])


def _unbroken(cover: CoverFacts, facts: CaseFacts) -> CoverFacts:
    """``cover`` with the first day of its contract."""
    mine = (cover.layer, cover.scheme, cover.contract)
    rows = [(one.from_day, one.to_day) for one in facts.covers if (one.layer, one.scheme, one.contract) == mine]
    since = unbroken_since(cover.from_day, rows)
    return cover if since == cover.from_day else replace(cover, from_day=since)


def entitled(rulebook: Rulebook, facts: CaseFacts) -> bool:
    """Whether any cover in force has a benefit for this kind of care on that day."""
    return any(obstacle(rulebook, facts, cover) is None for cover in ordered(rulebook, facts))


def obstacle(
    rulebook: Rulebook, facts: CaseFacts, cover: CoverFacts, covers: Sequence[CoverFacts] | None = None
) -> TraceStep | None:
    """Why a cover in force can pay nothing for this case; ``None`` if it can. ``covers`` are all that are in force, if they are known."""
    scheme = rulebook.schemes.get(cover.scheme)
    if scheme is None or scheme.layer != cover.layer:
        return _obstacle(Kind.NO_SUCH_SCHEME)
    if scheme.currency != rulebook.regions[facts.region].currency:
        return _obstacle(Kind.OTHER_CURRENCY)
    others = ordered(rulebook, facts) if covers is None and scheme.requires else covers or ()
    if scheme.requires and all(other.layer != scheme.requires for other in others):
        return _obstacle(Kind.LAYER_REQUIRED, scheme.requires)
    benefits = scheme.benefits.get(facts.care)
    if benefits is None:
        return _obstacle(Kind.NO_SUCH_BENEFIT, facts.care)
    if (not benefits or benefits[-1].when) and not applicable(scheme, facts):
        return _obstacle(Kind.NO_BENEFIT_FOR_CASE, facts.care)
    return None


def applicable(scheme: Scheme, facts: CaseFacts) -> tuple[Benefit, ...]:
    """The scheme's benefits for this kind of care whose marks the case has, in the order in which they are asked."""
    return tuple(b for b in scheme.benefits[facts.care] if not b.when or all(mark in facts.marks for mark in b.when))


def paying(rulebook: Rulebook, facts: CaseFacts) -> Iterator[tuple[CoverFacts, Scheme, Benefit]]:
    """The benefits of the covers that can pay for this case, in order, with cover and scheme."""
    for cover in ordered(rulebook, facts):
        if obstacle(rulebook, facts, cover) is None:
            scheme = rulebook.schemes[cover.scheme]
            for benefit in applicable(scheme, facts):
                yield cover, scheme, benefit


def accumulator_keys(rulebook: Rulebook, facts: CaseFacts) -> tuple[AccumulatorKey, ...]:
    """Every accumulator that settling this case may read or change, sorted: the order in which to lock them."""
    keys: set[AccumulatorKey] = set()
    for cover, scheme, benefit in paying(rulebook, facts):
        deductible, bands, caps = benefit.deductible, benefit.bands, [*benefit.caps]
        if deductible:
            if deductible.per in RUNNING:
                keys.add(counter_key(facts, cover, scheme, deductible.counter, deductible.per, deductible.owner))
            elif deductible.later:
                keys.add(counter_key(facts, cover, scheme, deductible.counter))
            if deductible.continues:
                keys.update(chain_keys(facts, scheme, deductible.chain))
            if deductible.sum_cap:
                caps.append(deductible.sum_cap)
        if bands.per in RUNNING:
            keys.add(counter_key(facts, cover, scheme, bands.counter, bands.per, bands.owner))
        keys.update(cap_key(facts, cover, scheme, cap) for cap in caps if cap.per in RUNNING)
        if benefit.account:
            keys.add(counter_key(facts, cover, scheme, benefit.account, Per.EVER, benefit.account_owner))
        if scheme.period and periods.counts_by_period(benefit):
            keys.add(periods.tally_key(facts, owner_of(facts, cover, scheme.period.owner), scheme, periods.PERIOD))
    return tuple(sorted(keys))


def chain_keys(facts: CaseFacts, scheme: Scheme, chain: str) -> tuple[AccumulatorKey, AccumulatorKey]:
    """The accumulators of what the bills that go on with one deductible have met, and of the case's tally among them."""
    owner = f"member:{facts.member}"
    number = periods.number_of(facts, owner, scheme, chain)
    met = AccumulatorKey(owner, scheme.layer, scheme.code, chain, number)
    return met, periods.tally_key(facts, owner, scheme, chain)


def begun(rulebook: Rulebook, facts: CaseFacts) -> tuple[periods.Asked, ...]:
    """What counts for the case in times that begin with a bill: to place it there (:func:`placed`) the tallies of these families are needed."""
    able = [(cover, scheme, benefit) for cover, scheme, benefit in paying(rulebook, facts) if _begins(scheme, benefit)]
    owners = {(cover, owner): owner_of(facts, cover, owner) for cover, _, _ in able for owner in Owner}
    return tuple(periods.asked(able, owners))


def _begins(scheme: Scheme, benefit: Benefit) -> bool:
    return scheme.period is not None or bool(benefit.deductible and benefit.deductible.continues)


def placed(rulebook: Rulebook, facts: CaseFacts, tallies: Mapping[AccumulatorKey, int]) -> CaseFacts:
    """``facts`` with the times that began with a bill, by the tallies among ``tallies``; who settles must have them."""
    found = begun(rulebook, facts)
    return periods.placed(facts, found, tallies) if found else facts


def balances(rulebook: Rulebook, facts: CaseFacts, accumulators: Mapping[AccumulatorKey, int]) -> tuple[Balance, ...]:
    """What the layers have paid in the running time under each of their caps and from accounts, in the order of the layers; a
    cap that several covers or benefits fill together stands once.
    """
    found: dict[AccumulatorKey, Balance] = {}
    for cover, scheme, benefit in paying(rulebook, facts):
        for cap in benefit.caps:
            if cap.of is not Of.PAID or cap.per not in RUNNING:
                continue
            key = cap_key(facts, cover, scheme, cap)
            row = cap.amount.at(facts.day, facts.tier, cover.group, facts.marks, facts.age)
            owner = key.owner.partition(":")[0]
            found[key] = Balance(scheme.layer, cap.name, accumulators.get(key, 0), row.value if row else None, owner)
        if benefit.account:
            key = counter_key(facts, cover, scheme, benefit.account, Per.EVER, benefit.account_owner)
            used, owner = accumulators.get(key, 0), key.owner.partition(":")[0]
            found[key] = Balance(scheme.layer, benefit.account, used, cover.deposited, owner, account=True)
    return tuple(found.values())


def counter_key(
    facts: CaseFacts,
    cover: CoverFacts,
    scheme: Scheme,
    counter: str,
    per: Per = Per.YEAR,
    owner: Owner = Owner.MEMBER,
) -> AccumulatorKey:
    """The accumulator of that name in the scheme's present month or year, or for ever."""
    whose, period = owner_of(facts, cover, owner), period_of(facts, cover, scheme, per)
    return AccumulatorKey(whose, scheme.layer, scheme.code, counter, period)


def owner_of(facts: CaseFacts, cover: CoverFacts, owner: Owner) -> str:
    """Whose accumulator it is: what is locked."""
    if owner is Owner.CONTRACT:
        return f"contract:{cover.contract}"
    if owner is Owner.FAMILY and cover.family:
        return f"family:{cover.family}"
    return f"member:{facts.member}"


def period_of(facts: CaseFacts, cover: CoverFacts, scheme: Scheme, per: Per) -> int:
    """The scheme's present year, month or period, or 0 for ever."""
    if per is Per.PERIOD:
        owner = owner_of(facts, cover, scheme.period.owner if scheme.period else Owner.MEMBER)
        return periods.number_of(facts, owner, scheme, periods.PERIOD)
    since = cover.from_day if scheme.year_starts == "cover" else None
    admission = scheme.counted_on is CountedOn.ADMISSION and facts.admitted
    return _period(admission or facts.day, scheme.calendar, per, scheme.year_starts, since)


def cap_key(facts: CaseFacts, cover: CoverFacts, scheme: Scheme, cap: Cap) -> AccumulatorKey:
    """The accumulator of what was counted, left or paid under ``cap`` in its present running time."""
    return counter_key(facts, cover, scheme, cap.name, cap.per, cap.owner)


@lru_cache(_DAYS_KEPT)
def _period(day: date, calendar: Calendar, per: Per, starts: str, since: date | None) -> int:
    if per is Per.EVER:
        return 0
    year, month, rest = display(day, calendar).split("-")
    if per is Per.MONTH:
        return int(year) * 100 + int(month)
    first = display(since, calendar)[-5:] if since else starts
    return int(year) - (f"{month}-{rest}" < first)


def _obstacle(kind: Kind, *values: str) -> TraceStep:
    return TraceStep("eligibility", kind, 0, values=values)
