"""What the engine answers: classified lines, shares, traces and the accumulators' changes.

PURE. Field names are those of the wire's answers of the same names, which are filled from these. Nobody changes one that was made; shares and
computations are not frozen because Python takes as long for making a frozen one as for computing a layer's bands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.kinds import SAYS, Kind


class PricedLine(msgspec.Struct, frozen=True, gc=False):
    """How one line was classified: ``amount`` = own_pay + over_tariff + over_ceiling + first_self_pay + in_scope, none negative.

    ``over_ceiling`` is above the insured price; where that is not the price of this kind of hospital, only up to it, and
    ``over_tariff`` is what is above it.
    """

    serial: str
    amount: int
    catalogue_class: str
    own_pay: int
    over_ceiling: int
    first_self_pay: int
    in_scope: int
    over_tariff: int = 0


class TraceStep(msgspec.Struct, frozen=True, gc=False):
    """One reason: which rule, how much, since when, from which source of the rulebook; and what it says, as data.

    ``kind`` tells what ``values`` and ``figures`` are (:data:`~central_sync.benefits.kinds.SAYS`); ``wording`` is the rulebook's own text of what
    the rule is. ``less`` is what was taken off it afterwards: a later payer's part, a cap on the own part, rounding;
    |``amount``| and the amounts of ``less`` are what the figures come to. ``times``: so many steps are added up here.
    """

    rule: str
    kind: Kind
    amount: int
    from_day: date | None = None
    reference: str = ""
    wording: str = ""
    values: tuple[str | int, ...] = ()
    figures: tuple[int, ...] = ()
    less: tuple[TraceStep, ...] = ()
    times: int = 1

    @property
    def named(self) -> dict[str, str | int]:
        """Values and figures by their names."""
        says = SAYS[self.kind]
        return dict(zip(says.values + says.figures, self.values + self.figures, strict=False))

    def of(self, amount: int) -> TraceStep:
        """The same reason for another amount."""
        return replace(self, amount=amount)

    def cut(self, low: int, high: int, of: int) -> TraceStep:
        """The same reason for what lies between ``low`` and ``high`` of its ``of`` coins, with that share of what was taken off it: the
        cuts of a reason add up to it.
        """
        if not self.less:
            return replace(self, amount=high - low)
        if isinstance(of, int) and isinstance(high, int) and isinstance(low, int):
            less = tuple([one.of(one.amount * high // of - one.amount * low // of) for one in self.less])
        else:
            less = tuple([one.of(one.amount * (high - low) / of) for one in self.less])
        return replace(self, amount=high - low, less=less)

    def left(self, amount: int) -> TraceStep:
        """What a patient's trace says of this reason: without figures, which are those of the layer's trace."""
        return replace(self, amount=amount, figures=(), times=1)

    def lessened(self, by: TraceStep) -> TraceStep:
        """The same reason with the amount of ``by`` taken off, and said so."""
        return replace(self, amount=self.amount - by.amount, less=(*self.less, by))


class Section(NamedTuple):
    """Lines of a bill that every benefit in force treats alike, by one of them."""

    number: int
    item: str = ""
    kind: str = ""
    catalogue_class: str = ""


WHOLE = Section(0)
"""The section of a bill whose lines no benefit tells apart."""


class Left(msgspec.Struct, frozen=True, gc=False):
    """A piece of the bill that is not paid: of which part, and why. ``asked``: a layer has looked at it and left it; ``cover`` is the number of
    the cover that has looked at it last, or left its share of it alone.
    """

    part: str
    step: TraceStep
    asked: bool = False
    section: Section = WHOLE
    cover: int = -1


class Turn(msgspec.Struct, frozen=True):
    """What is left after one benefit has paid, or after a claim was rounded; with a fixed price, the pieces in whose place it stands, and
    those that it is.
    """

    left: Sequence[Left]
    priced: Sequence[Left] = ()
    price: Sequence[Left] = ()


@dataclass(slots=True)
class Share:
    """What one layer pays. ``trace`` starts with what the layer looked at and takes off (negative) what it leaves to
    others: its steps add up to ``amount``.
    """

    layer: str
    scheme: str
    payer: str
    amount: int
    trace: tuple[TraceStep, ...]
    deferred: bool = False


@dataclass(slots=True)
class Computation:
    """A settlement as computed. sum of shares + ``patient`` = ``total`` + ``package_difference``; the steps of
    ``patient_trace`` (none negative) add up to ``patient``. ``deltas`` are to be added to the accumulators; keys without a
    change are left out. ``package_difference`` is what a fixed price is above (or, negative, below) the itemised bill:
    the hospital's gain or loss, 0 without a package. ``sections`` and ``turns`` (with the number of the share) are how it came about: what
    ``line_shares.py`` tells each line's part from.
    """

    total: int
    patient: int
    shares: tuple[Share, ...]
    patient_trace: tuple[TraceStep, ...]
    lines: tuple[PricedLine, ...]
    deltas: Mapping[AccumulatorKey, int]
    package_difference: int = 0
    sections: Sequence[tuple[Section, Sequence[PricedLine]]] = field(default=(), compare=False, repr=False)
    turns: Sequence[tuple[int, Turn]] = field(default=(), compare=False, repr=False)
