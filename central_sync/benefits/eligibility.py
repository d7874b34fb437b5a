"""Which covers are in force, in which order they are asked, and what they count.

PURE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from central_sync.benefits.facts import AccumulatorKey, Balance, CaseFacts, CoverFacts
from central_sync.benefits.parameters import LAYERS, Benefit, Cap, Owner, Per, Rulebook, Scheme
from central_sync.terms.days import year_of


def in_force(cover: CoverFacts, day: date) -> bool:
    """Whether ``cover`` holds on ``day``; its first and last day are included."""
    return cover.from_day <= day and (cover.to_day is None or day <= cover.to_day)


def ordered(facts: CaseFacts) -> tuple[CoverFacts, ...]:
    """The covers in force on the day of the case in the order in which they pay; the same cover twice counts once."""
    held = {(c.layer, c.scheme, c.contract): c for c in facts.covers if in_force(c, facts.day)}
    return tuple(sorted(held.values(), key=lambda c: (_place(c.layer), c.scheme, c.contract)))


def entitled(rulebook: Rulebook, facts: CaseFacts) -> bool:
    """Whether any cover in force has a benefit for this kind of care on that day."""
    return any(obstacle(rulebook, facts, cover) == "" for cover in ordered(facts))


def obstacle(rulebook: Rulebook, facts: CaseFacts, cover: CoverFacts) -> str:
    """Why a cover in force can pay nothing for this case, as a sentence; empty if it can."""
    scheme = rulebook.schemes.get(cover.scheme)
    if scheme is None or scheme.layer != cover.layer:
        return "The rulebook has no such scheme in this layer"
    if scheme.currency != rulebook.regions[facts.region].currency:
        return "The scheme pays in another currency"
    if scheme.requires and all(other.layer != scheme.requires for other in ordered(facts)):
        return f"The scheme needs a {scheme.requires} layer in force"
    if facts.care not in scheme.benefits:
        return f"The scheme has no {facts.care} benefit"
    return ""


def paying(rulebook: Rulebook, facts: CaseFacts) -> Iterator[tuple[CoverFacts, Scheme, Benefit]]:
    """The covers that can pay for this case, in order, with their scheme and benefit."""
    for cover in ordered(facts):
        if not obstacle(rulebook, facts, cover):
            scheme = rulebook.schemes[cover.scheme]
            yield cover, scheme, scheme.benefits[facts.care]


def accumulator_keys(rulebook: Rulebook, facts: CaseFacts) -> tuple[AccumulatorKey, ...]:
    """Every accumulator that settling this case may read or change, sorted: the order in which to lock them."""
    keys: set[AccumulatorKey] = set()
    for cover, scheme, benefit in paying(rulebook, facts):
        if benefit.deductible and (benefit.deductible.per is Per.YEAR or benefit.deductible.later):
            keys.add(counter_key(facts, scheme, benefit.deductible.counter))
        if benefit.bands.per is Per.YEAR:
            keys.add(counter_key(facts, scheme, benefit.bands.counter))
        keys.update(cap_key(facts, cover, scheme, cap) for cap in benefit.caps)
    return tuple(sorted(keys))


def balances(rulebook: Rulebook, facts: CaseFacts, accumulators: Mapping[AccumulatorKey, int]) -> tuple[Balance, ...]:
    """What the layers have paid this year under each of their caps, in the order of the layers; a cap that several
    covers fill together stands once.
    """
    found: dict[AccumulatorKey, Balance] = {}
    for cover, scheme, benefit in paying(rulebook, facts):
        for cap in benefit.caps:
            key = cap_key(facts, cover, scheme, cap)
            row = cap.amount.at(facts.day, facts.tier, cover.group)
            found[key] = Balance(scheme.layer, cap.name, accumulators.get(key, 0), row.value if row else None)
    return tuple(found.values())


def counter_key(facts: CaseFacts, scheme: Scheme, counter: str) -> AccumulatorKey:
    """The member's own accumulator of that name in the scheme's present year."""
    return AccumulatorKey(
        f"member:{facts.member}", scheme.layer, scheme.code, counter, year_of(facts.day, scheme.calendar)
    )


def cap_key(facts: CaseFacts, cover: CoverFacts, scheme: Scheme, cap: Cap) -> AccumulatorKey:
    """The accumulator of what was paid under ``cap`` in the scheme's present year."""
    own = counter_key(facts, scheme, cap.name)
    return own if cap.owner is Owner.MEMBER else own._replace(owner=f"contract:{cover.contract}")


def _place(layer: str) -> int:
    return LAYERS.index(layer) if layer in LAYERS else len(LAYERS)
