"""Layers that are rounded together, computed for :mod:`tests.central_sync.benefits.straight`: exact sums to whole coins."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from tests.central_sync.benefits.straight_stages import whole


@dataclass
class Together:
    """Layers in a row with one rounding: what stood before them, and what each paid exactly."""

    coin: Any
    piles: list
    stood: dict
    paid: list = field(default_factory=list)

    def finish(self, case, shares) -> None:
        """Make whole coins of the shares, the piles and the accumulators."""
        before = sum(pile.coins for pile in self.piles)
        exact = sum((coins for _, _, coins in self.paid), Fraction(0))
        if str(self.coin.last_coin) == "patient":
            all_ = whole(exact, self.coin.mode)
        else:
            all_ = before - whole(before - exact, self.coin.mode)
        schemes = list(dict.fromkeys(code for _, code, _ in self.paid))
        of_scheme = {code: sum(coins for _, other, coins in self.paid if other == code) for code in schemes}
        coins_of = dict(zip(schemes, to_whole(list(of_scheme.values()), all_), strict=True))
        for code in schemes:
            mine = [(place, coins) for place, other, coins in self.paid if other == code]
            for (place, _), coins in zip(mine, to_whole([one for _, one in mine], coins_of[code]), strict=True):
                shares[place] = (*shares[place][:2], coins)
        if any(isinstance(pile.coins, Fraction) for pile in case.piles):
            left = to_whole([pile.coins for pile in case.piles], before - all_)
            case.piles = [replace(pile, coins=coins) for pile, coins in zip(case.piles, left, strict=True) if coins]
        covers = case.covers()
        for key, value in case.now.items():
            if isinstance(value, Fraction):
                more = value - self.stood.get(key, 0)
                mine = [
                    (coins, shares[place][2])
                    for place, code, coins in self.paid
                    if code == key.scheme and of(key.owner, covers[place])
                ]
                same = more == sum(coins for coins, _ in mine)
                case.now[key] = self.stood.get(key, 0) + (
                    sum(coins for _, coins in mine) if same else whole(more, "half_up")
                )


def of(owner, cover) -> bool:
    """Whether what a cover pays may count for that owner."""
    kind, _, name = owner.partition(":")
    return {"member": True, "family": cover.family == name, "contract": cover.contract == name}[kind]


def to_whole(amounts, total) -> list[int]:
    """The amounts down or up to whole coins, the largest fractions up first, so that they are the total."""
    down = [math.floor(one) for one in amounts]
    over = total - sum(down)
    fractions = [one - whole_ for one, whole_ in zip(amounts, down, strict=True)]
    if not 0 <= over <= sum(map(bool, fractions)):
        all_ = sum(amounts)
        return to_whole([one * Fraction(total) / all_ for one in amounts], total)
    first = sorted(range(len(down)), key=lambda place: (-fractions[place], place))[:over]
    return [coins + (place in first) for place, coins in enumerate(down)]
