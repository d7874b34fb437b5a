"""The rulebook's language once more, slow and straight: what ``docs/rulebook.md`` says, computed without the engine.

It takes the engine's facts and parameters (data), and nothing that computes: it chooses rows, counts years, rounds and cuts for
itself, with exact fractions, one coin pile after another. It tells sums alone; no texts, days or sources.

Where the page is silent it follows what is settled: lines that no benefit in force tells apart lie together; what is paid goes off
the parts in the order in which they are taken, then off the lines in the order of their serials; the first benefit that looks gives the
reasons of what is left, in the order of the stages, and a later one takes from the last reason to the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from central_sync.benefits.facts import AccumulatorKey
from central_sync.terms.days import display

LAYERS = ("base", "base_supplement", "critical_illness", "supplementary", "aid", "subsidy", "account")
OWN = ("deductible", "bands", "least", "rounding")


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
class Reason:
    stage: str
    rule: str
    coins: int


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


def whole(exact: Fraction, mode: str, to: int = 1) -> int:
    """``exact``, which is not negative, as a multiple of ``to``."""
    down = math.floor(exact / to)
    over = exact / to - down
    half = Fraction(1, 2)
    up = {
        "down": False,
        "up": over > 0,
        "half_up": over >= half,
        "half_even": over > half or (over == half and down % 2 == 1),
    }[str(mode)]
    return (down + up) * to


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
            for part in ("own_pay", "over_ceiling", "first_self_pay", "in_scope")
            if (coins := sum(parts[part] for parts in lying))
        ]

    def _version(self, line):
        begun = [one for one in self.region.items[line.item].versions if one.from_day <= line.service_date]
        return max(begun, key=lambda one: one.from_day)

    def _parts(self, line, version) -> dict[str, int]:
        parts = dict.fromkeys(("own_pay", "over_ceiling", "first_self_pay", "in_scope"), 0)
        if version.catalogue_class == "C":
            return {**parts, "own_pay": line.amount}
        most = self._ceiling(version, line.service_date)
        counts = line.amount
        if most is not None:
            counts = min(counts, whole(Fraction(line.quantity) * most, self.region.rounding))
        first = whole(counts * version.first_self_pay, self.region.rounding)
        return {**parts, "over_ceiling": line.amount - counts, "first_self_pay": first, "in_scope": counts - first}

    def _ceiling(self, version, day):
        if not version.group:
            return version.ceilings.get(self.facts.tier, version.ceilings.get(""))
        k = self.region.coefficients[version.group]
        return sum(
            Fraction(units or 0) * Fraction(self.row(one, "", day).value)
            for units, one in ((version.professional, k.professional), (version.technical, k.technical))
        )

    def row(self, parameter, group, day=None):
        """The row in force: of those that speak of the case, the one that names most; of each only its latest."""
        facts, found = self.facts, {}
        for row in sorted(parameter.rows, key=lambda one: one.from_day):
            speaks = (
                row.from_day <= (day or facts.day)
                and row.tier in ("", facts.tier)
                and row.group in ("", group)
                and (not row.mark or row.mark in facts.marks)
                and (not row.ages or row.ages[0] <= facts.age < row.ages[1])
            )
            if speaks:
                found[row.tier, row.group, row.mark, row.ages] = row
        alive = [row for row in found.values() if row.value is not None]
        return max(alive, key=lambda one: sum(map(bool, (one.tier, one.group, one.mark, one.ages))), default=None)


class _Layer:
    """One cover: what its benefits pay of the piles."""

    def __init__(self, case: _Case, number: int, cover, benefits) -> None:
        self.case = case
        self.number = number
        self.cover = cover
        self.benefits = benefits
        self.scheme = case.rulebook.schemes[cover.scheme]
        self.coin = self.scheme.rounding

    def pay(self) -> int:
        paid, last = 0, None
        for place, benefit in enumerate(self.benefits):
            must = place == len(self.benefits) - 1 and last is None
            answer = self._benefit(place, benefit, must)
            if answer is not None:
                paid, last = paid + answer, benefit
        if last and str(self.coin.at) == "claim":
            paid += self._claim(last, paid)
        return paid

    # -- values and counters ----------------------------------------------------------------------------------------

    def row(self, parameter):
        return self.case.row(parameter, self.cover.group) if parameter else None

    def value(self, parameter):
        row = self.row(parameter)
        return row.value if row else None

    def key(self, name, per="year", owner="member") -> AccumulatorKey:
        facts, scheme = self.case.facts, self.scheme
        whose = {
            "member": f"member:{facts.member}",
            "family": f"family:{self.cover.family}" if self.cover.family else f"member:{facts.member}",
            "contract": f"contract:{self.cover.contract}",
        }[str(owner)]
        day = facts.admitted if str(scheme.counted_on) == "admission" and facts.admitted else facts.day
        year, month, rest = display(day, scheme.calendar).split("-")
        begins = display(self.cover.from_day, scheme.calendar)[-5:]
        begins = begins if scheme.year_starts == "cover" else scheme.year_starts
        when = {
            "ever": 0,
            "month": int(year + month),
            "year": int(year) - 1 if f"{month}-{rest}" < begins else int(year),
        }[str(per)]
        return AccumulatorKey(whose, scheme.layer, scheme.code, name, when)

    def met(self, key) -> int:
        return max(self.case.now.get(key, 0), 0)

    def count(self, key, coins) -> None:
        self.case.now[key] = self.met(key) + coins

    def times(self, per) -> int:
        facts = self.case.facts
        nights = (facts.day - facts.admitted).days if facts.admitted else 0
        return {"day": nights + 1, "night": nights}.get(str(per), 1)

    def open(self, cap):
        """What a cap leaves open, or ``None``."""
        most = self.value(cap.amount)
        if most is None:
            return None
        used = self.met(self.key(cap.name, cap.per, cap.owner)) if runs(cap.per) else 0
        return max(most * self.times(cap.per) - used, 0)

    def fill(self, cap, coins) -> None:
        if runs(cap.per):
            self.count(self.key(cap.name, cap.per, cap.owner), coins)

    def fill_paid(self, benefit, coins) -> None:
        for cap in benefit.caps:
            if str(cap.of) == "paid":
                self.fill(cap, coins)
        if benefit.account:
            self.count(self.key(benefit.account, "ever"), coins)

    def held(self, benefit):
        if not benefit.account:
            return None
        return max(self.cover.deposited - self.met(self.key(benefit.account, "ever")), 0)

    # -- one benefit ------------------------------------------------------------------------------------------------

    def _benefit(self, place, benefit, must):
        me = (self.number, place)
        piles = self._looked_at(benefit, me)
        mine = [pile for pile in piles if pile.seen == me]
        others = [pile for pile in piles if pile.seen != me]
        if benefit.package:
            if not mine or not self._fits(benefit.package):
                return None
            return self._package(benefit, mine, others, me)
        if not mine:
            if not must:
                return None
            if benefit.lines or place:
                return 0
        parts = [take.part for take in benefit.takes]
        alone = str(benefit.each) == "line"
        heaps = [[p for p in mine if p.lines == n] for n in sorted({p.lines for p in mine})] if alone else [mine]
        fresh = not any(pile.asked for pile in mine)
        paid_in_all = 0
        for heap in heaps:
            basis, reasons = self._heap(benefit, heap)
            paid = basis - summed(reasons)
            paid_in_all += paid
            if fresh:
                others += self._reasoned(parts, heap, reasons, paid, me)
            else:
                piles = self._off(
                    parts, piles, paid, lambda p, h=heap: p.seen == me and (not alone or p.lines == h[0].lines)
                )
        self.case.piles = others if fresh else piles
        return paid_in_all

    def _looked_at(self, benefit, me) -> list[Pile]:
        """All piles; those that the benefit takes are marked as its own, and those of which it takes a share are cut."""
        found: list[Pile] = []
        for pile in self.case.piles:
            take = next((take for take in benefit.takes if take.part == pile.part), None)
            told = self.case.like.get(pile.lines)
            wanted = (
                take is not None
                and pile.seen[0] != self.number
                and (not take.left_by or pile.stage in take.left_by)
                and (not benefit.lines or among(benefit.lines, *told))
                and not (benefit.refuses and among(benefit.refuses, *told))
            )
            if not wanted:
                found.append(pile)
            elif take.share is None:
                found.append(replace(pile, seen=me))
            else:
                much = whole(pile.coins * (self.value(take.share) or Fraction(0)), self.coin.mode)
                cut = replace(pile, coins=much, seen=me), replace(pile, coins=pile.coins - much, seen=(self.number, -1))
                found += [piece for piece in cut if piece.coins]
        return found

    def _heap(self, benefit, mine):
        """Basis, and why not all of it is paid."""
        own = basis = sum(pile.coins for pile in mine)
        kind = str(benefit.basis)
        if kind != "left" and any(pile.asked for pile in mine):
            places = {(pile.part, pile.lines) for pile in mine}
            basis = max(own, sum(self.case.whole.get(place, 0) for place in places))
        reasons = self._stages(benefit, basis)
        would = basis - summed(reasons)
        gone = basis - own
        if gone:
            pays = min(max(would - gone, 0) if kind == "difference" else would, own)
            reasons.append(Reason("bands", f"{self._said(benefit)}.basis", would - pays))
        return basis, reasons + self._payers_caps(benefit, basis - summed(reasons))

    def _said(self, benefit) -> str:
        care = self.case.facts.care
        several = len(self.scheme.benefits[care]) > 1
        return f"{self.scheme.code}.{benefit.name if several else care}"

    def _stages(self, benefit, basis) -> list[Reason]:
        waiting = self.value(benefit.waiting)
        begun = self.case.facts.admitted or self.case.facts.day
        if waiting is not None and basis and begun < self.cover.from_day + timedelta(days=waiting):
            return [Reason("waiting", benefit.waiting.rule, basis)]
        reasons, counted = [], basis
        limits = [cap for cap in benefit.caps if str(cap.of) == "counted"]
        for cap in limits:
            room = self.open(cap)
            if room is not None and counted > room:
                reasons.append(Reason("counted_cap", cap.amount.rule, counted - room))
                counted = room
        for cap in limits:
            self.fill(cap, counted)
        rule = benefit.deductible
        if rule and str(rule.off) == "payment":
            own = self._bands(benefit, counted, 0)
            own += self._deductible(benefit, counted - summed(own))
        else:
            own = self._deductible(benefit, counted)
            own += self._bands(benefit, counted, summed(own))
        return reasons + self._own_part(benefit, counted, own)

    def _deductible(self, benefit, basis) -> list[Reason]:
        rule = benefit.deductible
        if rule is None:
            return []
        amount = (self.value(rule.amount) or 0) * self.times(rule.per)
        if runs(rule.per):
            key = self.key(rule.counter, rule.per, rule.owner)
            amount = max(amount - self.met(key), 0)
            self.count(key, min(basis, amount))
        elif rule.later:
            key = self.key(rule.counter)
            ratios = self.value(rule.later) or (Fraction(1),)
            ratio = ratios[min(self.met(key), len(ratios) - 1)]
            floor = self.value(rule.least)
            if ratio != 1:
                falls = whole(amount * ratio, self.coin.mode)
                amount = falls if floor is None or falls >= floor else min(floor, amount)
            self.count(key, 1)
        taken = min(basis, amount)
        room = self.open(rule.sum_cap) if rule.sum_cap else None
        if room is not None:
            taken = min(taken, room)
            self.fill(rule.sum_cap, taken)
        return [Reason("deductible", rule.amount.rule, taken)] if taken else []

    def _bands(self, benefit, basis, deductible) -> list[Reason]:
        rule, above = benefit.bands, basis - deductible
        gross, start = str(rule.counts) == "gross", 0
        if runs(rule.per):
            key = self.key(rule.counter, rule.per, rule.owner)
            start = self.met(key)
            self.count(key, basis if gross else above)
        bands = self.value(rule.ratios)
        if not bands:
            return [Reason("bands", rule.ratios.rule, above)] if above else []
        if str(rule.hold) == "all":
            size = basis if gross else above
            ratio = [band.ratio for band in bands if band.over == 0 or band.over < size][-1]
            slices = [(0, None, ratio)]
        else:
            tops = [*(band.over for band in bands[1:]), None]
            slices = [(band.over, top, band.ratio) for band, top in zip(bands, tops, strict=True)]
        low = start + (deductible if gross else 0)
        high = low + above

        def exact(upto):
            return sum(
                (max((upto if top is None else min(upto, top)) - over, 0) * ratio for over, top, ratio in slices),
                Fraction(0),
            )

        def pays(upto):
            if str(self.coin.last_coin) == "patient":
                return whole(exact(upto), self.coin.mode)
            return upto - whole(upto - exact(upto), self.coin.mode)

        own = above - (pays(high) - pays(low))
        reasons = [Reason("bands", rule.ratios.rule, own)] if own else []
        if self.coin.to == 1 or str(self.coin.at) == "claim" or not above:
            return reasons
        share = exact(high) - exact(low)
        if str(self.coin.last_coin) == "patient":
            wanted = above - min(whole(share, self.coin.mode, self.coin.to), above)
        else:
            wanted = min(whole(above - share, self.coin.mode, self.coin.to), above)
        return moved(reasons, wanted - own, Reason("rounding", f"{self.scheme.code}.rounding", 0))

    def _own_part(self, benefit, counted, own) -> list[Reason]:
        mine = sum(one.coins for one in own if one.stage in OWN)
        least = self.value(benefit.least)
        if least is not None:
            # What counts is all the patient's own, or paid: nothing else lies between.
            more = min(least, counted) - mine
            if more > 0:
                own, mine = moved(own, more, Reason("least", benefit.least.rule, 0)), mine + more
        caps = [cap for cap in benefit.caps if str(cap.of) == "patient"]
        for cap in caps:
            room = self.open(cap)
            if room is not None and mine > room:
                own, mine = moved(own, room - mine, Reason("bands", cap.amount.rule, 0)), room
        for cap in caps:
            self.fill(cap, mine)
        return own

    def _payers_caps(self, benefit, would) -> list[Reason]:
        reasons, paid = [], would
        for cap in benefit.caps:
            room = self.open(cap) if str(cap.of) == "paid" else None
            if room is not None and paid > room:
                reasons.append(Reason("paid_cap", cap.amount.rule, paid - room))
                paid = room
        held = self.held(benefit)
        if held is not None and paid > held:
            reasons.append(Reason("paid_cap", f"{self.scheme.code}.{benefit.name}.account", paid - held))
            paid = held
        self.fill_paid(benefit, paid)
        return reasons

    # -- piles ------------------------------------------------------------------------------------------------------

    def _reasoned(self, parts, heap, reasons, paid, me) -> list[Pile]:
        """What is left of piles that nobody had looked at: the payment goes off in order, the reasons lie on the rest."""
        queue = [reason for reason in reasons if reason.coins]
        found: list[Pile] = []
        for pile in self._gathered(parts, heap):
            gone = min(paid, pile.coins)
            paid, rest = paid - gone, pile.coins - gone
            while rest:
                much = min(rest, queue[0].coins)
                found.append(Pile(pile.part, pile.lines, much, queue[0].stage, queue[0].rule, True, me))
                rest -= much
                queue[0] = replace(queue[0], coins=queue[0].coins - much)
                if not queue[0].coins:
                    queue.pop(0)
        return found

    def _gathered(self, parts, heap) -> list[Pile]:
        sums: dict[tuple[int, int], Pile] = {}
        for pile in heap:
            place = parts.index(pile.part), pile.lines
            known = sums.get(place)
            sums[place] = replace(pile, coins=known.coins + pile.coins) if known else pile
        return [sums[place] for place in sorted(sums)]

    def _off(self, parts, piles, paid, mine) -> list[Pile]:
        """The piles when a later payer has paid: part by part, from the last pile to the first."""
        left = list(piles)
        for part in dict.fromkeys(parts):
            for place in range(len(left) - 1, -1, -1):
                pile = left[place]
                if pile.part == part and mine(pile):
                    gone = min(paid, pile.coins)
                    paid -= gone
                    left[place] = replace(pile, coins=pile.coins - gone, asked=True)
        assert paid == 0
        return [pile for pile in left if pile.coins]

    # -- fixed prices and whole claims ------------------------------------------------------------------------------

    def _fits(self, package) -> bool:
        facts = self.case.facts
        if self.value(package.price) is None:
            return False
        if package.items and not {line.item for line in self.case.lines} & set(package.items):
            return False
        main = facts.diagnoses[0] if facts.diagnoses else ""
        return not package.diagnoses or any(main.startswith(begin) for begin in package.diagnoses)

    def _package(self, benefit, mine, others, me) -> int:
        price = self.value(benefit.package.price)
        self.case.difference += price - sum(pile.coins for pile in mine)
        reasons = self._stages(benefit, price)
        reasons += self._payers_caps(benefit, price - summed(reasons))
        paid = price - summed(reasons)
        heap = [replace(mine[0], coins=price)]
        self.case.piles = others + self._reasoned([mine[0].part], heap, reasons, paid, me)
        return paid

    def _claim(self, benefit, paid) -> int:
        """How much more (or less) the layer pays so that the patient's whole part is round."""
        patient = sum(pile.coins for pile in self.case.piles)
        more = patient - whole(Fraction(patient), self.coin.mode, self.coin.to)
        rooms = [self.open(cap) for cap in benefit.caps if str(cap.of) == "paid"]
        rooms = [room for room in [*rooms, self.held(benefit)] if room is not None]
        room = min(rooms, default=sum(self.case.whole.values()))
        if not more or more > room or paid + more < 0:
            return 0
        self.fill_paid(benefit, more)
        if more < 0:
            self.case.piles.append(Pile("rounding", 0, -more, "rounding", f"{self.scheme.code}.rounding", True))
        else:
            parts = [pile.part for pile in self.case.piles]
            self.case.piles = self._off(parts, self.case.piles, more, lambda _: True)
        return more


def runs(per) -> bool:
    """Whether it goes on from bill to bill."""
    return str(per) in ("month", "year", "ever")


def summed(reasons) -> int:
    return sum(reason.coins for reason in reasons)


def moved(reasons, more, reason) -> list[Reason]:
    """So much more is left for a reason; or less, off the last reasons first."""
    if more > 0:
        return [*reasons, replace(reason, coins=more)]
    left, rest = [], -more
    for one in reversed(reasons):
        gone = min(rest, one.coins) if one.stage in OWN else 0
        rest -= gone
        if one.coins > gone:
            left.insert(0, replace(one, coins=one.coins - gone))
    return left
