"""A bill that is settled in parts: each settlement comes to what the whole up to now comes to, less what was settled before.

PURE. Therefore the parts add up to one settlement of all, to the coin, whatever the layers count: a deductible of the bill is taken once, its
bands and caps go on, and what a later part changes of an earlier one (a band that holds for all, a year that is another one) is made good
in the later one. A part may be negative then.

A bill that is settled again is computed as of its turn: what later bills have counted is taken off where it matters which bill was first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from central_sync.benefits.choices import RUNNING
from central_sync.benefits.eligibility import begun, counter_key, paying
from central_sync.benefits.facts import AccumulatorKey, CaseFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.periods import PERIOD, Family
from central_sync.benefits.results import Computation, Share, TraceStep

Payer = tuple[str, str, str, int]
"""Layer, scheme, payer, and which of several shares with these: a scheme pays for each contract by itself."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the settlements in force that came before have come to, added up."""

    total: int = 0
    patient: int = 0
    package_difference: int = 0
    shares: Mapping[Payer, int] = field(default_factory=dict)
    deltas: Mapping[AccumulatorKey, int] = field(default_factory=dict)


def added(parts: Iterable[Earlier]) -> Earlier:
    """All ``parts`` together."""
    total = patient = difference = 0
    shares: Counter[Payer] = Counter()
    deltas: Counter[AccumulatorKey] = Counter()
    for part in parts:
        total, patient = total + part.total, patient + part.patient
        difference += part.package_difference
        shares.update(part.shares)
        deltas.update(part.deltas)
    return Earlier(total, patient, difference, dict(shares), dict(deltas))


def payers(shares: Iterable[tuple[str, str, str, int]]) -> dict[Payer, int]:
    """Shares as (layer, scheme, payer, amount), in the order of a settlement, by who pays them."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[Payer, int] = {}
    for layer, scheme, payer, amount in shares:
        who = (layer, scheme, payer)
        found[*who, seen[who]] = amount
        seen[who] += 1
    return found


def without(
    accumulators: Mapping[AccumulatorKey, int], deltas: Mapping[AccumulatorKey, int]
) -> dict[AccumulatorKey, int]:
    """The accumulators as they would stand if ``deltas`` had not been added."""
    return {key: accumulators.get(key, 0) - deltas.get(key, 0) for key in accumulators.keys() | deltas.keys()}


class Turns:
    """The accumulators that say how far the bills of a running time have come; those of a chain of bills whatever their number."""

    def __init__(self, exact: Collection[AccumulatorKey], chains: Collection[Family]) -> None:
        self._exact = exact
        self._chains = chains

    def __contains__(self, key: AccumulatorKey) -> bool:
        return key in self._exact or any(key[:4] == one or one.number_in(key) is not None for one in self._chains)


def turns(rulebook: Rulebook, facts: CaseFacts) -> Turns:
    """The accumulators that say how far the bills of a running time have come: what a bill comes to depends on which were before it;
    and what the stay before has met of a deductible that goes on after a referral.
    Caps and running deductibles are none: whoever comes first uses them up, and what later bills used of them stays theirs.
    """
    exact: set[AccumulatorKey] = set()
    for cover, scheme, benefit in paying(rulebook, facts):
        deductible, bands = benefit.deductible, benefit.bands
        if deductible and deductible.later:
            exact.add(counter_key(facts, cover, scheme, deductible.counter))
        if bands.per in RUNNING:
            exact.add(counter_key(facts, cover, scheme, bands.counter, bands.per, bands.owner))
    chains = {one.family for one in begun(rulebook, facts) if one.family.name != PERIOD}
    return Turns(exact, chains)


def rest(whole: Computation, earlier: Earlier, serials: Collection[str]) -> Computation:
    """What ``whole`` comes to beyond ``earlier``; its lines are those with ``serials``. The deltas are those to be added to the
    accumulators as they stand, in which those of ``earlier`` are.
    """
    before = dict(earlier.shares)
    shares: list[Share] = []
    for share, key in zip(whole.shares, payers((s.layer, s.scheme, s.payer, 0) for s in whole.shares), strict=True):
        paid = before.pop(key, 0)
        shares.append(replace(share, amount=share.amount - paid, trace=(*share.trace, *_settled(share.scheme, paid))))
    shares += [
        Share(layer, scheme, payer, -paid, _settled(scheme, paid))
        for (layer, scheme, payer, _), paid in before.items()
        if paid
    ]
    lines = tuple(line for line in whole.lines if line.serial in serials)
    total = sum(line.amount for line in lines)
    assert total == whole.total - earlier.total, "a line that was settled is not what it was"
    keys = sorted(whole.deltas.keys() | earlier.deltas.keys())
    changed = {key: whole.deltas.get(key, 0) - earlier.deltas.get(key, 0) for key in keys}
    return Computation(
        total=total,
        patient=whole.patient - earlier.patient,
        shares=tuple(shares),
        patient_trace=(*whole.patient_trace, *_settled("patient", earlier.patient)),
        lines=lines,
        deltas={key: change for key, change in changed.items() if change},
        package_difference=whole.package_difference - earlier.package_difference,
    )


def _settled(whose: str, amount: int) -> tuple[TraceStep, ...]:
    return (TraceStep(f"{whose}.settled_before", Kind.SETTLED_BEFORE, -amount),) if amount else ()
