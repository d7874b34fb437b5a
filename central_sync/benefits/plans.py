"""A scheme as it stands for one kind of case: every value that is in force, ready for whole numbers. ``planning.py`` looks them up.

PURE. A plan holds nothing of the member but whether there is a family, so that it serves every case of its kind.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Generic, NamedTuple, TypeVar

import msgspec

from central_sync.benefits.choices import (
    Basis,
    Owner,
    Per,
)
from central_sync.benefits.parameters import (
    Band,
    Lines,
    Scheme,
)

T = TypeVar("T")


class Value(msgspec.Struct, Generic[T], frozen=True):
    """A parameter's value in force, with what a trace tells of it."""

    value: T
    rule: str
    wording: str
    from_day: date
    reference: str


CHAIN = -2
"""The ``period`` of a counter of what bills that go on with one deductible have met."""


class Counter(NamedTuple):
    """An accumulator of this member, family or contract. ``period`` is the present one; below 0: it depends on the member's cover or bills."""

    name: str
    per: Per
    owner: Owner
    period: int
    personal: bool


class CapValue(msgspec.Struct, frozen=True):
    """A cap: its amount in force, if any, for so long, and the place of its counter (-1: none) among the plan's."""

    name: str
    amount: Value[int] | None
    per: Per
    counter: int


class DeductibleValue(msgspec.Struct, frozen=True):
    """A deductible with its values; ``later`` and ``least`` are ``None`` where the rulebook has none in force. ``goes_on``: the bill goes on
    with the deductible of the one before it, of which ``chain`` counts what was met (-1: there is no such thing).
    """

    amount: Value[int] | None
    per: Per
    by_day: bool
    counter: int
    running: bool
    counts_bills: bool
    chain: int
    goes_on: bool
    later: tuple[Fraction, ...] | None
    least: int | None
    sum_cap: CapValue | None
    off_payment: bool


class Ladder(msgspec.Struct, frozen=True):
    """Bands in whole numbers: band n begins at ``overs[n]``, pays ``ratios[n]`` / ``of`` of each coin, and up to its beginning
    ``below[n]`` / ``of`` coins are paid. ``steps`` are the same band by band, with its end and what a trace tells of it.
    """

    overs: tuple[int, ...]
    below: tuple[int, ...]
    ratios: tuple[int, ...]
    of: int
    steps: tuple[tuple[int, int, int, int | None, tuple[int, int, str]], ...]

    def paid(self, amount: int) -> int:
        """What the bands pay of everything from 0 to ``amount``, in parts (``of``) of a coin."""
        band = bisect_left(self.overs, amount) - 1
        if band < 0:
            return 0
        return self.below[band] + (amount - self.overs[band]) * self.ratios[band]


class BandsValue(msgspec.Struct, frozen=True):
    """Bands with their values; without ``ratios`` none is in force. ``alone`` has each band as if it were the only one."""

    rule: str
    wording: str
    counter: int
    gross: bool
    to_payer: bool
    in_units: bool
    ratios: Value[tuple[Band, ...]] | None
    ladder: Ladder | None
    alone: tuple[Ladder, ...]

    def reached(self, amount: int) -> Ladder | None:
        """The bands that hold for a bill of ``amount``."""
        if not self.alone:
            return self.ladder
        found = [
            one
            for one, band in zip(self.alone, self.ratios.value if self.ratios else (), strict=True)
            if band.over < amount or not band.over
        ]
        return found[-1]


class TakeValue(msgspec.Struct, frozen=True):
    """A part that is taken: all of it, or a share (``shared``; no ``ratio``: nothing)."""

    part: str
    left_by: tuple[str, ...]
    shared: bool
    ratio: Fraction | None


class PackageValue(msgspec.Struct, frozen=True):
    """A fixed price; without ``price`` and ``prices`` (by item) none is in force."""

    price: Value[int] | None
    prices: dict[str, Value[int]]
    items: tuple[str, ...]
    diagnoses: tuple[str, ...]


class Ready(msgspec.Struct, frozen=True):
    """One benefit with its values in force. ``rule`` is what its own steps are named after."""

    name: str
    place: int
    rule: str
    takes: dict[str, TakeValue]
    parts: tuple[str, ...]
    lines: Lines | None
    refuses: Lines | None
    waiting: Value[int] | None
    waits_months: bool
    first_part: Value[Fraction] | None
    counted_caps: tuple[CapValue, ...]
    own_caps: tuple[CapValue, ...]
    paid_caps: tuple[CapValue, ...]
    deductible: DeductibleValue | None
    bands: BandsValue
    least: Value[int] | None
    by_line: bool
    secondary: bool
    basis: Basis
    package: PackageValue | None
    account: int
    approved: bool
    choosy: bool
    shares: bool
    takes_rule: str
    looked: tuple[str | int, ...]


class Plan(msgspec.Struct, frozen=True):
    """A scheme's benefits for one kind of case, in order, and the counters that they may move. ``choices`` are what they tell lines
    apart by; ``nearest`` makes whole coins and ``split`` spreads them, or, of an ``exact`` one, fractions. ``personal`` is the end of each counter's key (layer, scheme, name, period) where all are the member's own and
    their periods known. ``by_line``, ``secondary``, ``packaged``: some benefit of it is so. ``begins``: the places of the counters that count in a time
    which begins with a bill, and what it is called. ``period``: how long the scheme's own lasts.
    """

    scheme: Scheme
    nearest: Callable[[int, int], int]
    split: Callable[[int, Sequence[int]], list[int]]
    exact: bool
    rounds_claim: bool
    benefits: tuple[Ready, ...]
    counters: tuple[Counter, ...]
    personal: tuple[tuple[str, str, str, int], ...] | None
    choices: tuple[Lines, ...]
    by_line: bool
    secondary: bool
    packaged: bool
    begins: dict[int, str]
    period: Value[int] | None


def ladder(bands: tuple[Band, ...]) -> Ladder:
    """``bands`` in whole numbers."""
    of = lcm(*(band.ratio.denominator for band in bands))
    ratios = tuple(band.ratio.numerator * (of // band.ratio.denominator) for band in bands)
    below, before = [], 0
    for number, band in enumerate(bands):
        below.append(before)
        if number + 1 < len(bands):
            before += (bands[number + 1].over - band.over) * ratios[number]
    overs = [band.over for band in bands]
    values = [(number + 1, len(bands), str(band.ratio)) for number, band in enumerate(bands)]
    steps = tuple(zip(overs, below, ratios, [*overs[1:], None], values, strict=True))
    return Ladder(tuple(overs), tuple(below), ratios, of, steps)
