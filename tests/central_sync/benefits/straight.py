"""The rulebook's language once more, slow and straight: what ``docs/rulebook.md`` says, computed without the engine.

It takes the engine's facts and parameters (data), and nothing that computes: it chooses rows, counts years, rounds and cuts for
itself, with exact fractions, one coin pile after another. It tells sums alone; no texts, days or sources.

Where the page is silent it follows what is settled: reasons lie in the order of the stages and bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from central_sync.benefits.facts import AccumulatorKey
from tests.central_sync.benefits.straight_stages import Reason, Stages, summed, whole

PARTS = ("own_pay", "over_tariff", "over_ceiling", "first_self_pay", "in_scope")
LAYERS = ("base", "base_supplement", "critical_illness", "supplementary", "aid", "subsidy", "account")


@dataclass(frozen=True)
class Pile:
    """Coins that nobody has paid: of a part of some lines, left at a stage by a rule. ``seen`` is who looked last."""

    part: str
    lines: int
    coins: int
    stage: str
    rule: str
    asked: bool = False
    seen: tuple[int, int] = (-1, -1)


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


def held(piles) -> dict[int, int]:
    """The coins of each lines' piles."""
    sums: dict[int, int] = {}
    for pile in piles:
        sums[pile.lines] = sums.get(pile.lines, 0) + pile.coins
    return sums


def spread(coins, open_) -> dict[int, int]:
    """The coins in proportion to what is open; odd ones to the largest fractions lost, of equal ones to the earlier lines."""
    whole_ = sum(open_.values())
    exact = {lines: Fraction(coins * much, whole_ or 1) for lines, much in open_.items()}
    found = {lines: math.floor(much) for lines, much in exact.items()}
    by_loss = sorted(open_, key=lambda lines: (found[lines] - exact[lines], lines))
    for lines in by_loss[: coins - sum(found.values())]:
        found[lines] += 1
    return found


def among(lines, item, kind, letter) -> bool:
    return item in lines.items or kind in lines.kinds or letter in lines.classes


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
        covers = self._covers()
        self.piles = self._catalogue(covers)
        self.whole = {(pile.part, pile.lines): pile.coins for pile in self.piles}
        shares, self.difference = [], 0
        for number, cover in enumerate(covers):
            benefits = self._benefits(covers, cover)
            paid = _Layer(self, number, cover, benefits).pay() if benefits else 0
            shares.append((cover.layer, cover.scheme, paid))
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

    def _covers(self):
        day = self.facts.day
        alive = {
            (c.layer, c.scheme, c.contract): c
            for c in self.facts.covers
            if c.from_day <= day and (c.to_day is None or day <= c.to_day)
        }

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


