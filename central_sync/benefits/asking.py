"""One benefit being asked about one case: the facts, the rules, and the accumulators as they stand.

PURE.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TypeVar

from central_sync.benefits.choices import RUNNING, Owner, Per
from central_sync.benefits.eligibility import cap_key, counter_key
from central_sync.benefits.facts import AccumulatorKey, CaseFacts, CoverFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import (
    Benefit,
    Cap,
    Parameter,
    Row,
    Scheme,
)
from central_sync.benefits.pieces import Section
from central_sync.benefits.results import TraceStep

T = TypeVar("T")

Counters = MutableMapping[AccumulatorKey, int]
"""The accumulators as they stand while the layers run; a missing one is 0."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One benefit being asked about one case. ``counters`` are moved on while it answers. ``whole`` is the bill by part and
    section as it was before any layer paid; ``items`` are those on the bill; ``place`` is that among the scheme's benefits;
    ``paid`` is what those before it pay, where the benefit has to know.
    """

    facts: CaseFacts
    cover: CoverFacts
    scheme: Scheme
    benefit: Benefit
    counters: Counters
    whole: Mapping[tuple[str, Section], int] = field(default_factory=dict)
    items: frozenset[str] = frozenset()
    place: int = 0
    paid: int = 0

    def row(self, parameter: Parameter[T]) -> Row[T] | None:
        """The row in force for this case."""
        facts = self.facts
        if len(parameter.rows) == 1 and parameter.rows[0].mark == "" and parameter.rows[0].ages is None:
            return parameter.at(facts.day, facts.tier, self.cover.group)
        return parameter.at(facts.day, facts.tier, self.cover.group, facts.marks, facts.age)

    def value(self, parameter: Parameter[T] | None) -> T | None:
        """The value in force for this case."""
        row = self.row(parameter) if parameter else None
        return row.value if row else None

    def counted(self, key: AccumulatorKey) -> int:
        """An accumulator as it stands; never below 0, so that no mistake in it widens a cap."""
        return max(self.counters.get(key, 0), 0)

    def key(self, counter: str, per: Per = Per.YEAR, owner: Owner = Owner.MEMBER) -> AccumulatorKey:
        """The accumulator of that name."""
        return counter_key(self.facts, self.cover, self.scheme, counter, per, owner)

    def times(self, per: Per) -> int:
        """How many times an amount ``per`` day or night is meant for this bill."""
        if per is Per.DAY:
            return self.facts.nights + 1
        return self.facts.nights if per is Per.NIGHT else 1

    def room(self, cap: Cap) -> tuple[Row[int], int] | None:
        """The cap's row and what is open of it now, or ``None`` where there is no cap in force."""
        row = self.row(cap.amount)
        if row is None or row.value is None:
            return None
        whole = row.value * self.times(cap.per)
        return row, max(whole - self.used(cap), 0)

    def used(self, cap: Cap) -> int:
        """What earlier bills have used of a cap."""
        return self.counted(cap_key(self.facts, self.cover, self.scheme, cap)) if cap.per in RUNNING else 0

    def use(self, cap: Cap, amount: int) -> None:
        """Count ``amount`` under a cap."""
        if cap.per in RUNNING:
            key = cap_key(self.facts, self.cover, self.scheme, cap)
            self.counters[key] = self.counted(key) + amount


def step(
    parameter: Parameter[T],
    row: Row[T],
    amount: int,
    kind: Kind,
    values: tuple[str | int, ...] = (),
    figures: tuple[int, ...] = (),
) -> TraceStep:
    """A reason of ``parameter``'s ``row``."""
    return TraceStep(parameter.rule, kind, amount, row.from_day, row.reference, parameter.text, values, figures)
