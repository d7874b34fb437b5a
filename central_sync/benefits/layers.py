"""One layer: deductible, bands, caps; what it pays of what is left, and what it leaves to whom comes next.

PURE. The pieces of a bill that nobody has paid yet are :class:`Left` entries, each with the reason why it is left. A layer
takes some parts of the bill; what it pays goes off the entries from the last reason to the first, part by part in the order
in which it takes them. All sums are whole coins and nothing is lost: paid + left stays the same.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from central_sync.benefits.eligibility import cap_key, counter_key
from central_sync.benefits.facts import AccumulatorKey, CaseFacts, CoverFacts
from central_sync.benefits.parameters import Band, Benefit, Parameter, Per, Row, Scheme
from central_sync.benefits.results import Share, TraceStep
from central_sync.terms.money import Rounding, rounded, share


@dataclass(frozen=True, slots=True)
class Left:
    """A piece of the bill that is not paid: of which part, and why. ``asked``: a layer has looked at it and left it."""

    part: str
    step: TraceStep
    asked: bool = False


Counters = MutableMapping[AccumulatorKey, int]
"""The accumulators as they stand while the layers run; a missing one is 0."""


def asked(
    facts: CaseFacts, cover: CoverFacts, scheme: Scheme, benefit: Benefit, left: Sequence[Left], counters: Counters
) -> tuple[Share, list[Left]]:
    """What the layer pays of ``left``, with its trace, and what is left then. ``counters`` are moved on."""
    basis = sum(piece.step.amount for piece in left if piece.part in benefit.takes)
    kept: list[TraceStep] = []
    above = basis - _deductible(facts, cover, scheme, benefit, basis, counters, kept)
    paid = _banded(facts, cover, scheme, benefit, above, counters, kept)
    paid = _capped(facts, cover, scheme, benefit, paid, counters, kept)
    looked = TraceStep(
        f"{scheme.code}.{facts.care}.takes", f"What {scheme.name} looks at: {', '.join(benefit.takes)}", basis
    )
    trace = (looked, *(replace(step, amount=-step.amount) for step in kept))
    assert sum(step.amount for step in trace) == paid >= 0
    return Share(scheme.layer, scheme.code, scheme.payer, paid, trace), _after(scheme, benefit, left, kept, paid)


def _deductible(
    facts: CaseFacts,
    cover: CoverFacts,
    scheme: Scheme,
    benefit: Benefit,
    basis: int,
    counters: Counters,
    kept: list[TraceStep],
) -> int:
    rule = benefit.deductible
    row = rule.amount.at(facts.day, facts.tier, cover.group) if rule else None
    if rule is None:
        return 0
    whole = row.value if row and row.value is not None else 0
    text = rule.amount.text
    key = counter_key(facts, scheme, rule.counter)
    before = max(counters.get(key, 0), 0)
    if rule.per is Per.YEAR:
        taken = min(basis, max(whole - before, 0))
        counters[key] = before + taken
    elif rule.later is None:
        taken = min(basis, whole)
    else:
        ratios = rule.later.at(facts.day, facts.tier, cover.group)
        if ratios and ratios.value and before:
            ratio = ratios.value[min(before, len(ratios.value) - 1)]
            whole = share(whole, ratio, scheme.rounding)
            text = f"{text}; number {before + 1} of the year: {_percent(ratio)} of it"
        taken = min(basis, whole)
        counters[key] = before + 1
    if row and taken:
        kept.append(_step(rule.amount, row, taken, text))
    return taken


def _banded(
    facts: CaseFacts,
    cover: CoverFacts,
    scheme: Scheme,
    benefit: Benefit,
    above: int,
    counters: Counters,
    kept: list[TraceStep],
) -> int:
    ratios, start = benefit.bands.ratios, 0
    if benefit.bands.per is Per.YEAR:
        key = counter_key(facts, scheme, benefit.bands.counter)
        start = max(counters.get(key, 0), 0)
        counters[key] = start + above
    row = ratios.at(facts.day, facts.tier, cover.group)
    if row is None or not row.value:
        if above:
            kept.append(TraceStep(ratios.rule, f"{ratios.text}: none in force for this case", above))
        return 0
    paid = 0
    for number, band in enumerate(row.value):
        top = row.value[number + 1].over if number + 1 < len(row.value) else start + above
        low, high = max(start, band.over), min(start + above, top)
        if low >= high:
            continue
        pays = _paid_up_to(high, row.value, scheme.rounding) - _paid_up_to(low, row.value, scheme.rounding)
        paid += pays
        if high - low > pays:
            text = f"{ratios.text}; above {band.over}: the layer pays {_percent(band.ratio)}"
            kept.append(_step(ratios, row, high - low - pays, text))
    return paid


def _paid_up_to(amount: int, bands: Sequence[Band], rounding: Rounding) -> int:
    """What the bands pay of everything from 0 to ``amount``, rounded once: differences of it add up over any split."""
    exact = Fraction(0)
    for number, band in enumerate(bands):
        top = bands[number + 1].over if number + 1 < len(bands) else amount
        exact += max(min(amount, top) - band.over, 0) * band.ratio
    return rounded(exact, rounding)


def _capped(
    facts: CaseFacts,
    cover: CoverFacts,
    scheme: Scheme,
    benefit: Benefit,
    paid: int,
    counters: Counters,
    kept: list[TraceStep],
) -> int:
    for cap in benefit.caps:
        row = cap.amount.at(facts.day, facts.tier, cover.group)
        if row is None or row.value is None:
            continue
        room = max(row.value - max(counters.get(cap_key(facts, cover, scheme, cap), 0), 0), 0)
        if paid > room:
            kept.append(_step(cap.amount, row, paid - room, f"{cap.amount.text}: nothing above it"))
            paid = room
    for cap in benefit.caps:
        key = cap_key(facts, cover, scheme, cap)
        counters[key] = counters.get(key, 0) + paid
    return paid


def _after(scheme: Scheme, benefit: Benefit, left: Sequence[Left], kept: Sequence[TraceStep], paid: int) -> list[Left]:
    """What is left when the layer has paid.

    The first layer that looks at a part gives the reasons why something of it is left; a later one takes from them.
    """
    mine = [piece for piece in left if piece.part in benefit.takes]
    if len(benefit.takes) == 1 and not any(piece.asked for piece in mine):
        others = [piece for piece in left if piece.part not in benefit.takes]
        return [*others, *(Left(benefit.takes[0], step, asked=True) for step in kept if step.amount)]
    rest, result = paid, list(left)
    for part in benefit.takes:
        for place in reversed(range(len(result))):
            piece = result[place]
            gone = min(rest, piece.step.amount) if piece.part == part else 0
            if gone:
                text = f"{piece.step.text}; less what {scheme.name} pays"
                result[place] = replace(piece, step=replace(piece.step, amount=piece.step.amount - gone, text=text))
                rest -= gone
    assert rest == 0
    return [piece for piece in result if piece.step.amount]


def _step(
    parameter: Parameter[int] | Parameter[tuple[Band, ...]],
    row: Row[int] | Row[tuple[Band, ...]],
    amount: int,
    text: str,
) -> TraceStep:
    return TraceStep(parameter.rule, text, amount, row.from_day, row.reference)


def _percent(ratio: Fraction) -> str:
    hundred = ratio * 100
    return f"{hundred.numerator} %" if hundred.denominator == 1 else f"{float(hundred):g} %"