class _Layer(Stages):
    """One cover: what its benefits pay of the piles."""

    def pay(self) -> int:
        self.paid, last = 0, None
        standing = {(pile.part, pile.lines) for pile in self.case.piles}
        self.gone = {place for place, coins in self.case.whole.items() if coins and place not in standing}
        for place, benefit in enumerate(self.benefits):
            must = place == len(self.benefits) - 1 and last is None
            answer = self._benefit(place, benefit, must)
            if answer:
                last = benefit
        if last and str(self.coin.at) == "claim":
            self.paid += self._claim(last, self.paid)
        return self.paid

    # -- one benefit ------------------------------------------------------------------------------------------------

    def _benefit(self, place, benefit, must) -> bool:
        """Whether the benefit has answered; what it pays is counted."""
        me = (self.number, place)
        piles = self._looked_at(benefit, me)
        mine = [pile for pile in piles if pile.seen == me]
        others = [pile for pile in piles if pile.seen != me]
        if benefit.package:
            if not mine or not self._fits(benefit.package):
                return False
            self._package(benefit, mine, others, me)
            return True
        if not mine:
            if not must:
                return False
            if benefit.lines or place:
                return True
        parts = [take.part for take in benefit.takes]
        alone = str(benefit.each) == "line"
        heaps = [[p for p in mine if p.lines == n] for n in sorted({p.lines for p in mine})] if alone else [mine]
        gone = self._gone(benefit) if mine else {}
        at_all = [gone.get(heap[0].lines, 0) if alone else sum(gone.values()) for heap in heaps if heap]
        fresh = not any(pile.asked for pile in mine) and not any(at_all)
        for heap in heaps:
            more = gone.get(heap[0].lines, 0) if alone else sum(gone.values())
            basis, reasons = self._heap(benefit, heap, more)
            paid = basis - summed(reasons)
            self.paid += paid
            if fresh:
                others += self._reasoned(parts, heap, reasons, paid, me)
            else:
                piles = self._off(
                    parts, piles, paid, lambda p, h=heap: p.seen == me and (not alone or p.lines == h[0].lines)
                )
        self.case.piles = others if fresh else piles
        return True

    def _looked_at(self, benefit, me) -> list[Pile]:
        """All piles; those that the benefit takes are marked as its own, and those of which it takes a share are cut."""
        takes = {take.part: take for take in benefit.takes}
        mine = [
            (pile.lines, place)
            for place, pile in enumerate(self.case.piles)
            if pile.part in takes
            and pile.seen[0] != self.number
            and (not takes[pile.part].left_by or pile.stage in takes[pile.part].left_by)
            and self._may(benefit, self.case.like.get(pile.lines))
        ]
        taken = {place: self.case.piles[place].coins for _, place in mine}
        for part, take in takes.items():
            if take.share is None:
                continue
            # The share is rounded once for the part; its coins lie on the piles in the order of their lines.
            places = [place for _, place in sorted(mine) if self.case.piles[place].part == part]
            coins = sum(taken[place] for place in places)
            much = whole(coins * (self.value(take.share) or Fraction(0)), self.coin.mode)
            order = dict(enumerate(places))
            for number, share in spread(much, {n: taken[place] for n, place in order.items()}).items():
                taken[order[number]] = share
        found: list[Pile] = []
        for place, pile in enumerate(self.case.piles):
            if place not in taken:
                found.append(pile)
                continue
            rest = pile.coins - taken[place]
            cut = replace(pile, coins=taken[place], seen=me), replace(pile, coins=rest, seen=(self.number, -1))
            found += [piece for piece in cut if piece.coins]
        return found

    def _gone(self, benefit) -> dict[int, int]:
        """What earlier payers have paid to nothing of what the benefit would take, by lines: it is a part of the whole, once for a cover."""
        if str(benefit.basis) == "left":
            return {}
        parts, found = [take.part for take in benefit.takes], {}
        for part, lines in sorted(self.gone):
            told = self.case.like.get(lines)
            if part in parts and self._may(benefit, told):
                found[lines] = found.get(lines, 0) + self.case.whole[part, lines]
                self.gone.discard((part, lines))
        return found

    @staticmethod
    def _may(benefit, told) -> bool:
        """Whether the benefit takes such lines."""
        wanted = not benefit.lines or among(benefit.lines, *told)
        return wanted and not (benefit.refuses and among(benefit.refuses, *told))

    def _heap(self, benefit, mine, gone):
        """Basis, and why not all of it is paid; ``gone`` is what earlier payers have paid to nothing."""
        own = basis = sum(pile.coins for pile in mine)
        kind = str(benefit.basis)
        if kind != "left" and (gone or any(pile.asked for pile in mine)):
            places = {(pile.part, pile.lines) for pile in mine}
            basis = gone + sum(self.case.whole[place] for place in places)
        reasons = self.stages(benefit, basis)
        would = basis - summed(reasons)
        before = basis - own
        if before:
            pays = min(max(would - before, 0) if kind == "difference" else would, own)
            reasons.append(Reason("bands", f"{self._said(benefit)}.basis", would - pays))
        return basis, reasons + self.payers_caps(benefit, basis - summed(reasons))

    def _said(self, benefit) -> str:
        care = self.case.facts.care
        several = len(self.scheme.benefits[care]) > 1
        return f"{self.scheme.code}.{benefit.name if several else care}"

    # -- piles ------------------------------------------------------------------------------------------------------

    def _reasoned(self, parts, heap, reasons, paid, me) -> list[Pile]:
        """What is left of piles that nobody had looked at: part by part the payment goes off, and the reasons lie on the rest."""
        found: list[Pile] = []
        waiting = [(reason, reason.coins) for reason in reasons if reason.coins]
        for part in dict.fromkeys(parts):
            open_ = held(pile for pile in heap if pile.part == part)
            now = min(paid, sum(open_.values()))
            paid -= now
            for lines, coins in spread(now, open_).items():
                open_[lines] -= coins
            while room := sum(open_.values()):
                reason, coins = waiting.pop(0)
                if coins > room:
                    waiting.insert(0, (reason, coins - room))
                for lines, much in spread(min(coins, room), open_).items():
                    open_[lines] -= much
                    found.append(Pile(part, lines, much, reason.stage, reason.rule, True, me))
        assert not waiting
        return [pile for pile in found if pile.coins]

    def _off(self, parts, piles, paid, mine) -> list[Pile]:
        """The piles when a later payer has paid: part by part, off all their lines alike, and off each lines' last pile first."""
        left = list(piles)
        for part in dict.fromkeys(parts):
            places = [place for place, pile in enumerate(left) if pile.part == part and mine(pile)]
            open_ = held(left[place] for place in places)
            now = min(paid, sum(open_.values()))
            paid -= now
            due = spread(now, open_)
            for place in reversed(places):
                pile = left[place]
                gone = min(due[pile.lines], pile.coins)
                due[pile.lines] -= gone
                left[place] = replace(pile, coins=pile.coins - gone, asked=True)
        assert paid == 0
        return [pile for pile in left if pile.coins]

    # -- fixed prices and whole claims ------------------------------------------------------------------------------

    def _fits(self, package) -> bool:
        facts = self.case.facts
        if self._fixed(package) is None:
            return False
        if package.items and not {line.item for line in self.case.lines} & set(package.items):
            return False
        main = facts.diagnoses[0] if facts.diagnoses else ""
        return not package.diagnoses or any(main.startswith(begin) for begin in package.diagnoses)

    def _fixed(self, package):
        """The price: the only one, or the highest of the items on the bill."""
        if not package.prices:
            return self.value(package.price)
        on = {line.item for line in self.case.lines}
        return max((self.value(price) or 0 for item, price in package.prices.items() if item in on), default=0) or None

    def _package(self, benefit, mine, others, me) -> None:
        price = self._fixed(benefit.package)
        self.case.difference += price - sum(pile.coins for pile in mine)
        reasons = self.stages(benefit, price)
        reasons += self.payers_caps(benefit, price - summed(reasons))
        paid = price - summed(reasons)
        part = benefit.takes[0].part
        heap = [
            replace(mine[0], part=part, lines=lines, coins=much) for lines, much in spread(price, held(mine)).items()
        ]
        for pile in mine:
            self.case.whole[pile.part, pile.lines] -= pile.coins
        for pile in heap:
            if pile.coins:
                place = part, pile.lines
                self.case.whole[place] = self.case.whole.get(place, 0) + pile.coins
                self.gone.discard(place)
        parts = [take.part for take in benefit.takes]
        self.case.piles = others + self._reasoned(parts, heap, reasons, paid, me)
        self.paid += paid

    def _claim(self, benefit, paid) -> int:
        """How much more (or less) the layer pays so that the patient's whole part is round."""
        patient = sum(pile.coins for pile in self.case.piles)
        more = patient - whole(Fraction(patient), self.coin.mode, self.coin.to)
        rooms = [self.open(cap) for cap in benefit.caps if str(cap.of) == "paid"]
        rooms = [room for room in [*rooms, self.held(benefit), self.approved(benefit)] if room is not None]
        room = min(rooms, default=sum(line.amount for line in self.case.lines))
        if not more or more > room or paid + more < 0:
            return 0
        self.fill_paid(benefit, more)
        if more < 0:
            self.case.piles.append(Pile("rounding", 0, -more, "rounding", f"{self.scheme.code}.rounding", True))
        else:
            parts = [pile.part for pile in self.case.piles]
            self.case.piles = self._off(parts, self.case.piles, more, lambda _: True)
        return more
