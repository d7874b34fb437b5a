"""The stages of a benefit, computed for :mod:`tests.central_sync.benefits.straight`: what each leaves of an amount, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from central_sync.benefits.facts import AccumulatorKey
from central_sync.terms.days import display, months_after

OWN = ("deductible", "bands", "least", "rounding")


@dataclass(frozen=True)
class Reason:
    stage: str
    rule: str
    coins: int


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


class Stages:
    """One cover being asked: its values, its counters, and the stages of its benefits."""

    def __init__(self, case, number: int, cover, benefits) -> None:
        self.case = case
        self.number = number
        self.cover = cover
        self.paid = 0
        self.times_counted: dict[str, AccumulatorKey] = {}
        self.benefits = benefits
        self.scheme = case.rulebook.schemes[cover.scheme]
        self.coin = self.scheme.rounding

    def coins(self, exact):
        """Whole coins, but where layers are rounded together."""
        return Fraction(exact) if str(self.coin.at) == "together" else whole(exact, self.coin.mode)

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
            "period": self.began(self.period_owner(facts), "period"),
            "ever": 0,
            "month": int(year + month),
            "year": int(year) - 1 if f"{month}-{rest}" < begins else int(year),
        }[str(per)]
        return AccumulatorKey(whose, scheme.layer, scheme.code, name, when)

    def period_owner(self, facts) -> str:
        owner = str(self.scheme.period.owner) if self.scheme.period else "member"
        if owner == "family" and not self.cover.family:
            owner = "member"
        told = {"member": facts.member, "family": self.cover.family, "contract": self.cover.contract}
        return f"{owner}:{told[owner]}"

    def began(self, whose, name) -> int:
        """The number of the time in which the bill lies."""
        told = {(*family,): number for family, number in self.case.facts.began}
        first = int((self.case.facts.admitted or self.case.facts.day).strftime("%Y%m%d"))
        own = first if name == "period" else first * 100
        return told.get((whose, self.scheme.layer, self.scheme.code, name), own)

    def chain(self, name) -> AccumulatorKey:
        whose = f"member:{self.case.facts.member}"
        return AccumulatorKey(whose, self.scheme.layer, self.scheme.code, name, self.began(whose, name))

    def timed(self, name, key) -> None:
        """Something was counted in a time that began with a bill: the bill leaves its tally there, once."""
        last = int(self.case.facts.day.strftime("%Y%m%d"))
        owner = self.period_owner(self.case.facts) if name == "period" else key.owner
        self.times_counted[name] = key._replace(owner=owner, name=f"{name}.{key.year}", year=last)

    def leave_tallies(self) -> None:
        for key in self.times_counted.values():
            self.case.now[key] = self.case.now.get(key, 0) + 1

    def met(self, key) -> int:
        return max(self.case.now.get(key, 0), 0)

    def count(self, key, coins) -> None:
        self.case.now[key] = self.met(key) + coins
        if key.year >= 10**7:
            self.timed("period" if key.year < 10**9 else key.name, key)

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
            self.count(self.key(benefit.account, "ever", benefit.account_owner), coins)

    def held(self, benefit):
        if not benefit.account:
            return None
        return max(self.cover.deposited - self.met(self.key(benefit.account, "ever", benefit.account_owner)), 0)

    def until(self, waiting, unit):
        """The day on which the waiting is over."""
        if unit == "days":
            return self.cover.from_day + timedelta(days=waiting)
        return months_after(self.cover.from_day, waiting, self.scheme.calendar)

    def approved(self, benefit):
        """What the payer's approval leaves open for this case, or ``None``."""
        if not benefit.approved or self.cover.approved is None:
            return None
        return max(self.cover.approved - self.paid, 0)

    def stages(self, benefit, basis) -> list[Reason]:
        waiting = self.value(benefit.waiting)
        begun = self.case.facts.admitted or self.case.facts.day
        if waiting is not None and basis and begun < self.until(waiting, benefit.waiting.unit):
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
        first = self.value(benefit.first_part)
        if first is not None:
            mine = self.coins(counted * first)
            reasons.append(Reason("first_part", benefit.first_part.rule, mine))
            counted -= mine
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
        referred = bool(set(rule.continues) & set(self.case.facts.marks))
        if not runs(rule.per) and rule.later:
            key = self.key(rule.counter)
            stays = max(self.case.before.get(key, 0), 0)
            same = 1 if referred and stays else 0
            ratios = self.value(rule.later) or (Fraction(1),)
            ratio = ratios[min(stays - same, len(ratios) - 1)]
            floor = self.value(rule.least)
            if ratio != 1:
                falls = self.coins(amount * ratio)
                amount = falls if floor is None or falls >= floor else min(floor, amount)
            self.case.now[key] = max(stays + 1 - same, self.met(key))
        if rule.continues:
            chain = self.chain(rule.chain)
            before = self.met(chain) if referred else 0
            amount = max(amount - before, 0)
            self.count(chain, min(basis, amount))
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
                return self.coins(exact(upto))
            return upto - self.coins(upto - exact(upto))

        reasons = []
        for over, top, _ in slices:
            first, last = max(low, over), high if top is None else min(high, top)
            own = last - first - (pays(last) - pays(first)) if first < last else 0
            if own > 0:
                reasons.append(Reason("bands", rule.ratios.rule, own))
            if own < 0:
                # A band of 100 % ends a coin higher than it began: what is paid is rounded once, for all bands.
                reasons = moved(reasons, max(own, -summed(reasons)), Reason("rounding", "", 0))
        own = summed(reasons)
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

    def payers_caps(self, benefit, would) -> list[Reason]:
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
        approved = self.approved(benefit)
        if approved is not None and paid > approved:
            reasons.append(Reason("paid_cap", f"{self.scheme.code}.{benefit.name}.approved", paid - approved))
            paid = approved
        self.fill_paid(benefit, paid)
        return reasons


def runs(per) -> bool:
    """Whether it goes on from bill to bill."""
    return str(per) in ("month", "year", "period", "ever")


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
