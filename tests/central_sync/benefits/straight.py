"""The rulebook's language once more, slow and straight: what ``docs/rulebook.md`` says, computed without the engine.

It takes the engine's facts and parameters (data), and nothing that computes: it chooses rows, counts years, rounds and cuts for
itself, with exact fractions, one coin pile after another. It tells sums alone; no texts, days or sources.

Where the page is silent it follows what is settled: reasons lie in the order of the stages and bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from central_sync.benefits.facts import AccumulatorKey
from tests.central_sync.benefits.straight_layers import Layer, Pile, among
from tests.central_sync.benefits.straight_stages import whole
from tests.central_sync.benefits.straight_together import Together

PARTS = ("own_pay", "over_tariff", "over_ceiling", "first_self_pay", "in_scope")
LAYERS = ("base", "base_supplement", "critical_illness", "supplementary", "aid", "subsidy", "account")


@dataclass(frozen=True)
class Reckoned:
    """What a bill comes to: shares by cover in order, the patient's part by rule, the accumulators' movements."""

    total: int
    patient: int
    difference: int
    shares: list[tuple[str, str, int]]
    why: dict[str, int]
    moved: dict[AccumulatorKey, int]


def reckoned(rulebook, facts, lines, before) -> Reckoned:
    return _Case(rulebook, facts, tuple(lines), before).settle()


def holds(cover, day) -> bool:
    return cover.from_day <= day and (cover.to_day is None or day <= cover.to_day)


class _Case:
    """One bill on its way through the layers."""

    def __init__(self, rulebook, facts, lines, before) -> None:
        self.rulebook = rulebook
        self.facts = facts
        self.lines = lines
        self.before = before
        self.now = dict(before)
        self.region = rulebook.regions[facts.region]

    def settle(self) -> Reckoned:
        covers = self.covers()
        self.piles = self._catalogue(covers)
        self.whole = {(pile.part, pile.lines): pile.coins for pile in self.piles}
        shares, self.difference = [], 0
        group = None
        for number, cover in enumerate(covers):
            benefits = self._benefits(covers, cover)
            if not benefits:
                shares.append((cover.layer, cover.scheme, 0))
                continue
            coin = self.rulebook.schemes[cover.scheme].rounding
            together = str(coin.at) == "together"
            if group and (not together or coin != group.coin):
                group.finish(self, shares)
                group = None
            if together and group is None:
                group = Together(coin, self.piles, dict(self.now))
                self.piles = [replace(pile, coins=Fraction(pile.coins)) for pile in self.piles]
            paid = Layer(self, number, cover, benefits).pay()
            shares.append((cover.layer, cover.scheme, paid))
            if group:
                group.paid.append((number, cover.scheme, paid))
        if group:
            group.finish(self, shares)
        why: dict[str, int] = {}
        for pile in self.piles:
            why[pile.rule] = why.get(pile.rule, 0) + pile.coins
        moved = {key: value - self.before.get(key, 0) for key, value in self.now.items()}
        return Reckoned(
            sum(line.amount for line in self.lines),
            sum(why.values()),
            self.difference,
            shares,
            {rule: coins for rule, coins in why.items() if coins},
            {key: much for key, much in moved.items() if much},
        )

    def covers(self):
        day, alive = self.facts.day, {}
        for cover in sorted(self.facts.covers, key=lambda one: one.from_day):
            mine = (cover.layer, cover.scheme, cover.contract)
            rows = [one for one in self.facts.covers if (one.layer, one.scheme, one.contract) == mine]
            if holds(cover, day):
                began = cover.from_day
                while any(holds(row, began - timedelta(days=1)) for row in rows):
                    began -= timedelta(days=1)
                alive[mine] = replace(cover, from_day=began)

        def place(cover):
            scheme = self.rulebook.schemes.get(cover.scheme)
            layer = LAYERS.index(cover.layer) if cover.layer in LAYERS else len(LAYERS)
            return layer, scheme.rank if scheme else 0, cover.scheme, cover.contract

        return sorted(alive.values(), key=place)

    def _benefits(self, covers, cover):
        """The benefits that are asked, in order; none where the cover cannot pay."""
        scheme = self.rulebook.schemes.get(cover.scheme)
        if scheme is None or scheme.layer != cover.layer or scheme.currency != self.region.currency:
            return []
        if scheme.requires and not any(other.layer == scheme.requires for other in covers):
            return []
        asked = scheme.benefits.get(self.facts.care, ())
        return [benefit for benefit in asked if set(benefit.when) <= set(self.facts.marks)]

    def _catalogue(self, covers) -> list[Pile]:
        """The bill by part and by those lines that the benefits treat alike."""
        benefits = [benefit for cover in covers for benefit in self._benefits(covers, cover)]
        choices = [chosen for benefit in benefits for chosen in (benefit.lines, benefit.refuses) if chosen]
        by_line = any(str(benefit.each) == "line" for benefit in benefits)
        groups: dict[object, list] = {}
        self.like = {}
        for number, line in enumerate(sorted(self.lines, key=lambda one: one.serial)):
            version = self._version(line)
            told = (line.item, self.region.items[line.item].kind, version.catalogue_class)
            alike = number if by_line else tuple(among(chosen, *told) for chosen in choices)
            lying = groups.setdefault(alike, [])
            self.like.setdefault(list(groups).index(alike), told)
            lying.append(self._parts(line, version))
        return [
            Pile(part, number, coins, "catalogue", f"{self.region.code}.catalogue.{part}")
            for number, lying in enumerate(groups.values())
            for part in PARTS
            if (coins := sum(parts[part] for parts in lying))
        ]

    def _version(self, line):
        begun = [one for one in self.region.items[line.item].versions if one.from_day <= line.service_date]
        return max(begun, key=lambda one: one.from_day)

    def _parts(self, line, version) -> dict[str, int]:
        parts = dict.fromkeys(PARTS, 0)
        if version.catalogue_class == "C":
            return {**parts, "own_pay": line.amount}
        tier, counts = self.facts.tier, line.amount
        own = self._price(line, version, tier)
        if self.region.insured_tier not in ("", tier) and own is not None:
            counts = min(counts, whole(Fraction(line.quantity) * own, self.region.rounding))
            parts["over_tariff"] = line.amount - counts
        insured = self._price(line, version, self.region.insured_tier or tier)
        if insured is not None:
            within = min(counts, whole(Fraction(line.quantity) * insured, self.region.rounding))
            parts["over_ceiling"], counts = counts - within, within
        first = whole(counts * version.first_self_pay, self.region.rounding)
        return {**parts, "first_self_pay": first, "in_scope": counts - first}

    def _price(self, line, version, tier):
        """The price of one unit in a hospital of that tier, with what the line's modifiers make of it."""
        kind = self.region.items[line.item].kind
        named = [self.region.modifiers[code] for code in line.modifiers if code in self.region.modifiers]
        modifiers = [one for one in named if not one.kinds or kind in one.kinds]

        def told(parameter):
            row = self.row(parameter, "", line.service_date, tier) if parameter else None
            return Fraction(row.value) if row else None

        def times(part):
            return math.prod(told(getattr(one, part)) or 1 for one in modifiers if told(getattr(one, part)) is not None)

        if not version.group:
            price = version.ceilings.get(tier, version.ceilings.get(""))
            return None if price is None else price * times("price")
        k = self.region.coefficients[version.group]
        units = Fraction(version.professional or 0) + sum(told(one.units) or 0 for one in modifiers)
        professional = units * told(k.professional) * times("professional")
        technical = Fraction(version.technical or 0) * told(k.technical) * times("technical")
        return (professional + technical) * times("price")

    def row(self, parameter, group, day=None, tier=None):
        """The row in force: of those that speak of the case, the one that names most; of each only its latest."""
        facts, found = self.facts, {}
        for row in sorted(parameter.rows, key=lambda one: one.from_day):
            speaks = (
                row.from_day <= (day or facts.day)
                and row.tier in ("", tier or facts.tier)
                and row.group in ("", group)
                and (not row.mark or row.mark in facts.marks)
                and (not row.ages or row.ages[0] <= facts.age < row.ages[1])
            )
            if speaks:
                found[row.tier, row.group, row.mark, row.ages] = row
        alive = [row for row in found.values() if row.value is not None]
        return max(alive, key=lambda one: sum(map(bool, (one.tier, one.group, one.mark, one.ages))), default=None)
