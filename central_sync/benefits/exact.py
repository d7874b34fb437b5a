"""Exact fractions of coins in the place of whole ones.

PURE. What is exact is a :class:`~fractions.Fraction` wherever whole coins are an ``int``: the stages compute with either.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any


def exact(numerator: Any, denominator: Any) -> Any:
    """The fraction itself, in the place of whole coins. What is exact is a :class:`~fractions.Fraction` wherever whole coins are ``int``."""
    return Fraction(numerator) / Fraction(denominator)


def exactly_split(amount: Any, weights: Sequence[Any]) -> list[Any]:
    """``amount`` in proportion to ``weights``, exactly."""
    whole = sum(weights)
    if not whole:
        return [amount, *([0] * (len(weights) - 1))]
    return [Fraction(amount) * weight / whole for weight in weights]
