"""One cover being asked about one case: the facts, the values in force, and the accumulators as they stand.

PURE.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from datetime import date
from typing import Any

from central_sync.benefits.choices import Owner, Per
from central_sync.benefits.eligibility import owner_of, period_of
from central_sync.benefits.facts import AccumulatorKey, CaseFacts, CoverFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import Scheme
from central_sync.benefits.periods import PERIOD, day_of, number_of, tally_key
from central_sync.benefits.plans import CHAIN, CapValue, Plan, Value
from central_sync.benefits.results import Section, TraceStep

Counters = MutableMapping[AccumulatorKey, int]
"""The accumulators as they stand while the layers run; a missing one is 0."""

Place = tuple[str, str, str, str, int]
"""Where an accumulator is looked up: what its key is, as a bare tuple. The two are equal; making a named one takes longer than looking it up."""


class Asking:
    """One cover being asked about one case. ``standing`` are the plan's counters as they stand, moved on while it answers and
    written back by :meth:`close`; never below 0, so that no mistake in an accumulator widens a cap. ``whole`` is the bill by part and section as it
    was before any layer paid, ``paid_before`` those places of it of which nothing was left when this cover was first asked; ``items`` are those on the bill; ``number`` is the cover's;
    ``before`` are the accumulators as they stood before the bill (not given: as they stand).
    """

    __slots__ = (
        "_before",
        "_counters",
        "_moved",
        "_places",
        "cover",
        "facts",
        "items",
        "number",
        "paid_before",
        "plan",
        "standing",
        "total",
        "whole",
    )

    def __init__(
        self,
        facts: CaseFacts,
        cover: CoverFacts,
        plan: Plan,
        counters: Counters,
        number: int = 0,
        whole: dict[tuple[str, Section], int] | None = None,
        items: frozenset[str] = frozenset(),
        total: int = 0,
        before: Mapping[AccumulatorKey, int] | None = None,
    ) -> None:
        self.facts = facts
        self.cover = cover
        self.plan = plan
        self.number = number
        self.whole = whole
        self.paid_before: Sequence[tuple[str, Section]] = ()
        self.items = items
        self.total = total
        self._counters = counters
        self._before: Mapping[Any, int] = counters if before is None else before
        self._moved: list[int] = []
        self._places = found = places(facts, cover, plan)
        stands: Mapping[Any, int] = counters
        self.standing = [value if (value := stands.get(place, 0)) > 0 else 0 for place in found]

    def times(self, per: Per) -> int:
        """How many times an amount ``per`` day or night is meant for this bill."""
        if per is Per.DAY:
            return self.facts.nights + 1
        return self.facts.nights if per is Per.NIGHT else 1

    def room(self, cap: CapValue) -> int:
        """What is open now of a cap that is in force."""
        assert cap.amount
        whole = cap.amount.value
        room = whole - self.standing[cap.counter] if cap.counter >= 0 else whole * self.times(cap.per)
        return max(room, 0)

    def count(self, counter: int, amount: int) -> None:
        """Count ``amount`` on a counter; below 0 there is none."""
        if counter >= 0:
            self.standing[counter] += amount
            self._moved.append(counter)

    def bills_before(self, counter: int) -> int:
        """How many bills a counter of bills had before this one, whoever else of it has counted it: another line, benefit or contract."""
        return max(self._before.get(self._places[counter], 0), 0)

    def close(self) -> None:
        """Write back what has moved."""
        counters, standing = self._counters, self.standing
        stands: MutableMapping[Any, int] = counters
        for counter in self._moved:
            place = self._places[counter]
            if place in stands:
                stands[place] = standing[counter]  # the key that is there stays
            else:
                counters[AccumulatorKey(*place)] = standing[counter]
        if self.plan.begins:
            for key in self.tallies():
                counters[key] = counters.get(key, 0) + 1

    def since(self) -> date | None:
        """Since when the scheme's period runs in which something of the bill has been counted."""
        begins = self.plan.begins
        for counter in self._moved:
            if begins.get(counter) == PERIOD:
                return day_of(self._places[counter][4])
        return None

    def tallies(self) -> list[AccumulatorKey]:
        """The tallies that the bill leaves in the times that begin with a bill, as far as something has been counted in them."""
        facts, scheme, begins = self.facts, self.plan.scheme, self.plan.begins
        owned = scheme.period.owner if scheme.period else Owner.MEMBER
        found = []
        for name in dict.fromkeys(begins[counter] for counter in self._moved if counter in begins):
            owner = owner_of(facts, self.cover, owned if name == PERIOD else Owner.MEMBER)
            found.append(tally_key(facts, owner, scheme, name))
        return found


def places(facts: CaseFacts, cover: CoverFacts, plan: Plan) -> list[Place]:
    """Where the accumulators of the plan's counters are, for this member and cover."""
    member = f"member:{facts.member}"
    if plan.personal is not None:
        return [(member, *rest) for rest in plan.personal]
    scheme = plan.scheme
    layer, code = scheme.layer, scheme.code
    return [
        (
            member if personal else owner_of(facts, cover, owner),
            layer,
            code,
            name,
            period if period >= 0 else _number(facts, cover, scheme, name, per, period),
        )
        for name, per, owner, period, personal in plan.counters
    ]


def _number(facts: CaseFacts, cover: CoverFacts, scheme: Scheme, name: str, per: Per, period: int) -> int:
    if period == CHAIN:
        return number_of(facts, f"member:{facts.member}", scheme, name)
    return period_of(facts, cover, scheme, per)


def step(
    value: Value[Any],
    amount: int,
    kind: Kind,
    values: tuple[str | int, ...] = (),
    figures: tuple[int, ...] = (),
) -> TraceStep:
    """A reason of a value in force."""
    return TraceStep(value.rule, kind, amount, value.from_day, value.reference, value.wording, values, figures)
