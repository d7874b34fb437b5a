"""The stages of a benefit: each says what it leaves of an amount, and why. In order: waiting, caps on counted cost, own first part,
deductible, bands, least own part, caps on the own part, caps on what is paid.

PURE. A stage takes the asking, the benefit, the amount and the list of reasons that it adds its own to; it moves the counters that it owns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

from central_sync.benefits.asking import Asking, step
from central_sync.benefits.choices import LastCoin
from central_sync.benefits.kinds import STAGE, Kind
from central_sync.benefits.plans import BandsValue, DeductibleValue, Ready, Value
from central_sync.benefits.results import TraceStep
from central_sync.terms.days import months_after

OWN = frozenset(kind for kind, stage in STAGE.items() if stage in ("deductible", "bands", "least", "rounding"))
"""The reasons whose leavings are the patient's own part, as caps on it understand it."""

_BAND, _DEDUCTIBLE, _DEDUCTIBLE_LATER, _PAID_CAP = Kind.BAND, Kind.DEDUCTIBLE, Kind.DEDUCTIBLE_LATER, Kind.PAID_CAP
"""Looking up a member of an enum costs as much as making a step."""

_NONE: tuple[str | int, ...] = ()


def total(kept: Sequence[TraceStep]) -> int:
    """What ``kept`` comes to."""
    return sum([one.amount for one in kept])


def waited(asking: Asking, benefit: Ready, basis: int) -> list[TraceStep]:
    """Everything, while the cover is too young."""
    rule = benefit.waiting
    if rule is None or not basis:
        return []
    since = asking.cover.from_day
    if benefit.waits_months:
        over = months_after(since, rule.value, asking.plan.scheme.calendar)
    else:
        over = since + timedelta(days=rule.value)
    if (asking.facts.admitted or asking.facts.day) >= over:
        return []
    return [step(rule, basis, Kind.WAITING, (over.isoformat(),), (basis,))]


def counted(asking: Asking, benefit: Ready, basis: int, kept: list[TraceStep]) -> int:
    """What is counted: not what is above the caps on counted cost."""
    open_ = basis
    for cap in benefit.counted_caps:
        if cap.amount and open_ > (room := asking.room(cap)):
            kept.append(step(cap.amount, open_ - room, Kind.COUNTED_CAP, (cap.name,), (open_, room)))
            open_ = room
    for cap in benefit.counted_caps:
        asking.count(cap.counter, open_)
    return open_


def parted(asking: Asking, rule: Value[Fraction], basis: int, kept: list[TraceStep]) -> int:
    """What is left of ``basis`` without the ratio of it that is the member's own before anything else."""
    much = asking.plan.nearest(basis * rule.value.numerator, rule.value.denominator)
    if much:
        kept.append(step(rule, much, Kind.FIRST_PART, (str(rule.value),), (basis,)))
    return basis - much


def deducted(asking: Asking, rule: DeductibleValue, basis: int, kept: list[TraceStep]) -> int:
    """What is left to the patient before the layer pays anything."""
    whole = rule.amount.value if rule.amount else 0
    if rule.by_day:
        whole *= asking.times(rule.per)
    kind, values = _DEDUCTIBLE, _NONE
    figures: tuple[int, ...]
    if rule.running:
        met = asking.standing[rule.counter]
        figures = (basis, whole, met)
        whole = whole - met if whole > met else 0
        asking.count(rule.counter, min(basis, whole))
    elif rule.counts_bills:
        kind, values, figures, whole = _later(asking, rule, basis, whole)
    else:
        figures = (basis, whole, 0)
    if rule.chain >= 0:
        met = asking.standing[rule.chain] if rule.goes_on else 0
        if met:
            kind, values, figures = _DEDUCTIBLE, _NONE, (basis, whole, met)
            whole = max(whole - met, 0)
        asking.count(rule.chain, min(basis, whole))
    taken = min(basis, whole)
    less: TraceStep | None = None
    cap = rule.sum_cap
    if cap and cap.amount:
        room = asking.room(cap)
        if taken > room:
            less = step(cap.amount, taken - room, Kind.DEDUCTED_CAP, (cap.name,), (taken, room))
            taken = room
        asking.count(cap.counter, taken)
    if not rule.amount or not taken:
        return 0
    reason = step(rule.amount, taken + (less.amount if less else 0), kind, values, figures)
    kept.append(reason.lessened(less) if less else reason)
    return taken


