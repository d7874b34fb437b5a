"""The facts of each line: the line by itself, against its item's limits, and against the other lines of the case.

PURE. Two looks: the first over all lines (which days have an operation, what packages cover, what is refunded), the second line by line with
what came before it, so that of two equal charges the second one is found. A fact is set only when there is something to say: most lines
of most bills are four words long. What was charged and refunded is no charge: nothing is found on it, and nothing on others because of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from central_sync.benefits.audit.case_facts import Items, in_force, open_quantities, years_between
from central_sync.benefits.audit.claim import Claim, Line
from central_sync.benefits.audit.reference import Item, Place, Tariff
from central_sync.benefits.audit.vocabulary import OfLine
from central_sync.terms.days import unbroken_since
from central_sync.terms.money import CURRENCIES, rounded

DAY_HOURS = Decimal(24)
_HUNDRED = Decimal(100)
_DOCTORED = frozenset({"surgery", "anaesthesia", "visit"})
_ZERO = Decimal(0)
SESSION_GAP = timedelta(hours=1)
"""An operation that begins later than this after the one before has ended is another session, and paid as one."""


_Day = tuple[int | None, int | None, bool | None]
"""Of a day of service: days outside the case, days ahead, and whether no cover is in force."""
_RIGHT_DAY: _Day = (None, None, None)


@dataclass(slots=True)
class _Case:
    """What a line is compared with: fixed things of the case, and what earlier lines have left."""

    place: Place
    claim: Claim
    coins: Decimal
    age: int | None
    first: date
    last: date
    codes: tuple[str, ...]
    surgeons: dict[date, set[str]] = field(default_factory=dict)
    charged: dict[str, Decimal] = field(default_factory=dict)
    open_of: dict[str, Decimal] = field(default_factory=dict)
    allowed: dict[str, int] = field(default_factory=dict)
    included: set[tuple[date, str]] = field(default_factory=set)
    packaged: set[str] = field(default_factory=set)
    days: dict[date, _Day] = field(default_factory=dict)
    last_given: dict[str, date] = field(default_factory=dict)
    seen: dict[tuple[object, ...], int] = field(default_factory=lambda: defaultdict(int))
    units: dict[tuple[object, ...], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    sessions: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=lambda: defaultdict(list))


def line_facts(place: Place, claim: Claim, items: Items) -> list[OfLine]:
    """What the tables over lines see, in the order of the lines."""
    case = _Case(
        place=place,
        claim=claim,
        coins=Decimal(10 ** CURRENCIES[place.currency].decimals),
        age=years_between(claim.birth_date, claim.from_day) if claim.birth_date else None,
        first=claim.from_day,
        last=claim.to_day or max(claim.from_day, claim.on),
        codes=tuple(diagnosis.code.upper() for diagnosis in claim.diagnoses),
    )
    if claim.care == "outpatient" and claim.to_day is None:
        case.last = claim.from_day
    _look_over(case, items)
    return [_facts(case, line, item) for line, item in zip(claim.lines, items, strict=True)]


def _look_over(case: _Case, items: Items) -> None:
    """What must be known before the first line is looked at."""
    case.open_of = open_quantities(case.claim)
    operations: dict[tuple[date, str], list[Line]] = defaultdict(list)
    for line, item in zip(case.claim.lines, items, strict=True):
        if line.refund_of or item is None or _refunded(case, line):
            continue
        if item.kind == "surgery":
            case.surgeons.setdefault(line.service_date, set()).add(line.doctor)
            operations[line.service_date, line.doctor].append(line)
        if item.includes:
            case.included.update((line.service_date, code) for code in item.includes)
        if item.packages:
            case.packaged.update(item.packages)
    for earlier in case.claim.earlier or ():
        for code in earlier.items:
            day = earlier.to_day or earlier.from_day
            if day < case.first:
                case.last_given[code] = max(day, case.last_given.get(code, day))
    for (_, doctor), lines in operations.items():
        if doctor and len(lines) > 1:
            _sessions(case, lines)


def _refunded(case: _Case, line: Line) -> bool:
    """Whether refunds have left nothing of the line."""
    return line.serial in case.open_of and case.open_of[line.serial] <= 0


def _sessions(case: _Case, lines: list[Line]) -> None:
    """How many per cent each of one surgeon's operations of a day may be charged at. Whatever their order on the bill, the one that is charged at most per
    cent is a session's first; of equal ones the dearest.
    """
    percents = case.place.session_percents
    groups = [[one for one in lines if not (one.started_at and one.ended_at)]]
    last: datetime | None = None
    for began, ended, number in sorted(
        (one.started_at, one.ended_at, number) for number, one in enumerate(lines) if one.started_at and one.ended_at
    ):
        if last is not None and began - last > SESSION_GAP:
            groups.append([])
        groups[-1].append(lines[number])
        last = ended if last is None else max(ended, last)
    for group in groups:
        group.sort(key=lambda one: (-(100 if one.percent is None else one.percent), -one.amount))
        for number, line in enumerate(group):
            case.allowed[line.serial] = percents[min(number, len(percents) - 1)]


def _facts(case: _Case, line: Line, item: Item | None) -> OfLine:
    claim, day = case.claim, line.service_date
    facts = OfLine(care=claim.care, quantity=line.quantity)
    odd = case.days.get(day)
    if odd is None:
        odd = case.days[day] = _day(case, day)
    if odd is not _RIGHT_DAY:
        facts.days_outside, facts.days_ahead, facts.uncovered = odd
    exact = line.quantity * line.unit_price * case.coins
    if exact != line.amount and not -1 < line.amount - exact < 1:
        facts.amount_off = int(line.amount - exact)
    if line.refund_of:
        _refund(case, facts, line)
        return facts
    case.charged[line.serial] = case.charged.get(line.serial, _ZERO) + line.quantity
    if item is None or _refunded(case, line):
        facts.item_unknown = None if _refunded(case, line) else True
        return facts
    facts.kind = kind = item.kind
    if kind == "drug":
        facts.antibiotic = item.antibiotic or "none"
    tariff = item.tariff(day)
    if tariff is None:
        facts.tariff_missing = True
    else:
        facts.catalogue_class = tariff.catalogue_class
        _price(case, facts, line, tariff)
    if item.relative or item.national_code:
        _codes(facts, line, item)
    if item.limited:
        _person(case, facts, item)
        _limits(case, facts, line, item)
    _beside(case, facts, line, item)
    if kind in _DOCTORED:
        _doctored(case, facts, line, item)
    if line.modifiers:
        _modifiers(case, facts, line, item)
    return facts


def _day(case: _Case, day: date) -> _Day:
    claim, outside, ahead = case.claim, 0, max((day - case.claim.on).days, 0)
    if not case.first <= day <= case.last:
        outside = (case.first - day if day < case.first else day - case.last).days
    uncovered = claim.member is not None and not in_force(claim.member.covers, day)
    if not (outside or ahead or uncovered):
        return _RIGHT_DAY
    return outside or None, ahead or None, uncovered or None


def _refund(case: _Case, facts: OfLine, line: Line) -> None:
    charged = case.charged.get(line.refund_of)
    if charged is None:
        facts.refund_orphan = True
        return
    case.charged[line.refund_of] = left = charged - line.quantity
    if left < 0:
        facts.refund_over = -left


def _codes(facts: OfLine, line: Line, item: Item) -> None:
    if item.national_code and not line.national_code:
        facts.national_code_missing = True
    elif item.national_code and line.national_code != item.national_code:
        facts.national_code_differs = True
    if item.relative and not line.relative_value_code:
        facts.relative_value_missing = True


def _price(case: _Case, facts: OfLine, line: Line, tariff: Tariff) -> None:
    ceilings = tariff.ceilings
    if not ceilings:
        return
    ceiling = ceilings.get(case.claim.tier) or ceilings.get("")
    if ceiling is None:
        return  # the tier is not told, and the tariff has none for all
    if any(code in case.place.modifiers and case.place.modifiers[code].raises for code in line.modifiers):
        return  # what the modifier makes of the price is for the settlement to say: the bare tariff is none to hold it against
    most = line.quantity * ceiling
    if line.percent is not None:
        most = most * line.percent / _HUNDRED
    if line.amount > most:
        facts.over_tariff = line.amount - rounded(most, case.place.rounding) or None


def _person(case: _Case, facts: OfLine, item: Item) -> None:
    """The item against sex, age, kind of care and of hospital, and the diagnoses."""
    claim, age = case.claim, case.age
    if item.sex and claim.sex and item.sex != claim.sex:
        facts.other_sex = True
    if age is not None and age >= 0 and (age < item.age_from or (item.age_to and age > item.age_to)):
        facts.other_age = True
    if item.cares and claim.care not in item.cares:
        facts.other_care = True
    if item.tiers and claim.tier and claim.tier not in item.tiers:
        facts.other_tier = True
    if item.indications and case.codes and not any(code.startswith(item.indications) for code in case.codes):
        facts.unindicated = True


def _limits(case: _Case, facts: OfLine, line: Line, item: Item) -> None:
    """The item's own limits: approval, quantity, dose, supply, frequency, waiting period."""
    if item.approval and not line.approval:
        facts.unapproved = True
    quantity = case.open_of.get(line.serial, line.quantity)
    if item.quantity_max is not None:
        facts.quantity_over = _passed(case, (line.item,), quantity, item.quantity_max)
    if item.day_quantity_max is not None:
        facts.day_quantity_over = _passed(case, (line.item, line.service_date), quantity, item.day_quantity_max)
    if item.daily_dose_max is not None and line.daily_dose is not None and line.daily_dose > item.daily_dose_max:
        facts.dose_over = line.daily_dose - item.daily_dose_max
    if item.supply_days_max and line.days is not None and line.days > item.supply_days_max:
        facts.supply_over = line.days - item.supply_days_max
    if item.every_days and line.item in case.last_given:
        early = item.every_days - (line.service_date - case.last_given[line.item]).days
        facts.too_soon = early if early > 0 else None
    if item.waiting_days and case.claim.member is not None:
        covers = case.claim.member.covers
        if in_force(covers, line.service_date):
            since = unbroken_since(line.service_date, [(cover.from_day, cover.to_day) for cover in covers])
            left = item.waiting_days - (line.service_date - since).days
            facts.waiting_days = left if left > 0 else None


