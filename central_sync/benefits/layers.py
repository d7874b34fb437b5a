"""One layer: deductible, bands, caps; what it pays of what is left, and what it leaves to whom comes next.

PURE. The pieces of a bill that nobody has paid yet are :class:`Left` entries, each with the reason why it is left. A layer
takes some parts of the bill; what it pays goes off the entries from the last reason to the first, part by part in the order
in which it takes them. All sums are whole coins and nothing is lost: paid + left stays the same.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from central_sync.benefits.eligibility import cap_key, counter_key
from central_sync.benefits.facts import AccumulatorKey, CaseFacts, CoverFacts
from central_sync.benefits.parameters import Band, Benefit, Parameter, Per, Row, Scheme
from central_sync.benefits.results import Share, TraceStep
from central_sync.terms.money import Rounding, rounded, share

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Left:
    """A piece of the bill that is not paid: of which part, and why. ``asked``: a layer has looked at it and left it."""

    part: str
    step: TraceStep
    asked: bool = False


Counters = MutableMapping[AccumulatorKey, int]
"""The accumulators as they stand while the layers run; a missing one is 0."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One layer being asked about one case. ``counters`` are moved on while it answers."""

    facts: CaseFacts
    cover: CoverFacts
    scheme: Scheme
    benefit: Benefit
    counters: Counters

    def row(self, parameter: Parameter[T]) -> Row[T] | None:
        """The row in force for this case."""
        return parameter.at(self.facts.day, self.facts.tier, self.cover.group)

    def counted(self, key: AccumulatorKey) -> int:
        """An accumulator as it stands; never below 0, so that no mistake in it widens a cap."""
        return max(self.counters.get(key, 0), 0)

    def key(self, counter: str) -> AccumulatorKey:
        """The member's accumulator of that name."""
        return counter_key(self.facts, self.scheme, counter)


def ask(asking: Asking, left: Sequence[Left]) -> tuple[Share, list[Left]]:
    """What the layer pays of ``left``, with its trace, and what is left then."""
    scheme, takes = asking.scheme, asking.benefit.takes
    basis = sum(piece.step.amount for piece in left if piece.part in takes)
    kept = _deductible(asking, basis)
    for stage in (_banded, _capped):
        kept += stage(asking, basis - _sum(kept))
    paid = basis - _sum(kept)
    assert paid >= 0
    looked = TraceStep(
        f"{scheme.code}.{asking.facts.care}.takes", f"What {scheme.name} looks at: {', '.join(takes)}", basis
    )
    trace = (looked, *(replace(step, amount=-step.amount) for step in kept))
    return Share(scheme.layer, scheme.code, scheme.payer, paid, trace), _after(scheme, takes, left, kept, paid)


def _deductible(asking: Asking, basis: int) -> list[TraceStep]:
    """What is left to the patient before the layer pays anything."""
    rule = asking.benefit.deductible
    if rule is None:
        return []
    row = asking.row(rule.amount)
    whole = row.value if row and row.value is not None else 0
    text = rule.amount.text
    if rule.per is Per.YEAR:
        met = asking.counted(asking.key(rule.counter))
        whole = max(whole - met, 0)
        asking.counters[asking.key(rule.counter)] = met + min(basis, whole)
    elif rule.later:
        before = asking.counted(asking.key(rule.counter))
        ratios = asking.row(rule.later)
        ratio = ratios.value[min(before, len(ratios.value) - 1)] if ratios and ratios.value else Fraction(1)
        if ratio != 1:
            whole = share(whole, ratio, asking.scheme.rounding)
            text = f"{text}; number {before + 1} of the year: {percent(ratio)} of it"
        asking.counters[asking.key(rule.counter)] = before + 1
    taken = min(basis, whole)
    return [_step(rule.amount, row, taken, text)] if row and taken else []


def _banded(asking: Asking, above: int) -> list[TraceStep]:
    """What the bands leave to the patient of what is above the deductible."""
    bands, start = asking.benefit.bands, 0
    if bands.per is Per.YEAR:
        start = asking.counted(asking.key(bands.counter))
        asking.counters[asking.key(bands.counter)] = start + above
    row = asking.row(bands.ratios)
    if row is None or not row.value:
        none = TraceStep(bands.ratios.rule, f"{bands.ratios.text}: none in force for this case", above)
        return [none] if above else []
    kept: list[TraceStep] = []
    for number, band in enumerate(row.value):
        top = row.value[number + 1].over if number + 1 < len(row.value) else start + above
        low, high = max(start, band.over), min(start + above, top)
        if low >= high:
            continue
        rounding = asking.scheme.rounding
        pays = _paid_up_to(high, row.value, rounding) - _paid_up_to(low, row.value, rounding)
        if high - low > pays:
            text = f"{bands.ratios.text}; band {number + 1} of {len(row.value)}: the layer pays {percent(band.ratio)}"
            kept.append(_step(bands.ratios, row, high - low - pays, text))
    return kept


def _paid_up_to(amount: int, bands: Sequence[Band], rounding: Rounding) -> int:
    """What the bands pay of everything from 0 to ``amount``, rounded once: differences of it add up over any split."""
    exact = Fraction(0)
    for number, band in enumerate(bands):
        top = bands[number + 1].over if number + 1 < len(bands) else amount
        exact += max(min(amount, top) - band.over, 0) * band.ratio
    return rounded(exact, rounding)


def _capped(asking: Asking, payable: int) -> list[TraceStep]:
    """What the caps leave to the patient of what the layer would pay; what it does pay is counted."""
    paid, kept = payable, []
    for cap in asking.benefit.caps:
        row = asking.row(cap.amount)
        if row is None or row.value is None:
            continue
        room = max(row.value - asking.counted(cap_key(asking.facts, asking.cover, asking.scheme, cap)), 0)
        if paid > room:
            kept.append(_step(cap.amount, row, paid - room, f"{cap.amount.text}: nothing above it"))
            paid = room
    for cap in asking.benefit.caps:
        key = cap_key(asking.facts, asking.cover, asking.scheme, cap)
        asking.counters[key] = asking.counted(key) + paid
    return kept


def _after(
    scheme: Scheme, takes: Sequence[str], left: Sequence[Left], kept: Sequence[TraceStep], paid: int
) -> list[Left]:
    """What is left when the layer has paid.

    The first layer that looks at a part gives the reasons why something of it is left; a later one takes from them.
    """
    mine = [piece for piece in left if piece.part in takes]
    if len(takes) == 1 and not any(piece.asked for piece in mine):
        others = [piece for piece in left if piece.part not in takes]
        return [*others, *(Left(takes[0], step, asked=True) for step in kept if step.amount)]
    rest, result = paid, list(left)
    for part in takes:
        for place in reversed(range(len(result))):
            piece = result[place]
            gone = min(rest, piece.step.amount) if piece.part == part else 0
            if gone:
                text = f"{piece.step.text}; less what {scheme.name} pays"
                result[place] = replace(piece, step=replace(piece.step, amount=piece.step.amount - gone, text=text))
                rest -= gone
    assert rest == 0
    return [piece for piece in result if piece.step.amount]


def percent(ratio: Fraction) -> str:
    """A ratio as a person reads it: ``9/10`` is ``90 %``."""
    hundred = ratio * 100
    return f"{Decimal(hundred.numerator) / Decimal(hundred.denominator):f} %"


def _sum(steps: Sequence[TraceStep]) -> int:
    return sum(step.amount for step in steps)


def _step(parameter: Parameter[T], row: Row[T], amount: int, text: str) -> TraceStep:
    return TraceStep(parameter.rule, text, amount, row.from_day, row.reference)
