"""Settles a bill: all layers in one pass, in order, each with its own trace.

PURE. ``total`` = sum of the shares + ``patient``, always, but for the difference that a fixed price makes. A pre-settlement is the
same call; nothing is changed here, the caller writes ``deltas`` or does not. No cap is passed whatever the accumulators say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from central_sync.benefits.asking import Asking
from central_sync.benefits.choices import Owner
from central_sync.benefits.eligibility import (
    SchemesClash,
    accumulator_keys,
    balances,
    clash,
    obstacle,
    ordered,
    owner_of,
)
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.layers import ask
from central_sync.benefits.parameters import Lines, Region, Rulebook
from central_sync.benefits.pieces import sections, told
from central_sync.benefits.planning import plans
from central_sync.benefits.plans import Plan
from central_sync.benefits.prices import ItemUnknown, LineNegative, classified, price
from central_sync.benefits.results import WHOLE, Computation, Left, PricedLine, Section, Share, TraceStep, Turn
from central_sync.benefits.together import Group, turned

__all__ = ["ItemUnknown", "LineNegative", "SchemesClash", "accumulator_keys", "balances", "price", "settle"]

_PART_KINDS = {
    "own_pay": Kind.OWN_PAY,
    "over_tariff": Kind.OVER_TARIFF,
    "over_ceiling": Kind.OVER_CEILING,
    "first_self_pay": Kind.FIRST_SELF_PAY,
    "in_scope": Kind.IN_SCOPE,
}


def settle(
    rulebook: Rulebook, facts: CaseFacts, lines: Iterable[BillLine], accumulators: Mapping[AccumulatorKey, int]
) -> Computation:
    """The settlement of the whole bill; ``accumulators`` as they stand, a missing one being 0.

    Raises:
        ItemUnknown, LineNegative, KeyError: as :func:`price`.
        SchemesClash: two schemes of the member claim the same place.
    """
    bill = tuple(lines)
    region = rulebook.regions[facts.region]
    priced, sums = classified(region, facts.tier, bill)
    total = sum(sums.values())
    covers = ordered(rulebook, facts)
    asked, choices, (by_line, secondary, packaged) = _asked(rulebook, facts, covers)
    if choices or by_line:
        parted = sections(region, choices, bill, priced, by_line=by_line)
        left: Sequence[Left] = _by_section(region, parted)
    else:
        parted = [(WHOLE, priced)]
        left = _pieces(region.code, sums, WHOLE)
    whole = {(piece.part, piece.section): piece.step.amount for piece in left} if secondary else None
    items = frozenset([line.item for line in bill]) if packaged else frozenset()
    counters = dict(accumulators)
    shares: list[Share] = []
    turns: list[tuple[int, Turn]] = []
    difference = 0
    group: Group | None = None

    def owners() -> list[frozenset[str]]:
        return [frozenset(owner_of(facts, cover, owner) for owner in Owner) for cover in covers]

    for number, (cover, chosen) in enumerate(zip(covers, asked, strict=True)):
        if isinstance(chosen, TraceStep):
            shares.append(_nothing(rulebook, cover, chosen))
            continue
        if group is not None or chosen.exact:
            group, left = turned(group, chosen, left, counters, shares, turns, owners)
        asking = Asking(facts, cover, chosen, counters, number, whole, items, total, accumulators)
        if whole is not None:
            here = {(piece.part, piece.section) for piece in left}
            asking.paid_before = [place for place in whole if place not in here and whole[place]]
        share, taken, gained = ask(asking, left)
        for turn in taken:
            turns.append((number, turn))
            left = turn.left
        shares.append(share)
        difference += gained
    if group is not None:
        _, left = turned(group, None, left, counters, shares, turns, owners)
    patient = sum([piece.step.amount for piece in left])
    assert patient + sum([share.amount for share in shares]) == total + difference
    before = accumulators.get
    return Computation(
        total=total,
        patient=patient,
        shares=tuple(shares),
        patient_trace=told(left),
        lines=priced,
        deltas={key: more for key, value in counters.items() if (more := value - before(key, 0))},
        package_difference=difference,
        sections=parted,
        turns=turns,
    )


def _nothing(rulebook: Rulebook, cover: CoverFacts, why: TraceStep) -> Share:
    """The share of a cover that can pay nothing."""
    scheme = rulebook.schemes.get(cover.scheme)
    return Share(cover.layer, cover.scheme, scheme.payer if scheme else "", 0, (why,))


def _asked(
    rulebook: Rulebook, facts: CaseFacts, covers: Sequence[CoverFacts]
) -> tuple[list[Plan | TraceStep], list[Lines], tuple[bool, bool, bool]]:
    """The plan of each cover, or why it pays nothing; what they tell lines apart by; and whether any is by line, secondary, packaged."""
    known, last = plans(rulebook), None
    asked: list[Plan | TraceStep] = []
    choices: list[Lines] = []
    by_line = secondary = packaged = False
    for cover in covers:
        reason = obstacle(rulebook, facts, cover, covers)
        if reason is not None:
            asked.append(reason)
            continue
        scheme = rulebook.schemes[cover.scheme]
        if last is not None and last.layer == scheme.layer and (wrong := clash(last, scheme)):
            raise wrong
        last = scheme
        plan = known.of(scheme, facts, cover)
        asked.append(plan)
        choices += plan.choices
        by_line, secondary, packaged = (
            by_line or plan.by_line,
            secondary or plan.secondary,
            packaged or plan.packaged,
        )
    return asked, choices, (by_line, secondary, packaged)


def _by_section(region: Region, found: Sequence[tuple[Section, Sequence[PricedLine]]]) -> list[Left]:
    """The bill by section and part, before any layer has looked at it."""
    left: list[Left] = []
    for section, lines in found:
        sums = {part: sum([getattr(line, part) for line in lines]) for part in _PART_KINDS}
        left += _pieces(region.code, sums, section)
    return left


def _pieces(region: str, sums: Mapping[str, int], section: Section) -> list[Left]:
    return [
        Left(part, TraceStep(f"{region}.catalogue.{part}", _PART_KINDS[part], amount), False, section)
        for part, amount in sums.items()
        if amount
    ]
