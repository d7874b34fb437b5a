"""PURE: what one patient does at one hospital, as a list of steps that a HIS carries out in order.

A step names a transaction by its number. ``label`` lets later steps refer to it (``of``). ``refusal`` is what a step must
meet: empty means that it must be carried out, now or after the line is back. A variant is one row of :data:`VARIANTS`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from central_sync.terms.money import Rounding, rounded
from simulator.people import Person, mistyped

LINES_MIN = 5
LINES_MAX = 40
STAY_DAYS_MAX = 9
QUANTITY_MAX = 999_999
UNKNOWN_DIAGNOSIS = "Q99.Z7"
QUANTITIES = ("1", "1", "1", "2", "2", "3", "5", "0.5", "1.25")
DIAGNOSES = {
    "cn": (
        "J18.900",
        "I10.x00",
        "E11.900",
        "I25.103",
        "J44.100",
        "K80.200",
        "M54.500",
        "N20.000",
        "J06.900",
        "K29.500",
    ),
    "ir": ("J18.9", "I10", "E11.9", "I25.1", "J44.1", "K80.2", "M54.5", "N20.0", "J06.9", "K29.5", "A09.0", "O80.9"),
}
DEPARTMENTS = ("internal medicine", "surgery", "cardiology", "paediatrics", "emergency")


@dataclass(frozen=True, slots=True)
class Item:
    """A catalogue item as a hospital bills it: ``price`` in smallest coins, of which ``decimals`` digits are behind the point."""

    code: str
    price: int
    decimals: int

    @property
    def unit_price(self) -> str:
        """The price in main units, as it stands on a bill."""
        return format(Decimal(self.price).scaleb(-self.decimals), "f")


@dataclass(frozen=True, slots=True)
class Goods:
    """What bills are made of; ``heavy_bills`` says by kind of care how high a heavy person's bill goes."""

    items: tuple[Item, ...]
    dearest: Item
    heavy_bills: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill; the service date is ``days_ago`` before the business day."""

    serial: str
    item: str
    quantity: str
    unit_price: str
    amount: int
    days_ago: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of a journey. ``resend``: the HIS sends it twice. ``overtaken``: a reversal is sent right after it,
    before its answer is known.
    """

    number: str
    label: str = ""
    of: str = ""
    lines: tuple[Line, ...] = ()
    serials: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    his_result: int = 0
    identifier: str = ""
    refusal: str = ""
    resend: bool = False
    overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Journey:
    """One patient at one hospital: ``person`` is an index into the world's people."""

    name: str
    variant: str
    care: str
    person: int
    stay_days: int
    department: str
    card: bool
    steps: tuple[Step, ...]


