"""Settles a bill: all layers in one pass, in order, each with its own trace.

PURE. ``total`` = sum of the shares + ``patient``, always. A pre-settlement is the same call; nothing is changed here, the
caller writes ``deltas`` or does not. No cap is passed whatever the accumulators say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from central_sync.benefits.eligibility import accumulator_keys, balances, obstacle, ordered
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts
from central_sync.benefits.layers import Asking, Left, ask
from central_sync.benefits.parameters import Region, Rulebook
from central_sync.benefits.prices import ItemUnknown, price
from central_sync.benefits.results import Computation, PricedLine, Share, TraceStep

__all__ = ["ItemUnknown", "accumulator_keys", "balances", "price", "settle"]

_PART_TEXTS = {
    "own_pay": "Not in the insured catalogue (class C)",
    "over_ceiling": "Above the insured price",
    "first_self_pay": "First self-pay of class B items",
    "in_scope": "In scope, but no layer in force looks at it",
}


def settle(
    rulebook: Rulebook, facts: CaseFacts, lines: Iterable[BillLine], accumulators: Mapping[AccumulatorKey, int]
) -> Computation:
    """The settlement of the whole bill; ``accumulators`` as they stand, a missing one being 0.

    Raises:
        ItemUnknown, ValueError, KeyError: as :func:`price`.
    """
    priced = price(rulebook, facts, lines)
    total = sum(line.amount for line in priced)
    left = _unpaid(rulebook.regions[facts.region], priced)
    counters = dict(accumulators)
    shares: list[Share] = []
    for cover in ordered(facts):
        reason = obstacle(rulebook, facts, cover)
        scheme = rulebook.schemes.get(cover.scheme)
        if reason or scheme is None:
            shares.append(
                Share(
                    cover.layer, cover.scheme, scheme.payer if scheme else "", 0, (TraceStep("eligibility", reason, 0),)
                )
            )
            continue
        share, left = ask(Asking(facts, cover, scheme, scheme.benefits[facts.care], counters), left)
        shares.append(share)
    patient = sum(piece.step.amount for piece in left)
    assert patient + sum(share.amount for share in shares) == total
    return Computation(
        total=total,
        patient=patient,
        shares=tuple(shares),
        patient_trace=tuple(piece.step for piece in left),
        lines=priced,
        deltas={
            key: value - accumulators.get(key, 0)
            for key, value in sorted(counters.items())
            if value != accumulators.get(key, 0)
        },
    )


def _unpaid(region: Region, priced: Iterable[PricedLine]) -> list[Left]:
    """The bill by its parts, before any layer has looked at it."""
    sums = dict.fromkeys(_PART_TEXTS, 0)
    for line in priced:
        for part in sums:
            sums[part] += getattr(line, part)
    return [
        Left(part, TraceStep(f"{region.code}.catalogue.{part}", _PART_TEXTS[part], amount))
        for part, amount in sums.items()
        if amount
    ]
