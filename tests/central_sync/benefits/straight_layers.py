"""One layer, computed for :mod:`tests.central_sync.benefits.straight`: what its benefits pay of the piles, and what they leave."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.central_sync.benefits.straight_stages import Reason, Stages, summed, whole


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


class Layer(Stages):
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
        if last and self.paid and str(self.coin.at) == "claim":
            self.paid += self._claim(last, self.paid)
        self.leave_tallies()
        return self.paid

    def spread(self, coins, open_):
        """In proportion: whole coins, or, where layers are rounded together, exactly."""
        all_ = sum(open_.values())
        if str(self.coin.at) != "together":
            return spread(coins, open_)
        return {lines: Fraction(coins) * much / (all_ or 1) for lines, much in open_.items()}

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
            much = self.coins(coins * (self.value(take.share) or Fraction(0)))
            order = dict(enumerate(places))
            for number, share in self.spread(much, {n: taken[place] for n, place in order.items()}).items():
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
            for lines, coins in self.spread(now, open_).items():
                open_[lines] -= coins
            while room := sum(open_.values()):
                reason, coins = waiting.pop(0)
                if coins > room:
                    waiting.insert(0, (reason, coins - room))
                for lines, much in self.spread(min(coins, room), open_).items():
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
            due = self.spread(now, open_)
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
            replace(mine[0], part=part, lines=lines, coins=much)
            for lines, much in self.spread(price, held(mine)).items()
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