def _passed(case: _Case, key: tuple[object, ...], quantity: Decimal, most: Decimal) -> Decimal | None:
    """By how much this line passes ``most`` of what ``key`` counts: what earlier lines passed is theirs."""
    before = case.units[key]
    case.units[key] = now = before + quantity
    over = now - max(before, most)
    return over if over > 0 else None


def _beside(case: _Case, facts: OfLine, line: Line, item: Item) -> None:
    """The line against other lines of its day and of the case."""
    day = line.service_date
    same = (line.item, day, line.amount, line.doctor, line.started_at)
    facts.copies = copies = case.seen.get(same)
    case.seen[same] = (copies or 0) + 1
    if case.included and (day, line.item) in case.included:
        facts.included = True
    if case.packaged and line.item in case.packaged:
        facts.packaged = True
    if item.agent:
        agent, own = ("agent", item.agent, day), ("agent", item.agent, day, line.item)
        if case.seen[agent] > case.seen[own]:
            facts.same_agent = case.seen[agent] - case.seen[own]
        case.seen[agent] += 1
        case.seen[own] += 1
    if item.kind == "bed":
        facts.beds_before = case.seen["bed", day] or None
        case.seen["bed", day] += 1
    if item.hourly:
        facts.hours_over = _passed(case, ("hours", day), case.open_of.get(line.serial, line.quantity), DAY_HOURS)


