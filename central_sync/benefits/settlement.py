"""Settles a bill: all layers in one pass, in order, each with its own trace.

PURE. ``total`` = sum of the shares + ``patient``, always, but for the difference that a fixed price makes. A pre-settlement is the same call; nothing is changed here, the
caller writes ``deltas`` or does not. No cap is passed whatever the accumulators say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from central_sync.benefits.asking import Asking
from central_sync.benefits.eligibility import accumulator_keys, applicable, balances, obstacle, ordered, paying
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.layers import ask
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.pieces import Left, sections, told
from central_sync.benefits.prices import ItemUnknown, price
from central_sync.benefits.results import Computation, PricedLine, Share, TraceStep

__all__ = ["ItemUnknown", "accumulator_keys", "balances", "price", "settle"]

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
        ItemUnknown, ValueError, KeyError: as :func:`price`.
    """
    bill = tuple(lines)
    priced = price(rulebook, facts, bill)
    total = sum(line.amount for line in priced)
    left = _unpaid(rulebook, facts, bill, priced)
    whole = {(piece.part, piece.section): piece.step.amount for piece in left}
    items = frozenset(line.item for line in bill)
    counters = dict(accumulators)
    shares: list[Share] = []
    difference = 0
    for cover in ordered(rulebook, facts):
        reason = obstacle(rulebook, facts, cover)
        scheme = rulebook.schemes.get(cover.scheme)
        if reason or scheme is None:
            told_why = (reason,) if reason else ()
            shares.append(Share(cover.layer, cover.scheme, scheme.payer if scheme else "", 0, told_why))
            continue
        askings = [
            Asking(facts, cover, scheme, benefit, counters, whole, items, place)
            for place, benefit in enumerate(applicable(scheme, facts))
        ]
        share, left, gained = ask(askings, left)
        shares.append(share)
        difference += gained
    patient = sum(piece.step.amount for piece in left)
    assert patient + sum(share.amount for share in shares) == total + difference
    return Computation(
        total=total,
        patient=patient,
        shares=tuple(shares),
        patient_trace=told(left),
        lines=priced,
        deltas={
            key: value - accumulators.get(key, 0)
            for key, value in sorted(counters.items())
            if value != accumulators.get(key, 0)
        },
        package_difference=difference,
    )


def _unpaid(rulebook: Rulebook, facts: CaseFacts, bill: Sequence[BillLine], priced: Sequence[PricedLine]) -> list[Left]:
    """The bill by its parts, before any layer has looked at it."""
    region = rulebook.regions[facts.region]
    benefits = [benefit for _, _, benefit in paying(rulebook, facts)]
    left: list[Left] = []
    for section, lines in sections(region, benefits, bill, priced):
        sums = dict.fromkeys(_PART_KINDS, 0)
        for line in lines:
            for part in sums:
                sums[part] += getattr(line, part)
        left += [
            Left(part, TraceStep(f"{region.code}.catalogue.{part}", _PART_KINDS[part], amount), section=section)
            for part, amount in sums.items()
            if amount
        ]
    return left