def bill(rng: random.Random, goods: Goods, prefix: str, days: int, target: int = 0) -> tuple[Line, ...]:
    """A plausible bill of 5 to 40 lines; with ``target`` its last line is the dearest item, as often as comes near it."""
    lines = []
    for position in range(rng.randint(LINES_MIN, LINES_MAX)):
        item = rng.choice(goods.items)
        lines.append(_line(f"{prefix}{position + 1:03d}", item, rng.choice(QUANTITIES), rng.randrange(days + 1)))
    missing = target - sum(line.amount for line in lines)
    if missing > 0:
        quantity = str(min(max(missing // goods.dearest.price, 1), QUANTITY_MAX))
        lines[-1] = _line(lines[-1].serial, goods.dearest, quantity, lines[-1].days_ago)
    return tuple(lines)


def _line(serial: str, item: Item, quantity: str, days_ago: int) -> Line:
    amount = rounded(Fraction(quantity) * item.price, Rounding.HALF_UP)
    return Line(serial, item.code, quantity, item.unit_price, amount, days_ago)


class Plan:
    """The steps of one journey while they are being written down; one instance for each journey."""

    def __init__(self, rng: random.Random, person: Person, goods: Goods, days: int, target: int) -> None:
        self.rng, self.person, self.goods, self.days, self.target = rng, person, goods, days, target
        self.steps: list[Step] = []
        inpatient = days > 0
        self.open_number = "2401" if inpatient else "2201"
        self.open_cancel = "2404" if inpatient else "2202"
        self.fees_number = "2301" if inpatient else "2204"
        self.fees_cancel = "2302" if inpatient else "2205"
        self.pre_settle = "2303" if inpatient else "2206"
        self.settle_number = "2304" if inpatient else "2207"
        self.settle_cancel = "2305" if inpatient else "2208"
        self.bills = 0

    def add(self, number: str, **facts: object) -> Step:
        """Write down one step."""
        step = replace(Step(number), **facts)  # type: ignore[arg-type]  # the fields of Step, by name
        self.steps.append(step)
        return step

    def diagnoses(self) -> tuple[str, ...]:
        """One to three different codes of the region's list; the first is the main one."""
        return tuple(self.rng.sample(DIAGNOSES[self.person.region], self.rng.randint(1, 3)))

    def check(self) -> None:
        """1101 and 2001."""
        self.add("1101")
        self.add("2001")

    def open(self, **facts: object) -> None:
        """2201, or 2401 with its diagnoses."""
        self.add(self.open_number, label="open", diagnoses=self.diagnoses() if self.days else (), **facts)

    def examine(self) -> None:
        """2203, or 2403 for an inpatient."""
        self.add("2403" if self.days else "2203", diagnoses=self.diagnoses())

    def fees(self, **facts: object) -> tuple[Line, ...]:
        """2204 or 2301 with a new bill, whose lines are returned."""
        self.bills += 1
        target = self.target if self.bills == 1 else 0
        lines = bill(self.rng, self.goods, f"{self.bills}-", self.days, target)
        self.add(self.fees_number, lines=lines, **facts)
        return lines

    def discharge(self) -> None:
        """2402, for an inpatient."""
        if self.days:
            self.add("2402", diagnoses=self.diagnoses())

    def settle(self, label: str = "settle", **facts: object) -> None:
        """2207 or 2304."""
        self.add(self.settle_number, label=label, **facts)

    def confirm(self, of: str = "settle", his_result: int = 0) -> None:
        """49."""
        self.add("49", of=of, his_result=his_result)

    def until_settlement(self) -> None:
        """The common way up to the settlement."""
        self.check()
        self.open()
        self.examine()
        self.fees()
        if self.days:
            self.fees()
        self.discharge()
        self.add(self.pre_settle)


def _plain(plan: Plan) -> None:
    plan.until_settlement()
    plan.settle()
    plan.confirm()


def _fees_resent(plan: Plan) -> None:
    plan.check()
    plan.open()
    plan.examine()
    lines = plan.fees()
    plan.add(plan.fees_cancel, serials=tuple(line.serial for line in lines[:2]))
    plan.add(plan.fees_cancel)
    plan.fees()
    plan.discharge()
    plan.add(plan.pre_settle)
    plan.settle()
    plan.confirm()


def _settle_cancelled(plan: Plan) -> None:
    plan.until_settlement()
    plan.settle("first")
    if plan.rng.random() < 0.5:
        plan.confirm("first")
    plan.add(plan.settle_cancel, of="first")
    if plan.rng.random() < 0.6:
        plan.settle()
        plan.confirm()


def _annulled(plan: Plan) -> None:
    plan.until_settlement()
    plan.settle("first")
    plan.confirm("first", his_result=plan.rng.choice((1, 7, -3)))
    if plan.rng.random() < 0.6:
        plan.settle()
        plan.confirm()


def _reversed(plan: Plan) -> None:
    plan.until_settlement()
    plan.settle("first")
    plan.add("2601", of="first", resend=plan.rng.random() < 0.3)
    plan.settle()
    plan.confirm()


def _overtaken(plan: Plan) -> None:
    plan.until_settlement()
    plan.settle("first", overtaken=True)
    plan.settle()
    plan.confirm()


def _opening_cancelled(plan: Plan) -> None:
    plan.check()
    plan.open()
    if plan.rng.random() < 0.5:
        plan.fees()
        plan.add(plan.fees_cancel)
    plan.add(plan.open_cancel)
    plan.fees(refusal="case_closed")


def _opening_reversed(plan: Plan) -> None:
    plan.check()
    plan.open()
    plan.add("2601", of="open")


def _discharge_cancelled(plan: Plan) -> None:
    plan.check()
    plan.open()
    plan.fees()
    plan.discharge()
    if plan.days:
        plan.add("2405")
        plan.fees()
        plan.discharge()
    plan.add(plan.pre_settle)
    plan.settle()
    plan.confirm()


def _wrong_code(plan: Plan) -> None:
    plan.add("1101", identifier=mistyped(plan.person.number), refusal="identifier_invalid")
    _plain(plan)


def _wrong_diagnosis(plan: Plan) -> None:
    plan.check()
    plan.open()
    plan.add("2403" if plan.days else "2203", diagnoses=(UNKNOWN_DIAGNOSIS,), refusal="diagnosis_unknown")
    plan.examine()
    plan.fees()
    plan.discharge()
    plan.settle()
    plan.confirm()


def _settled_twice(plan: Plan) -> None:
    plan.until_settlement()
    plan.settle()
    plan.settle("again", refusal="already_settled")
    plan.confirm()


def _resent(plan: Plan) -> None:
    _plain(plan)
    plan.steps = [replace(step, resend=step.number not in ("1101", "2001")) for step in plan.steps]


def _stranger(plan: Plan) -> None:
    plan.add("1101", refusal="person_unknown")
    plan.open(refusal="person_unknown")


VARIANTS: dict[str, tuple[int, Callable[[Plan], None]]] = {
    "plain": (46, _plain),
    "fees_resent": (8, _fees_resent),
    "settle_cancelled": (7, _settle_cancelled),
    "annulled": (6, _annulled),
    "reversed": (5, _reversed),
    "overtaken": (6, _overtaken),
    "opening_cancelled": (4, _opening_cancelled),
    "opening_reversed": (2, _opening_reversed),
    "discharge_cancelled": (4, _discharge_cancelled),
    "wrong_code": (3, _wrong_code),
    "wrong_diagnosis": (3, _wrong_diagnosis),
    "settled_twice": (3, _settled_twice),
    "resent": (3, _resent),
}
"""Variant → its weight and how it is written down. Strangers (people the insurer does not know) have a variant of their own."""


def journey(rng: random.Random, name: str, index: int, person: Person, goods: Goods) -> Journey:
    """The journey of ``person``, who is the world's ``index``."""
    care = "inpatient" if rng.random() < (0.6 if person.heavy else 0.3) else "outpatient"
    days = rng.randint(1, STAY_DAYS_MAX) if care == "inpatient" else 0
    target = int(dict(goods.heavy_bills)[care] * rng.uniform(0.3, 0.9)) if person.heavy else 0
    names = list(VARIANTS)
    variant = rng.choices(names, [VARIANTS[n][0] for n in names])[0] if person.known else "stranger"
    plan = Plan(rng, person, goods, days, target)
    (VARIANTS[variant][1] if person.known else _stranger)(plan)
    return Journey(
        name=name,
        variant=variant,
        care=care,
        person=index,
        stay_days=days,
        department=rng.choice(DEPARTMENTS),
        card=rng.random() < 0.3,
        steps=tuple(plan.steps),
    )
