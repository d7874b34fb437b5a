"""The words that a rulebook chooses from: for how long, for whom, of what, how. ``docs/rulebook.md`` explains them to their writers.

PURE.
"""

from __future__ import annotations

from enum import StrEnum


class Per(StrEnum):
    """For how long something is counted. ``DAY`` and ``NIGHT`` are a bill's sum for each day (the first and the last
    included) or night of the stay; a month and a year go on from bill to bill, as the scheme's calendar has them; ``PERIOD`` is the scheme's own
    time, which begins with a bill.
    """

    BILL = "bill"
    DAY = "day"
    NIGHT = "night"
    MONTH = "month"
    YEAR = "year"
    PERIOD = "period"
    EVER = "ever"


RUNNING = frozenset([Per.MONTH, Per.YEAR, Per.PERIOD, Per.EVER])
"""What goes on from bill to bill, and therefore has an accumulator."""


class Owner(StrEnum):
    """Whose accumulator it is: this member's, that of the member's family, or that of all members of the contract."""

    MEMBER = "member"
    FAMILY = "family"
    CONTRACT = "contract"


class After(StrEnum):
    """From which day a period lasts: the first day of the bill that began it, or the last day of the last bill in it."""

    FIRST = "first"
    LAST = "last"


class Of(StrEnum):
    """What a cap limits: the cost that the layer counts, the patient's own part of it, or what the layer pays."""

    COUNTED = "counted"
    PATIENT = "patient"
    PAID = "paid"


class Counts(StrEnum):
    """Where the bands are counted from: above the deductible, or from the first coin, the deductible included."""

    NET = "net"
    GROSS = "gross"


class Hold(StrEnum):
    """What a band's ratio is for: the slice that lies in the band, or all of a sum that reaches into it."""

    SLICE = "slice"
    ALL = "all"


class Off(StrEnum):
    """What a deductible is taken off: the cost, before the bands; or what the layer would pay, after them."""

    COST = "cost"
    PAYMENT = "payment"


class Each(StrEnum):
    """What a benefit is computed on: the sum of what it takes, or each line by itself."""

    BILL = "bill"
    LINE = "line"


class CountedOn(StrEnum):
    """Which day of a stay says in which year or month it counts; the values of the law are always those of its last day."""

    DISCHARGE = "discharge"
    ADMISSION = "admission"


class Basis(StrEnum):
    """What a layer computes on: what earlier layers left; or the whole, and then it pays what is left at most; or the
    whole less what they paid, so that it only makes up the difference to its own benefit.
    """

    LEFT = "left"
    WHOLE = "whole"
    DIFFERENCE = "difference"


class LastCoin(StrEnum):
    """Who gets what rounding leaves over: the other one's part is what is rounded."""

    PATIENT = "patient"
    PAYER = "payer"


class RoundedAt(StrEnum):
    """Whether the layer's own computation is rounded, or the patient's part of the whole claim when the layer has paid, or several layers together
    when the last has paid (``together.py``).
    """

    LAYER = "layer"
    CLAIM = "claim"
    TOGETHER = "together"
