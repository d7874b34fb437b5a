"""The stages of a benefit: each says what it leaves of an amount, and why. In order: waiting, caps on counted cost, own first part,
deductible, bands, least own part, caps on the own part, caps on what is paid.

PURE. A stage takes the asking, the amount and what the stages before it left; it moves the counters that it owns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from central_sync.benefits.asking import Asking, step
from central_sync.benefits.choices import RUNNING, Counts, Hold, LastCoin, Of, Per, RoundedAt
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import (
    MONTHS,
    Band,
    CoinRule,
    Deductible,
)
from central_sync.benefits.pieces import Kept
from central_sync.benefits.results import TraceStep
from central_sync.terms.days import months_after
from central_sync.terms.money import rounded, rounded_to, share

_NONE: tuple[str | int, ...] = ()
OWN = ("deductible", "bands", "least", "rounding")
"""The stages whose leavings are the patient's own part, as caps on it understand it."""


def total(kept: Sequence[Kept]) -> int:
    """What ``kept`` comes to."""
    return sum(one.step.amount for one in kept)


def waited(asking: Asking, basis: int) -> list[Kept]:
    """Everything, while the cover is too young."""
    rule = asking.benefit.waiting
    row = asking.row(rule) if rule else None
    if rule is None or row is None or row.value is None or not basis:
        return []
    if rule.unit == MONTHS:
        over = months_after(asking.cover.from_day, row.value, asking.scheme.calendar)
    else:
        over = asking.cover.from_day + timedelta(days=row.value)
    if (asking.facts.admitted or asking.facts.day) >= over:
        return []
    return [Kept("waiting", step(rule, row, basis, Kind.WAITING, (over.isoformat(),), (basis,)))]


def counted(asking: Asking, basis: int) -> list[Kept]:
    """What is above the caps on counted cost; what is below is counted."""
    caps, kept, open_ = [cap for cap in asking.benefit.caps if cap.of is Of.COUNTED], [], basis
    for cap in caps:
        found = asking.room(cap)
        if found and open_ > found[1]:
            row, room = found
            reason = step(cap.amount, row, open_ - room, Kind.COUNTED_CAP, (cap.name,), (open_, room))
            kept.append(Kept("counted_cap", reason))
            open_ = room
    for cap in caps:
        asking.use(cap, open_)
    return kept


def parted(asking: Asking, basis: int) -> list[Kept]:
    """The ratio of what is counted that is the member's own before anything else."""
    rule = asking.benefit.first_part
    row = asking.row(rule) if rule else None
    if rule is None or row is None or not row.value:
        return []
    much = share(basis, row.value, asking.scheme.rounding.mode)
    return [Kept("first_part", step(rule, row, much, Kind.DEDUCTIBLE, _NONE, (basis, much, 0)))] if much else []


def deducted(asking: Asking, basis: int) -> list[Kept]:
    """What is left to the patient before the layer pays anything."""
    rule = asking.benefit.deductible
    if rule is None:
        return []
    row = asking.row(rule.amount)
    whole = row.value * asking.times(rule.per) if row and row.value is not None else 0
    kind, values = Kind.DEDUCTIBLE, _NONE
    figures: tuple[int, ...] = (basis, whole, 0)
    if rule.per in RUNNING:
        key = asking.key(rule.counter, rule.per, rule.owner)
        met = asking.counted(key)
        figures = (basis, whole, met)
        whole = max(whole - met, 0)
        asking.counters[key] = met + min(basis, whole)
    elif rule.later:
        kind, values, figures, whole = _later(asking, rule, basis, whole)
    if rule.continues:
        key = asking.key(rule.chain, Per.EVER)
        met = asking.counted(key) if _goes_on(asking, rule) else 0
        kind, values, figures = (Kind.DEDUCTIBLE, _NONE, (basis, whole, met)) if met else (kind, values, figures)
        whole = max(whole - met, 0)
        asking.counters[key] = met + min(basis, whole)
    taken = min(basis, whole)
    less: TraceStep | None = None
    found = asking.room(rule.sum_cap) if rule.sum_cap else None
    if rule.sum_cap and found:
        cap, (cap_row, room) = rule.sum_cap, found
        if taken > room:
            less = step(cap.amount, cap_row, taken - room, Kind.DEDUCTED_CAP, (cap.name,), (taken, room))
            taken = room
        asking.use(cap, taken)
    if not row or not taken:
        return []
    reason = step(rule.amount, row, taken + (less.amount if less else 0), kind, values, figures)
    return [Kept("deductible", reason.lessened(less) if less else reason)]


