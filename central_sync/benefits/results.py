"""What the engine answers: classified lines, shares, traces and the accumulators' changes.

PURE. Field names are those of the wire's answers of the same names, which are filled from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from central_sync.benefits.facts import AccumulatorKey


@dataclass(frozen=True, slots=True)
class PricedLine:
    """How one line was classified: ``amount`` = own_pay + over_ceiling + first_self_pay + in_scope, none negative."""

    serial: str
    amount: int
    catalogue_class: str
    own_pay: int
    over_ceiling: int
    first_self_pay: int
    in_scope: int


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One reason: which rule in which wording, how much, since when, from which source of the rulebook."""

    rule: str
    text: str
    amount: int
    from_day: date | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Computation:
    """A settlement as computed. sum of shares + ``patient`` = ``total`` + ``package_difference``; the steps of
    ``patient_trace`` (none negative) add up to ``patient``. ``deltas`` are to be added to the accumulators; keys without a
    change are left out. ``package_difference`` is what a fixed price is above (or, negative, below) the itemised bill:
    the hospital's gain or loss, 0 without a package.
    """

    total: int
    patient: int
    shares: tuple[Share, ...]
    patient_trace: tuple[TraceStep, ...]
    lines: tuple[PricedLine, ...]
    deltas: Mapping[AccumulatorKey, int]
    package_difference: int = 0
