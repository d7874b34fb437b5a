"""Times that begin with a bill: a scheme's period (of so many days or months), and chains of bills that go on with one deductible.

PURE. Rules
    * Such a time has a number, which is the ``year`` of the accumulators that count in it: the day on which it began (``YYYYMMDD``); of a chain
      two digits more, for several may begin on one day.
    * Every bill leaves a tally: an accumulator whose name is the time's with the number behind it (``period.20260105``), whose ``year`` is the bill's
      last day, and which counts bills. So nothing is ever set, all is added, and taking bills back in any order leaves what
      the others have added.
    * In which time a bill lies is decided before it is settled, from the tallies (:func:`placed`), and then stands in the facts. Without that
      the bill begins a time of its own.
    * Before chains had numbers a member had one of each name, without tallies, and it holds what the last bill met: it is the chain 0, with
      which a bill goes on where no other has begun.
    * A bill of a day before a period, that comes late and would have begun one which reaches into it, goes along with that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from central_sync.benefits.choices import After, Owner, Per
from central_sync.benefits.facts import AccumulatorKey, CaseFacts, CoverFacts
from central_sync.benefits.parameters import MONTHS, Benefit, Scheme
from central_sync.terms.days import months_after

PERIOD = "period"
"""What a scheme's period is called among its accumulators: no counter may be."""
IN_A_DAY = 100
"""So many chains may begin on one day."""
OF_BEFORE = 0
"""The chain of what was met before chains had numbers."""

Number = int
"""Of a period or chain."""


class Family(NamedTuple):
    """Whose times of that name are asked for: the tallies of all of them."""

    owner: str
    layer: str
    scheme: str
    name: str

    @property
    def of_before(self) -> AccumulatorKey:
        """The accumulator of the one chain of this name that a member had before chains had numbers."""
        return AccumulatorKey(*self, OF_BEFORE)

    def number_in(self, key: AccumulatorKey) -> Number | None:
        """The number of the time whose tally ``key`` is, if it is one of this family."""
        head, point, number = key.name.rpartition(".")
        return int(number) if key[:3] == self[:3] and point and head == self.name and number.isdecimal() else None

    def tally(self, began: date, last: date) -> AccumulatorKey:
        """The tally of a bill whose last day is ``last``, in the period of this family that began on ``began``."""
        return AccumulatorKey(*self[:3], f"{self.name}.{numbered(began)}", numbered(last))


class Asked(NamedTuple):
    """A benefit that counts in a time of ``family``: by which cover of which scheme."""

    family: Family
    cover: CoverFacts
    scheme: Scheme
    benefit: Benefit


def numbered(day: date) -> Number:
    """``day`` as a number."""
    return day.year * 10_000 + day.month * 100 + day.day


def begins(facts: CaseFacts) -> date:
    """The first day of the case."""
    return facts.admitted or facts.day


def number_of(facts: CaseFacts, owner: str, scheme: Scheme, name: str) -> Number:
    """The number of the time of that name in which the case lies."""
    for family, number in facts.began:
        if family == (owner, scheme.layer, scheme.code, name):
            return number
    day = numbered(begins(facts))
    return day if name == PERIOD else day * IN_A_DAY


def tally_key(facts: CaseFacts, owner: str, scheme: Scheme, name: str) -> AccumulatorKey:
    """The accumulator in which the case leaves its tally."""
    number = number_of(facts, owner, scheme, name)
    return AccumulatorKey(owner, scheme.layer, scheme.code, f"{name}.{number}", numbered(facts.day))


def counts_by_period(benefit: Benefit) -> bool:
    """Whether something of the benefit is counted by the scheme's period."""
    deductible = benefit.deductible
    pers = [benefit.bands.per, *(cap.per for cap in benefit.caps)]
    if deductible:
        pers += [deductible.per, *([deductible.sum_cap.per] if deductible.sum_cap else [])]
    return Per.PERIOD in pers


def asked(
    paying: Iterable[tuple[CoverFacts, Scheme, Benefit]], owners: Mapping[tuple[CoverFacts, Owner], str]
) -> Iterator[Asked]:
    """The benefits among ``paying`` that count in a time which begins with a bill; ``owners`` are whose accumulators are a cover's."""
    for cover, scheme, benefit in paying:
        if scheme.period and counts_by_period(benefit):
            owner = owners[cover, scheme.period.owner]
            yield Asked(Family(owner, scheme.layer, scheme.code, PERIOD), cover, scheme, benefit)
        if benefit.deductible and benefit.deductible.continues:
            family = Family(owners[cover, Owner.MEMBER], scheme.layer, scheme.code, benefit.deductible.chain)
            yield Asked(family, cover, scheme, benefit)


def placed(facts: CaseFacts, found: Iterable[Asked], tallies: Mapping[AccumulatorKey, int]) -> CaseFacts:
    """``facts`` with the number of each time in which the case lies, by the ``tallies`` of the bills that were settled before (what else is among
    them is passed over).
    """
    began: dict[Family, Number] = {}
    for one in found:
        if one.family in began:
            continue
        known = _known(one.family, tallies)
        if one.family.name == PERIOD:
            began[one.family] = _period(facts, one, known)
        else:
            began[one.family] = _chain(facts, one.benefit, known)
    return replace(facts, began=tuple(began.items())) if began else facts


def _known(family: Family, tallies: Mapping[AccumulatorKey, int]) -> dict[Number, int]:
    """The family's times that any bill lies in, with the last day of the last one."""
    known: dict[Number, int] = {}
    for key, bills in tallies.items():
        number = family.number_in(key) if bills > 0 else None
        if number is not None:
            known[number] = max(known.get(number, 0), key.year)
        elif bills > 0 and key == family.of_before:
            known.setdefault(OF_BEFORE, 0)
    return known


def _period(facts: CaseFacts, one: Asked, known: Mapping[Number, int]) -> Number:
    first, period = begins(facts), one.scheme.period
    assert period is not None
    row = period.lasts.at(facts.day, facts.tier, one.cover.group, facts.marks, facts.age)
    if row is None or row.value is None:
        return numbered(first)

    def over(day: date) -> date:
        assert row.value is not None
        if period.lasts.unit == MONTHS:
            return months_after(day, row.value, one.scheme.calendar)
        return day + timedelta(days=row.value)

    def runs_from(began: date, last: date) -> date:
        return over(began if period.after is After.FIRST else max(began, last))

    times = [(day_of(number), day_of(last), number) for number, last in known.items()]
    now = [number for began, last, number in times if began <= first < runs_from(began, last)]
    if now:
        return max(now)
    late = [number for began, _, number in times if first < began < runs_from(first, facts.day)]
    return min(late, default=numbered(first))


def _chain(facts: CaseFacts, benefit: Benefit, known: Mapping[Number, int]) -> Number:
    deductible, day = benefit.deductible, numbered(begins(facts))
    assert deductible is not None
    before = [number for number in known if number // IN_A_DAY <= day]
    if before and any(mark in facts.marks for mark in deductible.continues):
        return max(before)
    return next(number for number in range(day * IN_A_DAY, (day + 1) * IN_A_DAY) if number not in known)


def day_of(number: int) -> date:
    """The day that :func:`numbered` made a number of."""
    return date(number // 10_000, number // 100 % 100, number % 100)
