"""Makes exact, checked values of what the files say.

A :class:`Place` knows the file and what a parameter there may name: references, tiers, groups, the currency.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from central_sync.benefits.choices import Per
from central_sync.benefits.parameters import MONTHS, Band, Parameter, Row
from central_sync.rulebook.documents import BandValue, ParameterFile
from central_sync.rulebook.strict import RulebookError
from central_sync.rulebook.texts import Told, english
from central_sync.terms.money import AMOUNT_MAX, Currency

T = TypeVar("T")
RATIO = "ratio"
DAYS = "days"
DAYS_MAX = 3660
NUMBER = re.compile(r"(0|[1-9][0-9]{0,12})(\.[0-9]{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Value = str | list[BandValue | str] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands and what it may name; ``texts`` gathers what is said in other languages; ``has_period``: something may
    be counted by the scheme's own time.
    """

    file: str
    currency: Currency
    references: Collection[str]
    tiers: Collection[str]
    groups: Collection[str]
    marks: Sequence[str] = ()
    texts: Told = field(default_factory=dict)
    has_period: bool = False

    def counts(self, key: str, per: Per) -> None:
        """Holds that something may be counted so: by a period only where the scheme has one.

        Raises:
            RulebookError: it has none.
        """
        if per is Per.PERIOD and not self.has_period:
            raise self.wrong(key, "the scheme has no period: scheme.yaml says how long it lasts")

    def wrong(self, key: str, problem: str) -> RulebookError:
        """The error to raise for ``key`` of this file."""
        return RulebookError(self.file, key, problem)


def number(place: Place, key: str, text: str) -> str:
    """``text``, a number of a table as it is written there: without sign, exponent and needless zeros before it."""
    if not NUMBER.fullmatch(text):
        raise place.wrong(key, "not a number without a sign, as 100 or 0.05")
    return text


def day(place: Place, key: str, text: str) -> date:
    """A day of a table, written as ``2025-01-31`` and in no other way."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # 30 February: told below
    raise place.wrong(key, "from is not a day, as 2025-01-31")


def coins(place: Place, key: str, text: str) -> int:
    """An amount in main units as whole coins."""
    exact = Decimal(text).scaleb(place.currency.decimals)
    if exact != exact.to_integral_value():
        raise place.wrong(key, f"more decimals than {place.currency.code} has")
    if exact > AMOUNT_MAX:
        raise place.wrong(key, "an amount above the limit")
    return int(exact)


def ratio(place: Place, key: str, text: str) -> Fraction:
    """A ratio from 0 to 1."""
    exact = Fraction(text)
    if exact > 1:
        raise place.wrong(key, "a ratio lies in 0 … 1")
    return exact


def amount_parameter(place: Place, rule: str, key: str, source: ParameterFile) -> Parameter[int]:
    """A parameter whose values are amounts."""
    return _parameter(place, rule, key, source, place.currency.code, _amount)


def exact_parameter(place: Place, rule: str, key: str, source: ParameterFile) -> Parameter[Decimal]:
    """A parameter whose values are amounts that need not be whole coins (a coefficient), in coins."""
    return _parameter(place, rule, key, source, place.currency.code, _coefficient)


def number_parameter(place: Place, rule: str, key: str, source: ParameterFile, unit: str) -> Parameter[Decimal]:
    """A parameter whose values are plain numbers of that unit."""
    return _parameter(place, rule, key, source, unit, _number)


def ratios_parameter(place: Place, rule: str, key: str, source: ParameterFile) -> Parameter[tuple[Fraction, ...]]:
    """A parameter whose values are lists of ratios."""
    return _parameter(place, rule, key, source, RATIO, _ratios)


def ratio_parameter(place: Place, rule: str, key: str, source: ParameterFile) -> Parameter[Fraction]:
    """A parameter whose values are one ratio."""
    return _parameter(place, rule, key, source, RATIO, _ratio)


def days_parameter(place: Place, rule: str, key: str, source: ParameterFile) -> Parameter[int]:
    """A parameter whose values are numbers of days, or of months of the scheme's calendar."""
    if source.unit not in (DAYS, MONTHS):
        raise place.wrong(f"{key}.unit", f"the unit here is {DAYS} or {MONTHS}")
    return _parameter(place, rule, key, source, source.unit, _days)


def bands_parameter(place: Place, rule: str, key: str, source: ParameterFile) -> Parameter[tuple[Band, ...]]:
    """A parameter whose values are bands, from 0 upwards."""
    return _parameter(place, rule, key, source, RATIO, _bands)


def covered(place: Place, key: str, parameter: Parameter[T]) -> None:
    """Holds that every tier and group has a value from the parameter's first day on, without a gap.

    Raises:
        RulebookError: one has none, or not yet, or not for some time: a row was forgotten.
    """
    first = min(row.from_day for row in parameter.rows)
    days = sorted({row.from_day for row in parameter.rows})
    for tier in place.tiers:
        for group in place.groups or [""]:
            who = " ".join(filter(None, (tier, group)))
            had = [parameter.at(day, tier, group) is not None for day in days]
            if not any(had):
                if any(row.mark or row.ages for row in parameter.rows):
                    continue
                raise place.wrong(key, f"no value for {who}")
            if not had[0]:
                raise place.wrong(key, f"no value for {who} on {first}")
            if had != sorted(had, reverse=True):
                raise place.wrong(key, f"no value for {who} from {days[had.index(False)]} on, and later one again")