def _goes_on(asking: Asking, rule: Deductible) -> bool:
    """Whether the bill goes on with the deductible of the one before it."""
    return any(mark in asking.facts.marks for mark in rule.continues)


def _later(
    asking: Asking, rule: Deductible, basis: int, full: int
) -> tuple[Kind, tuple[str | int, ...], tuple[int, ...], int]:
    """What the deductible of the n-th bill is: how it is told, and how much."""
    key = asking.key(rule.counter)
    before = asking.counted(key)
    if before and _goes_on(asking, rule):
        before -= 1  # it is a part of that stay, not another one
    asking.counters[key] = before + 1
    ratios = asking.value(rule.later)
    ratio = ratios[min(before, len(ratios) - 1)] if ratios else Fraction(1)
    if ratio == 1:
        return Kind.DEDUCTIBLE, _NONE, (basis, full, 0), full
    whole = share(full, ratio, asking.scheme.rounding.mode)
    least = asking.value(rule.least)
    values = (before + 1, str(ratio))
    if least is not None and whole < least:
        return Kind.DEDUCTIBLE_FLOOR, values, (basis, full, least), min(least, full)
    return Kind.DEDUCTIBLE_LATER, values, (basis, full), whole


def banded(asking: Asking, basis: int, deductible: int) -> list[Kept]:
    """What the bands leave to the patient of what is above the deductible."""
    bands, start, above = asking.benefit.bands, 0, basis - deductible
    gross = bands.counts is Counts.GROSS
    if bands.per in RUNNING:
        key = asking.key(bands.counter, bands.per, bands.owner)
        start = asking.counted(key)
        asking.counters[key] = start + (basis if gross else above)
    row = asking.row(bands.ratios)
    if row is None or not row.value:
        none = TraceStep(bands.ratios.rule, Kind.NO_BAND, above, wording=bands.ratios.text, figures=(above,))
        return [Kept("bands", none)] if above else []
    first = start + (deductible if gross else 0)
    coin = asking.scheme.rounding
    kept: list[Kept] = []
    found = row.value if bands.hold is Hold.SLICE else _one_band(row.value, basis if gross else above)
    for number, band in enumerate(found):
        top = found[number + 1].over if number + 1 < len(found) else first + above
        low, high = max(first, band.over), min(first + above, top)
        if low >= high:
            continue
        own = high - low - _paid_up_to(high, found, coin) + _paid_up_to(low, found, coin)
        if own > 0:
            values = (number + 1, len(found), str(band.ratio))
            kept.append(Kept("bands", step(bands.ratios, row, own, Kind.BAND, values, (low, high))))
        if own < 0 and kept:
            # A band of 100 % may end a coin higher than it began: what is paid is rounded once, for all bands.
            kept = moved(kept, own, rounding_step(asking), "rounding")
    if coin.to == 1 or coin.at is RoundedAt.CLAIM or not above:
        return kept
    exact = _exact_up_to(first + above, found) - _exact_up_to(first, found)
    return _in_units(asking, kept, above, exact)


def _one_band(bands: Sequence[Band], amount: int) -> tuple[Band, ...]:
    """The band that ``amount`` reaches into, for all of it."""
    reached = [band for band in bands if band.over < amount or not band.over]
    return (replace(reached[-1], over=0),)


def _exact_up_to(amount: int, bands: Sequence[Band]) -> Fraction:
    exact = Fraction(0)
    for number, band in enumerate(bands):
        top = bands[number + 1].over if number + 1 < len(bands) else amount
        exact += max(min(amount, top) - band.over, 0) * band.ratio
    return exact


def _paid_up_to(amount: int, bands: Sequence[Band], coin: CoinRule) -> int:
    """What the bands pay of everything from 0 to ``amount``, rounded once: differences of it add up over any split."""
    exact = _exact_up_to(amount, bands)
    if coin.last_coin is LastCoin.PATIENT:
        return rounded(exact, coin.mode)
    return amount - rounded(amount - exact, coin.mode)


def _in_units(asking: Asking, kept: list[Kept], above: int, exact: Fraction) -> list[Kept]:
    """``kept`` so that the share, or the patient's part of it, is a multiple of the scheme's unit."""
    coin = asking.scheme.rounding
    if coin.last_coin is LastCoin.PATIENT:
        own = above - min(rounded_to(exact, coin.mode, coin.to), above)
    else:
        own = min(rounded_to(above - exact, coin.mode, coin.to), above)
    return moved(kept, own - total(kept), rounding_step(asking), "rounding")