def _doctored(case: _Case, facts: OfLine, line: Line, item: Item) -> None:
    """Operations, anaesthesia and visits: who did it, when, and what it led to."""
    day = line.service_date
    if not line.doctor:
        facts.doctor_missing = True
    if item.kind == "anaesthesia":
        if day not in case.surgeons:
            facts.anaesthesia_alone = True
    elif item.kind == "visit":
        if line.doctor:
            facts.visits_before = case.seen["visit", line.doctor, day] or None
            case.seen["visit", line.doctor, day] += 1
            if line.doctor in case.surgeons.get(day, ()):
                facts.led_to_surgery = True
    else:
        _operation(case, facts, line)


def _operation(case: _Case, facts: OfLine, line: Line) -> None:
    begun, ended, day = line.started_at, line.ended_at, line.service_date
    said, allowed = 100 if line.percent is None else line.percent, case.allowed.get(line.serial)
    if allowed is not None and said > allowed:
        facts.session_over = line.amount - rounded(Fraction(line.amount * allowed, said), case.place.rounding) or None
    if begun is None or ended is None:
        facts.times_missing = True
        return
    if begun.date() != day:
        facts.times_elsewhere = True
    if ended <= begun:
        facts.times_reversed = True
        return
    if line.doctor:
        busy = case.sessions[line.doctor]
        # operations of one session carry the same times; only those that lie across each other are impossible
        if any((begun, ended) != other and begun < other[1] and other[0] < ended for other in busy):
            facts.surgeon_busy = True
        busy.append((begun, ended))


def _modifiers(case: _Case, facts: OfLine, line: Line, item: Item) -> None:
    known = case.place.modifiers
    said: Sequence[str] = line.modifiers
    facts.modifiers_unknown = sum(code not in known for code in said) or None
    for code in said:
        modifier = known.get(code)
        if modifier is None:
            continue
        if modifier.kinds and item.kind not in modifier.kinds:
            facts.modifier_misplaced = True
        if modifier.tiers and case.claim.tier and case.claim.tier not in modifier.tiers:
            facts.modifier_other_tier = True
        if any(other in modifier.excludes for other in said):
            facts.modifiers_clash = True