def _parameter(
    place: Place,
    rule: str,
    key: str,
    source: ParameterFile,
    unit: str,
    read: Callable[[Place, str, Value], T | None],
) -> Parameter[T]:
    if source.unit != unit:
        raise place.wrong(f"{key}.unit", f"the unit here is {unit}")
    rows: list[Row[T]] = []
    for number, row in enumerate(source.values):
        at = f"{key}.values[{number}]"
        if row.reference not in place.references:
            raise place.wrong(f"{at}.reference", "sources.yaml has no such source")
        if row.tier and row.tier not in place.tiers:
            raise place.wrong(f"{at}.tier", "the region has no such tier")
        if row.group and row.group not in place.groups:
            raise place.wrong(f"{at}.group", "the scheme has no such group")
        if row.mark and row.mark not in place.marks:
            raise place.wrong(f"{at}.mark", "the scheme has no such mark")
        ages = (int(row.ages[0]), int(row.ages[1])) if row.ages else None
        if ages and ages[0] >= ages[1]:
            raise place.wrong(f"{at}.ages", "from an age to below a higher one")
        value = None if row.value is None else read(place, f"{at}.value", row.value)
        found = Row(row.from_day, value, row.reference, row.illustrative, row.tier, row.group, row.mark, ages)
        _unambiguous(place, f"{key}.values[{number}]", found, rows)
        rows.append(found)
    order = {mark: number for number, mark in enumerate(place.marks)}
    rows.sort(key=lambda row: order.get(row.mark, len(order)))
    return Parameter(rule, english(place.texts, rule, source.text), unit, tuple(rows))


def _unambiguous(place: Place, key: str, row: Row[T], earlier: Sequence[Row[T]]) -> None:
    """Holds that of two rows that may speak for one case one is more special, or a later one, or of a stronger mark."""
    named = _named(row)
    for other in earlier:
        theirs = _named(other)
        if any(
            named[name] != theirs[name] for name in named.keys() & theirs.keys() if name not in ("ages", "mark")
        ) or (row.ages and other.ages and not _overlap(row.ages, other.ages)):
            continue
        if named == theirs:
            if row.from_day == other.from_day:
                raise place.wrong(key, "the same day, tier and group twice")
        elif named.keys() == theirs.keys():
            if row.ages != other.ages:
                raise place.wrong(key, "its ages overlap those of another row")
        elif not (named.keys() < theirs.keys() or theirs.keys() < named.keys()):
            raise place.wrong(
                key, "one row names a tier alone, another a group (or mark, or ages) alone: neither is more special"
            )


def _named(row: Row[T]) -> dict[str, object]:
    names = {"tier": row.tier, "group": row.group, "mark": row.mark, "ages": row.ages}
    return {name: value for name, value in names.items() if value}


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _amount(place: Place, key: str, value: Value) -> int:
    if not isinstance(value, str):
        raise place.wrong(key, "an amount is one number")
    return coins(place, key, value)


def _coefficient(place: Place, key: str, value: Value) -> Decimal:
    if not isinstance(value, str):
        raise place.wrong(key, "a coefficient is one number")
    return Decimal(value).scaleb(place.currency.decimals)


def _number(place: Place, key: str, value: Value) -> Decimal:
    if not isinstance(value, str):
        raise place.wrong(key, "one number")
    return Decimal(value)


def _ratio(place: Place, key: str, value: Value) -> Fraction:
    if not isinstance(value, str):
        raise place.wrong(key, "a ratio is one number")
    return ratio(place, key, value)


def _days(place: Place, key: str, value: Value) -> int:
    if not isinstance(value, str) or not value.isdecimal() or int(value) > DAYS_MAX:
        raise place.wrong(key, f"a whole number, {DAYS_MAX} at most")
    return int(value)


def _ratios(place: Place, key: str, value: Value) -> tuple[Fraction, ...]:
    if not isinstance(value, list) or not value:
        raise place.wrong(key, "a list of ratios")
    found: list[Fraction] = []
    for number, one in enumerate(value):
        if not isinstance(one, str):
            raise place.wrong(f"{key}[{number}]", "a ratio is one number")
        found.append(ratio(place, f"{key}[{number}]", one))
    return tuple(found)


def _bands(place: Place, key: str, value: Value) -> tuple[Band, ...]:
    if not isinstance(value, list) or not value:
        raise place.wrong(key, "a list of bands")
    found: list[Band] = []
    for number, one in enumerate(value):
        at = f"{key}[{number}]"
        if isinstance(one, str):
            raise place.wrong(at, "a band has over and ratio")
        band = Band(coins(place, f"{at}.over", one.over), ratio(place, f"{at}.ratio", one.ratio))
        if (not found and band.over) or (found and band.over <= found[-1].over):
            raise place.wrong(f"{at}.over", "bands start at 0 and rise")
        found.append(band)
    return tuple(found)
