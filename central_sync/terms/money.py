"""Money is an integer of the smallest coin and a currency; ratios are exact; rounding is named.

An amount is a plain ``int`` wherever the currency is known from its surroundings (a bill, a settlement, a scheme
have exactly one). A ratio is a :class:`fractions.Fraction`. Nothing here, or anywhere, is a ``float``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

AMOUNT_MAX = 10**15
"""Largest amount taken in one field, in smallest coins: far above any bill, far below 2**63."""


class Rounding(StrEnum):
    """How a scheme turns an exact share into whole coins."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency as it is settled: ``decimals`` digits stand behind the point on paper (ISO 4217)."""

    code: str
    decimals: int

    def display(self, amount: int) -> str:
        """``amount`` smallest coins as a person reads it: ``12345`` CNY is ``123.45 CNY``."""
        sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(self.decimals + 1, "0")
        if not self.decimals:
            return f"{sign}{int(digits):,} {self.code}"
        whole, part = digits[: -self.decimals], digits[-self.decimals :]
        return f"{sign}{int(whole):,}.{part} {self.code}"


CURRENCIES = {
    code: Currency(code, decimals)
    for decimals, codes in (
        (0, "BIF CLP DJF GNF IRR ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
        (
            2,
            (
                "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
                "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
                "INR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR "
                "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS "
                "SRD SSP STN SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW"
            ),
        ),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
    )
    for code in codes.split()
}
"""The currencies that a region may settle in: those of ISO 4217 that a country pays with. The rial has no coins in use."""


def rounded(value: Fraction | Decimal, rounding: Rounding) -> int:
    """The whole number of coins nearest to ``value`` by ``rounding``; halves go away from zero with ``HALF_UP``."""
    exact = value if isinstance(value, Fraction) else Fraction(value)
    return NEAREST[rounding](exact.numerator, exact.denominator)


def rounded_to(value: Fraction, rounding: Rounding, unit_coins: int) -> int:
    """The multiple of ``unit_coins`` nearest to ``value`` by ``rounding``."""
    return NEAREST[rounding](value.numerator, value.denominator * unit_coins) * unit_coins


def share(amount: int, ratio: Fraction, rounding: Rounding) -> int:
    """``ratio`` of ``amount``, in whole coins."""
    return NEAREST[rounding](amount * ratio.numerator, ratio.denominator)


def product(quantity: Decimal, price: Fraction, rounding: Rounding) -> int:
    """``quantity`` times a ``price`` in coins, in whole coins."""
    numerator, denominator = quantity.as_integer_ratio()
    return NEAREST[rounding](numerator * price.numerator, denominator * price.denominator)


def _half_up(numerator: int, denominator: int) -> int:
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(abs(numerator), denominator)
    whole += 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)
    return -whole if numerator < 0 else whole


def _down(numerator: int, denominator: int) -> int:
    return numerator // denominator if numerator >= 0 else -(-numerator // denominator)


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator) if numerator >= 0 else numerator // denominator


NEAREST: dict[Rounding, Callable[[int, int], int]] = {
    Rounding.HALF_UP: _half_up,
    Rounding.HALF_EVEN: _half_even,
    Rounding.DOWN: _down,
    Rounding.UP: _up,
}
"""``NEAREST[rounding](numerator, denominator)`` is the fraction, which need not be in its lowest terms, in whole coins. The sign of the
numerator changes nothing but that of the answer; the denominator is above 0."""


def line_amount(quantity: Decimal, unit_price: Decimal, currency: Currency, rounding: Rounding) -> int:
    """``quantity`` times ``unit_price`` (in main units, as a price stands on a list: yuan, rial), in smallest coins."""
    return rounded(Fraction(quantity) * Fraction(unit_price) * 10**currency.decimals, rounding)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide a non-negative ``amount`` in proportion to non-negative ``weights``, adding up to it exactly.

    The coins left by rounding down go to the largest remainders, ties to the earlier weight. With no weight at all
    everything goes to the first place.

    Raises:
        ValueError: ``amount`` or a weight is negative, or there are no places.
    """
    if amount < 0 or not weights or min(weights) < 0:
        raise ValueError("split needs a non-negative amount and at least one non-negative weight")
    total = sum(weights)
    if total == 0:
        return [amount, *([0] * (len(weights) - 1))]
    floors = [amount * w // total for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in order[: amount - sum(floors)]:
        floors[i] += 1
    return floors