def _later(
    asking: Asking, rule: DeductibleValue, basis: int, full: int
) -> tuple[Kind, tuple[str | int, ...], tuple[int, ...], int]:
    """What the deductible of the n-th bill is: how it is told, and how much."""
    before = asking.bills_before(rule.counter)
    if before and rule.goes_on:
        before -= 1  # it is a part of that stay, not another one
        asking.count(rule.counter, 0)
    else:
        asking.count(rule.counter, before + 1 - asking.standing[rule.counter])
    ratio = rule.later[min(before, len(rule.later) - 1)] if rule.later else None
    if ratio is None or ratio.numerator == ratio.denominator:
        return _DEDUCTIBLE, _NONE, (basis, full, 0), full
    whole = asking.plan.nearest(full * ratio.numerator, ratio.denominator)
    values = (before + 1, str(ratio))
    if rule.least is not None and whole < rule.least:
        return Kind.DEDUCTIBLE_FLOOR, values, (basis, full, rule.least), min(rule.least, full)
    return _DEDUCTIBLE_LATER, values, (basis, full), whole


def banded(asking: Asking, bands: BandsValue, basis: int, deductible: int, kept: list[TraceStep]) -> int:
    """What the bands leave to the patient of what is above the deductible."""
    above = basis - deductible
    first, reach = (deductible, basis) if bands.gross else (0, above)
    if bands.counter >= 0:
        first += asking.standing[bands.counter]
        asking.count(bands.counter, reach)
    ladder = bands.reached(reach) if bands.alone else bands.ladder
    if bands.ratios is None or ladder is None:
        if above:
            kept.append(TraceStep(bands.rule, Kind.NO_BAND, above, wording=bands.wording, figures=(above,)))
        return above
    nearest, of, to_payer = asking.plan.nearest, ladder.of, bands.to_payer
    last, left, before = first + above, 0, len(kept)
    # What is paid from 0 to either end of a slice is rounded: differences of it add up over any split.
    low, low_paid = first, -1
    for over, below, ratio, top, values in ladder.steps:
        high = last if top is None or last < top else top
        if high <= low:
            continue
        if low_paid < 0:
            exact = below + (low - over) * ratio
            low_paid = low - nearest(low * of - exact, of) if to_payer else nearest(exact, of)
        exact = below + (high - over) * ratio
        paid = high - nearest(high * of - exact, of) if to_payer else nearest(exact, of)
        own = high - low - paid + low_paid
        if own > 0:
            kept.append(step(bands.ratios, own, _BAND, values, (low, high)))
            left += own
        elif own < 0 and len(kept) > before:
            # A band of 100 % may end a coin higher than it began: what is paid is rounded once, for all bands.
            kept[before:] = moved(kept[before:], own, rounding_step(asking))
            left += own
        low, low_paid = high, paid
    if bands.in_units and above:
        return _in_units(asking, kept, before, above, ladder.paid(last) - ladder.paid(first), of)
    return left


def _in_units(asking: Asking, kept: list[TraceStep], before: int, above: int, exact: int, of: int) -> int:
    """The bands' leavings (``kept`` from ``before`` on) so that the share (``exact`` / ``of``), or the patient's part of it, is a
    multiple of the scheme's unit.
    """
    coin = asking.plan.scheme.rounding
    nearest, unit = asking.plan.nearest, coin.to
    if coin.last_coin is LastCoin.PATIENT:
        own = above - min(nearest(exact, of * unit) * unit, above)
    else:
        own = min(nearest(above * of - exact, of * unit) * unit, above)
    kept[before:] = moved(kept[before:], own - total(kept[before:]), rounding_step(asking))
    return own


