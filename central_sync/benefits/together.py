"""Layers that hand exact fractions of coins on to one another, and are made whole coins together, when the last of them has paid.

PURE. Layers that follow each other and say ``at: together`` with the same rounding are one group: within it the engine computes with exact fractions.
Rules of the end
    * What the group pays in all is rounded once, by the scheme's mode (or, ``last_coin: payer``, what it leaves is). Each scheme, and each of its
      contracts, pays its own exact share rounded down or up: the coins over go to the largest fractions, of equal ones to the earlier.
      So no cap is passed, whatever is rounded.
    * Each step of a trace and each piece that is left is its own exact amount rounded down or up, so that the steps add up to the share, the
      pieces to what is left.
    * Accumulators are whole coins: a counter of all that a scheme pays, or pays for one contract, moves by those whole shares, any other by the
      nearest coin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import msgspec

from central_sync.benefits.choices import LastCoin
from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.parameters import CoinRule
from central_sync.benefits.plans import Plan
from central_sync.benefits.results import Left, Share, TraceStep, Turn
from central_sync.terms.money import NEAREST, Rounding


class Group:
    """Layers that are computed exactly and rounded together. ``left`` is what was left before the first of them; ``shares`` and ``turns`` are how many
    the layers before them had.
    """

    def __init__(
        self,
        coin: CoinRule,
        left: Sequence[Left],
        counters: MutableMapping[AccumulatorKey, int],
        shares: int,
        turns: int,
    ) -> None:
        self.coin = coin
        self._left = left
        self._counters = counters
        self._stood = dict(counters)
        self._first_share = shares
        self._first_turn = turns

    def finish(
        self, shares: list[Share], turns: list[tuple[int, Turn]], owners: Sequence[frozenset[str]]
    ) -> Sequence[Left]:
        """Make whole coins of what the layers have paid and left, and of the accumulators; returns what is left in the end. ``owners`` are whose
        accumulators each share may move.
        """
        mine, amounts = shares[self._first_share :], self._whole(shares[self._first_share :])
        taken = turns[self._first_turn :]
        made: list[tuple[int, Turn]] = []
        rest = sum(piece.step.amount for piece in self._left)
        for number, (share, amount) in enumerate(zip(mine, amounts, strict=True), start=self._first_share):
            first, rest = rest, rest - amount
            shares[number] = _share(share, amount)
            made += [(number, turn) for turn in _turns([turn for n, turn in taken if n == number], first, rest)]
        turns[self._first_turn :] = made
        self._count(mine, amounts, owners[self._first_share :])
        return made[-1][1].left if made else self._left

    def _whole(self, shares: Sequence[Share]) -> list[int]:
        """What each layer pays, in whole coins."""
        amounts: list[Any] = [share.amount for share in shares]
        sum_, nearest = Fraction(sum(amounts)), NEAREST[self.coin.mode]
        before = sum(piece.step.amount for piece in self._left)
        if self.coin.last_coin is LastCoin.PATIENT:
            whole = nearest(sum_.numerator, sum_.denominator)
        else:
            own = before - sum_
            whole = before - nearest(own.numerator, own.denominator)
        places: dict[str, list[int]] = {}
        for place, share in enumerate(shares):
            places.setdefault(share.scheme, []).append(place)
        each = wholes([sum(amounts[place] for place in mine) for mine in places.values()], whole)
        found = [0] * len(amounts)
        for mine, coins in zip(places.values(), each, strict=True):
            for place, one in zip(mine, wholes([amounts[place] for place in mine], coins), strict=True):
                found[place] = one
        return found

    def _count(self, shares: Sequence[Share], paid: Sequence[int], owners: Sequence[frozenset[str]]) -> None:
        """Make the accumulators whole: what counts all that a scheme pays for their owner moves by that."""
        for key, value in self._counters.items():
            if not isinstance(value, Fraction):
                continue
            exact: Any = 0
            whole = 0
            for share, coins, whose in zip(shares, paid, owners, strict=False):
                if share.scheme == key.scheme and key.owner in whose:
                    exact, whole = exact + share.amount, whole + coins
            stood = self._stood.get(key, 0)
            self._counters[key] = stood + (whole if value - stood == exact else _nearest(value - stood))


def turned(
    group: Group | None,
    plan: Plan | None,
    left: Sequence[Left],
    counters: MutableMapping[AccumulatorKey, int],
    shares: list[Share],
    turns: list[tuple[int, Turn]],
    owners: Callable[[], Sequence[frozenset[str]]],
) -> tuple[Group | None, Sequence[Left]]:
    """The group that the next layer, of ``plan`` (none: there is no next), belongs to, and what is left for it. A group that is over is made whole:
    its ``shares`` and ``turns`` are put in the place of the exact ones. ``owners`` tells whose accumulators each cover's share may move.
    """
    if group is not None and (plan is None or not plan.exact or plan.scheme.rounding != group.coin):
        left, group = group.finish(shares, turns, owners()), None
    if group is None and plan is not None and plan.exact:
        return Group(plan.scheme.rounding, left, counters, len(shares), len(turns)), exactly(left)
    return group, left


def exactly(left: Iterable[Left]) -> list[Left]:
    """The pieces before the first layer of a group, as fractions."""
    return [msgspec.structs.replace(piece, step=piece.step.of(Fraction(piece.step.amount))) for piece in left]  # type: ignore[arg-type]


def wholes(amounts: Sequence[Any], total: int) -> list[int]:
    """Each of ``amounts`` (also negative ones) rounded down or up, so that they add up to ``total``, which is their sum rounded down or up: the coins over
    go to the largest fractions, of equal ones to the earlier. Where the total is another sum, they are in proportion.
    """
    found = [floor(amount) for amount in amounts]
    lost = [amount - down for amount, down in zip(amounts, found, strict=True)]
    over = total - sum(found)
    if not 0 <= over <= sum(1 for one in lost if one):
        return _in_proportion(amounts, total)
    for place in sorted(range(len(lost)), key=lambda place: (-lost[place], place))[:over]:
        found[place] += 1
    return found


def _in_proportion(amounts: Sequence[Any], total: int) -> list[int]:
    sum_ = sum(amounts)
    assert sum_ > 0, "coins that nobody has"
    return wholes([Fraction(total) * amount / sum_ for amount in amounts], total)


def _share(share: Share, amount: int) -> Share:
    steps = wholes([step.amount for step in share.trace], amount)
    return replace(share, amount=amount, trace=tuple(map(_step, share.trace, steps)))


def _turns(turns: Sequence[Turn], first: int, last: int) -> list[Turn]:
    """The turns of a layer, before which ``first`` coins were left, and after which ``last`` are."""
    found: list[Turn] = []
    for number, turn in enumerate(turns):
        sum_: Any = sum(piece.step.amount for piece in turn.left)
        target = last if number == len(turns) - 1 else max(last, min(first, floor(sum_)))
        if not sum_:
            target = last
        steps = wholes([piece.step.amount for piece in turn.left], target)
        pieces = zip(turn.left, steps, strict=True)
        found.append(Turn([msgspec.structs.replace(one, step=_step(one.step, much)) for one, much in pieces if much]))
        first = target
    return found


def _step(step: TraceStep, amount: int) -> TraceStep:
    """A reason with whole coins; its figures are the nearest ones, and with what was taken off it it is what it was before."""
    less: tuple[TraceStep, ...] = ()
    if step.less:
        taken: list[Any] = [one.amount for one in step.less]
        rest = max(_nearest(abs(step.amount) + sum(taken)) - abs(amount), 0)
        coins = wholes(taken, rest) if any(taken) else taken
        less = tuple(_step(one, int(much)) for one, much in zip(step.less, coins, strict=True))
    return msgspec.structs.replace(step, amount=amount, figures=tuple(map(_nearest, step.figures)), less=less)


def _nearest(amount: Any) -> int:
    one = Fraction(amount)
    return NEAREST[Rounding.HALF_UP](one.numerator, one.denominator)