def rounding_step(asking: Asking) -> TraceStep:
    """The reason of a coin that rounding moves; its amount is 0."""
    scheme = asking.scheme
    return TraceStep(f"{scheme.code}.rounding", Kind.ROUNDING, 0, values=(scheme.rounding.to,))


def moved(kept: list[Kept], more: int, reason: TraceStep, why: str) -> list[Kept]:
    """``kept`` with ``more`` left to the patient for ``reason``, or less: that goes off the last reasons first."""
    if more > 0:
        return [*kept, Kept(why, reason.of(more))]
    result, rest = list(kept), -more
    for place in reversed(range(len(result))):
        one = result[place]
        if one.why not in OWN or not rest:
            continue
        gone = min(rest, one.step.amount)
        result[place] = Kept(one.why, one.step.lessened(reason.of(gone)))
        rest -= gone
    assert rest == 0
    return [one for one in result if one.step.amount]


def owned(asking: Asking, basis: int, kept: list[Kept]) -> tuple[list[Kept], list[TraceStep]]:
    """``kept`` with the patient's own part not below its least and not above its caps; and the caps that bound, for the
    trace, each with amount 0.
    """
    own = sum(one.step.amount for one in kept if one.why in OWN)
    countable = own + basis - total(kept)
    least = asking.benefit.least
    row = asking.row(least) if least else None
    if least and row and row.value is not None and own < min(row.value, countable):
        more = min(row.value, countable) - own
        reason = step(least, row, 0, Kind.LEAST, figures=(countable, row.value, own))
        kept = moved(kept, more, reason, "least")
        own += more
    caps, bound = [cap for cap in asking.benefit.caps if cap.of is Of.PATIENT], []
    for cap in caps:
        found = asking.room(cap)
        if found and own > found[1]:
            row, room = found
            reason = step(cap.amount, row, 0, Kind.OWN_CAP, (cap.name,), (own, room))
            kept = moved(kept, room - own, reason, "bands")
            bound.append(reason)
            own = room
    for cap in caps:
        asking.use(cap, own)
    return kept, bound


def capped(asking: Asking, payable: int) -> list[Kept]:
    """What the caps, and an account's balance, leave to the patient of what the layer would pay; what it does pay is counted."""
    paid, kept = payable, []
    caps = [cap for cap in asking.benefit.caps if cap.of is Of.PAID]
    for cap in caps:
        found = asking.room(cap)
        if found and paid > found[1]:
            row, room = found
            reason = step(cap.amount, row, paid - room, Kind.PAID_CAP, (cap.name,), (paid, room))
            kept.append(Kept("paid_cap", reason))
            paid = room
    balance = account_room(asking)
    if balance is not None and paid > balance:
        rule = f"{asking.scheme.code}.{asking.benefit.name}.account"
        reason = TraceStep(rule, Kind.ACCOUNT, paid - balance, figures=(paid, balance))
        kept.append(Kept("paid_cap", reason))
        paid = balance
    approved = asking.cover.approved
    if asking.benefit.approved and approved is not None and paid > max(approved - asking.paid, 0):
        room = max(approved - asking.paid, 0)
        rule = f"{asking.scheme.code}.{asking.benefit.name}.approved"
        kept.append(Kept("paid_cap", TraceStep(rule, Kind.APPROVED, paid - room, figures=(paid, room))))
        paid = room
    count_paid(asking, paid)
    return kept


def account_room(asking: Asking) -> int | None:
    """What is left in the member's account, or ``None`` if the benefit pays from none."""
    if not asking.benefit.account:
        return None
    key = asking.key(asking.benefit.account, Per.EVER, asking.benefit.account_owner)
    return max(asking.cover.deposited - asking.counted(key), 0)


def count_paid(asking: Asking, paid: int) -> None:
    """Count what the layer pays (or, negative, no longer pays) under its caps and from the account."""
    for cap in asking.benefit.caps:
        if cap.of is Of.PAID:
            asking.use(cap, paid)
    if asking.benefit.account:
        key = asking.key(asking.benefit.account, Per.EVER, asking.benefit.account_owner)
        asking.counters[key] = asking.counted(key) + paid