def rounding_step(asking: Asking) -> TraceStep:
    """The reason of a coin that rounding moves; its amount is 0."""
    scheme = asking.plan.scheme
    return TraceStep(f"{scheme.code}.rounding", Kind.ROUNDING, 0, values=(scheme.rounding.to,))


def moved(kept: list[TraceStep], more: int, reason: TraceStep) -> list[TraceStep]:
    """``kept`` with ``more`` left to the patient for ``reason``, or less: that goes off the last reasons first."""
    if more > 0:
        return [*kept, reason.of(more)]
    result, rest = list(kept), -more
    for place in reversed(range(len(result))):
        one = result[place]
        if one.kind not in OWN or not rest:
            continue
        gone = min(rest, one.amount)
        result[place] = one.lessened(reason.of(gone))
        rest -= gone
    assert rest == 0
    return [one for one in result if one.amount]


def owned(asking: Asking, benefit: Ready, basis: int, kept: list[TraceStep]) -> tuple[list[TraceStep], list[TraceStep]]:
    """``kept`` (of deductible and bands) with the patient's own part not below its least and not above its caps; and the caps
    that bound, for the trace, each with amount 0.
    """
    least, caps = benefit.least, benefit.own_caps
    bound: list[TraceStep] = []
    own = total(kept)
    if least and own < min(least.value, basis):
        more = min(least.value, basis) - own
        kept = moved(kept, more, step(least, 0, Kind.LEAST, figures=(basis, least.value, own)))
        own += more
    for cap in caps:
        if cap.amount and own > (room := asking.room(cap)):
            reason = step(cap.amount, 0, Kind.OWN_CAP, (cap.name,), (own, room))
            kept = moved(kept, room - own, reason)
            bound.append(reason)
            own = room
    for cap in caps:
        asking.count(cap.counter, own)
    return kept, bound


def capped(asking: Asking, benefit: Ready, payable: int, kept: list[TraceStep], already: int) -> int:
    """What the layer pays: what the caps, an account's balance and the payer's approval do not leave to the patient of what it would pay,
    beside what it pays ``already``. It is counted.
    """
    paid = payable
    for cap in benefit.paid_caps:
        if cap.amount and paid > (room := asking.room(cap)):
            kept.append(step(cap.amount, paid - room, _PAID_CAP, (cap.name,), (paid, room)))
            paid = room
    if benefit.account >= 0 and paid > (balance := account_room(asking, benefit)):
        rule = f"{asking.plan.scheme.code}.{benefit.name}.account"
        kept.append(TraceStep(rule, Kind.ACCOUNT, paid - balance, figures=(paid, balance)))
        paid = balance
    if benefit.approved and asking.cover.approved is not None:
        room = max(asking.cover.approved - already, 0)
        if paid > room:
            rule = f"{asking.plan.scheme.code}.{benefit.name}.approved"
            kept.append(TraceStep(rule, Kind.APPROVED, paid - room, figures=(paid, room)))
            paid = room
    for cap in benefit.paid_caps:
        asking.count(cap.counter, paid)
    if benefit.account >= 0:
        asking.count(benefit.account, paid)
    return paid


def account_room(asking: Asking, benefit: Ready) -> int:
    """What is left in the account that the benefit pays from."""
    return max(asking.cover.deposited - asking.standing[benefit.account], 0)


def count_paid(asking: Asking, benefit: Ready, paid: int) -> None:
    """Count what the layer pays (or, negative, no longer pays) under its caps and from the account."""
    for cap in benefit.paid_caps:
        asking.count(cap.counter, paid)
    asking.count(benefit.account, paid)
