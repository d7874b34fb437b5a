"""What settled cases would have cost under another rulebook: both run over all of them, each with accumulators of its own.

Rules
    * Cases run in the order in which they were settled. What an earlier case left in an accumulator the next one finds, in each rulebook by
      itself: a deductible that is met later under the new rules is met later.
    * Cases that share an accumulator's owner (member, family, contract) are a group; groups know nothing of each other, so they
      may run in any order and in several processes: the sums are the same.
    * A case that one of the rulebooks cannot settle is left out of both, and told with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from central_sync.benefits.choices import Owner
from central_sync.benefits.eligibility import begun, placed
from central_sync.benefits.facts import AccumulatorKey, CaseFacts
from central_sync.benefits.parameters import Benefit, Rulebook
from central_sync.benefits.periods import PERIOD
from central_sync.benefits.settlement import ItemUnknown, SchemesClash, accumulator_keys, settle
from central_sync.rulebook.settled import Settled


@dataclass(frozen=True, slots=True)
class Sums:
    """What a case comes to under one rulebook; ``shares`` are (layer, scheme, payer, amount)."""

    total: int
    patient: int
    difference: int
    shares: tuple[tuple[str, str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A case under both rulebooks; or why it is left out. ``place`` is that among all cases."""

    place: int
    before: Sums | None
    after: Sums | None
    problem: str = ""


def groups(cases: Sequence[Settled], books: Iterable[Rulebook]) -> list[list[int]]:
    """The places of the cases, those together that may touch one accumulator; by the first of each, in order."""
    shared = {scheme for book in books for scheme in _counted_by_contract(book)}
    leader: dict[str, str] = {}

    def first(owner: str) -> str:
        while leader.setdefault(owner, owner) != owner:
            leader[owner] = leader[leader[owner]]
            owner = leader[owner]
        return owner

    for one in cases:
        mine = first(f"member:{one.facts.member}")
        for cover in one.facts.covers:
            if cover.family:
                leader[first(f"family:{cover.family}")] = mine
            if cover.scheme in shared:
                leader[first(f"contract:{cover.contract}")] = mine
    found: dict[str, list[int]] = {}
    for place, one in enumerate(cases):
        found.setdefault(first(f"member:{one.facts.member}"), []).append(place)
    return list(found.values())


def run(old: Rulebook, new: Rulebook, cases: Iterable[tuple[int, Settled]]) -> Iterator[Pair]:
    """The cases of some groups, in their order, under both rulebooks."""
    counters: tuple[Counter[AccumulatorKey], Counter[AccumulatorKey]] = (Counter(), Counter())
    for place, one in cases:
        yield _pair(old, new, counters, place, one)


def _pair(
    old: Rulebook,
    new: Rulebook,
    counters: tuple[Counter[AccumulatorKey], Counter[AccumulatorKey]],
    place: int,
    one: Settled,
) -> Pair:
    found: list[Sums] = []
    moved: list[Mapping[AccumulatorKey, int]] = []
    unknown = set(one.used)
    for which, book, before in (("before", old, counters[0]), ("after", new, counters[1])):
        try:
            facts = _placed(book, one, before)
            unknown -= _seeded(book, one.used, facts, before)
            done = settle(book, facts, one.bill, before)
        except ItemUnknown as error:
            return Pair(place, None, None, f"{which}: the catalogue has no item {error.item} on that day")
        except SchemesClash as error:
            return Pair(place, None, None, f"{which}: {error}")
        except KeyError as error:
            return Pair(place, None, None, f"{which}: the rulebook has no region {error.args[0]}")
        except (ValueError, OverflowError):
            return Pair(place, None, None, f"{which}: a day of the case is out of the calendar's reach")
        shares = tuple((s.layer, s.scheme, s.payer, s.amount) for s in done.shares)
        found.append(Sums(done.total, done.patient, done.package_difference, shares))
        moved.append(done.deltas)
    if unknown:
        return Pair(place, None, None, f"used: neither rulebook has an accumulator {min(unknown)} for this case")
    for before, deltas in zip(counters, moved, strict=True):
        for key, amount in deltas.items():
            before[key] += amount
    return Pair(place, found[0], found[1])


def _placed(book: Rulebook, one: Settled, counters: Counter[AccumulatorKey]) -> CaseFacts:
    """The facts of a case with the times that began with a bill: one of the file, or, where it has none of the time, one that the case tells of."""
    if one.facts.region not in book.regions:
        return one.facts
    for asked in begun(book, one.facts):
        family = asked.family
        if family.name == PERIOD and not any(bills > 0 and family.number_in(key) for key, bills in counters.items()):
            counters.update({family.tally(*times): 1 for times in one.periods.get(family.scheme, ())})
    return placed(book, one.facts, counters)


def _seeded(book: Rulebook, used: Mapping[str, int], facts: CaseFacts, counters: Counter[AccumulatorKey]) -> set[str]:
    """Begin the accumulators that no earlier case has, with what the case says was used; the names that the rulebook knows."""
    if not used:
        return set()
    known = set()
    for key in accumulator_keys(book, facts):
        name = f"{key.scheme}.{key.name}"
        known.add(name)
        if key not in counters:
            counters[key] = used.get(name, 0)
    return known


def _counted_by_contract(book: Rulebook) -> Iterator[str]:
    """The schemes that count something for all members of a contract together."""
    for code, scheme in book.schemes.items():
        benefits = [one for several in scheme.benefits.values() for one in several]
        whole = scheme.period is not None and scheme.period.owner is Owner.CONTRACT
        if whole or any(Owner.CONTRACT in _owners(benefit) for benefit in benefits):
            yield code


def _owners(benefit: Benefit) -> set[Owner]:
    found = {cap.owner for cap in benefit.caps} | {benefit.bands.owner}
    if benefit.deductible:
        found.add(benefit.deductible.owner)
        found |= {benefit.deductible.sum_cap.owner} if benefit.deductible.sum_cap else set()
    return found
