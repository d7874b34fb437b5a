"""Worked cases: bills that a person who knows the law has computed by hand, read from YAML and settled.

What a case may say is listed in ``tests/rulebook_cases/README.md``. Amounts are text in main units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from central_sync.benefits.eligibility import begun, clashing, placed
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.parameters import Region, Rulebook
from central_sync.benefits.periods import PERIOD
from central_sync.benefits.results import Computation
from central_sync.benefits.settlement import ItemUnknown, accumulator_keys, settle
from central_sync.rulebook.documents import Document, Number
from central_sync.rulebook.strict import RulebookError, line_of, plain, shaped
from central_sync.terms.money import CURRENCIES

BORN = date(1980, 1, 1)
SINCE = date(2023, 1, 1)


class CoverCase(Document, frozen=True, kw_only=True):
    """A cover of the case's member; ``deposited`` is what an account ever got, ``approved`` what the payer named at most."""

    scheme: str
    group: str
    contract: str = "C1"
    family: str = ""
    since: date = SINCE
    to: date | None = None
    deposited: Number = "0"
    approved: Number | None = None


class PeriodCase(Document, frozen=True, kw_only=True):
    """A period of a scheme in which earlier bills lie: when the first began, and when the last ended."""

    began: date
    last: date


class LineCase(Document, frozen=True, kw_only=True):
    """A line of the bill."""

    item: str
    quantity: Number
    amount: Number
    on: date | None = None
    modifiers: list[str] = field(default_factory=list)


class Expected(Document, frozen=True, kw_only=True):
    """What must come out. ``why`` and ``moved`` are compared where they are given; of ``moved`` only what it names."""

    total: Number
    shares: dict[str, Number]
    patient: Number
    why: dict[str, Number] | None = None
    moved: dict[str, Number] = field(default_factory=dict)
    difference: Annotated[str, Meta(pattern=r"^-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?$")] = "0"


class Printed(Document, frozen=True, kw_only=True):
    """The public document that prints the example, or the figures; ``says`` which of them."""

    title: str
    publisher: str
    address: str
    year: Number
    says: str


class Case(Document, frozen=True, kw_only=True):
    """One bill."""

    name: str = field(name="case")
    printed: Printed | None = None
    region: str
    tier: str
    care: str
    day: date
    admitted: date | None = None
    born: date = BORN
    marks: list[str] = field(default_factory=list)
    diagnoses: list[str] = field(default_factory=list)
    covers: list[CoverCase]
    used: dict[str, Number] = field(default_factory=dict)
    earlier: dict[str, Number] = field(default_factory=dict)
    periods: dict[str, list[PeriodCase]] = field(default_factory=dict)
    bill: list[LineCase]
    expect: Expected


@dataclass(frozen=True, slots=True)
class Told:
    """A case as the engine takes it, and the size of a main unit in coins."""

    facts: CaseFacts
    lines: tuple[BillLine, ...]
    before: Mapping[AccumulatorKey, int]
    coins: int


def read(file: Path) -> list[Case]:
    """The cases of ``file``, a list.

    Raises:
        RulebookError: it is not a list of cases; names line and key.
    """
    try:
        cases = plain(file.parent, file.name)
    except RulebookError as error:
        raise error.at(line_of(file.parent, error)) from error
    if not isinstance(cases, list):
        raise RulebookError(file.name, "document", "a list of cases")
    return [_case(file, number, case) for number, case in enumerate(cases)]


def _case(file: Path, number: int, case: object) -> Case:
    try:
        return shaped(case, Case, file.name)
    except RulebookError as error:
        path = "" if error.key == "document" else error.key.removeprefix("$")
        there = RulebookError(file.name, f"[{number}]{path}", error.problem)
        raise error.at(line_of(file.parent, there)) from error


def told(rulebook: Rulebook, case: Case) -> Told:
    """The case as the engine takes it.

    Raises:
        RulebookError: it names a region, tier, mark, scheme or counter that the rulebook does not have, half a coin, two schemes that clash, or days that
            cannot be.
    """
    region = rulebook.regions.get(case.region)
    if region is None:
        raise RulebookError(case.name, "region", "there is no such region")
    _can_be(rulebook, region, case)
    coins = 10 ** CURRENCIES[region.currency].decimals
    covers = []
    for cover in case.covers:
        scheme = rulebook.schemes.get(cover.scheme)
        if scheme is None or cover.group not in scheme.groups:
            raise RulebookError(case.name, "covers", "there is no such scheme or group")
        held = _coins(case, "deposited", cover.deposited, coins)
        approved = None if cover.approved is None else _coins(case, "approved", cover.approved, coins)
        covers.append(
            CoverFacts(
                scheme.layer,
                cover.scheme,
                cover.contract,
                cover.group,
                cover.since,
                cover.to,
                cover.family,
                held,
                approved,
            )
        )
    facts = CaseFacts(
        "M1",
        case.region,
        case.tier,
        case.care,
        case.day,
        case.born,
        tuple(covers),
        case.admitted,
        tuple(case.marks),
        tuple(case.diagnoses),
    )
    facts = placed(rulebook, facts, _tallies(rulebook, case, facts))
    if wrong := clashing(rulebook, facts):
        raise RulebookError(case.name, "covers", f"{wrong}: the member can have only one of them")
    keys = {f"{key.scheme}.{key.name}": key for key in accumulator_keys(rulebook, facts)}
    before: dict[AccumulatorKey, int] = {}
    for name, number in case.used.items() | case.earlier.items():
        if name not in keys:
            raise RulebookError(case.name, "used", f"the case has no accumulator {name}")
        before[keys[name]] = int(number) if name in case.earlier else _coins(case, name, number, coins)
    lines = tuple(
        BillLine(
            str(number).rjust(4, "0"),
            line.item,
            Decimal(line.quantity),
            Decimal(line.amount) / Decimal(line.quantity),
            _coins(case, "bill", line.amount, coins),
            line.on or case.day,
            tuple(line.modifiers),
        )
        for number, line in enumerate(case.bill)
    )
    return Told(facts, lines, before, coins)


def _can_be(rulebook: Rulebook, region: Region, case: Case) -> None:
    """A slip of the pen would be computed without a word, as another case than is meant."""
    if case.tier not in region.tiers:
        raise RulebookError(case.name, "tier", f"the region has no {case.tier}")
    if case.admitted and case.admitted > case.day:
        raise RulebookError(case.name, "admitted", "lies after the day of discharge")
    if case.born > (case.admitted or case.day):
        raise RulebookError(case.name, "born", "lies after the case began")
    schemes = [cover.scheme for cover in case.covers]
    if len(set(schemes)) != len(schemes):
        raise RulebookError(case.name, "covers", "one scheme stands there twice")
    known = {mark for scheme in rulebook.schemes.values() for mark in scheme.marks}
    if unknown := set(case.marks) - known:
        raise RulebookError(case.name, "marks", f"no scheme knows {min(unknown)}")
    if any(not Decimal(line.quantity) for line in case.bill):
        raise RulebookError(case.name, "bill", "a quantity is above 0")


def _tallies(rulebook: Rulebook, case: Case, facts: CaseFacts) -> dict[AccumulatorKey, int]:
    """The tallies of the earlier bills that a case tells of."""
    families = {one.family.scheme: one.family for one in begun(rulebook, facts) if one.family.name == PERIOD}
    found: dict[AccumulatorKey, int] = {}
    for scheme, told_of in case.periods.items():
        if scheme not in families:
            raise RulebookError(case.name, "periods", f"nothing of the case is counted by a period of {scheme}")
        found.update({families[scheme].tally(one.began, one.last): 1 for one in told_of})
    return found


def differences(rulebook: Rulebook, case: Case) -> tuple[Computation, list[str]]:
    """The settlement of a case, and where it is not what the case expects, a sentence each.

    Raises:
        RulebookError: as :func:`told`; or an item of the bill is not in the catalogue.
    """
    given = told(rulebook, case)
    try:
        done = settle(rulebook, given.facts, given.lines, given.before)
    except ItemUnknown as error:
        raise RulebookError(case.name, "bill", f"the catalogue has no item {error.item} on that day") from error
    expect, found = case.expect, _sums(done, given.coins)
    wanted: dict[str, dict[str, Decimal]] = {
        "total": {"": Decimal(expect.total)},
        "patient": {"": Decimal(expect.patient)},
        "difference": {"": Decimal(expect.difference)},
        "shares": _decimals(expect.shares),
    }
    if expect.why is not None:
        wanted["why"] = _decimals(expect.why)
    said = [
        f"{what} {name}: {found[what].get(name, 0)}, expected {amounts.get(name, 0)}"
        for what, amounts in wanted.items()
        for name in sorted(found[what].keys() | amounts.keys())
        if found[what].get(name) != amounts.get(name)
    ]
    moved = found["moved"]
    said += [
        f"moved {name}: {moved.get(name, 0)}, expected {amount}"
        for name, amount in _decimals(expect.moved).items()
        if moved.get(name, Decimal(0)) != amount
    ]
    return done, said


def _sums(done: Computation, coins: int) -> dict[str, dict[str, Decimal]]:
    why: dict[str, Decimal] = {}
    for step in done.patient_trace:
        why[step.rule] = why.get(step.rule, Decimal(0)) + Decimal(step.amount) / coins
    return {
        "total": {"": Decimal(done.total) / coins},
        "patient": {"": Decimal(done.patient) / coins},
        "difference": {"": Decimal(done.package_difference) / coins},
        "shares": {share.scheme: Decimal(share.amount) / coins for share in done.shares},
        "why": why,
        "moved": {f"{key.scheme}.{key.name}": Decimal(delta) / coins for key, delta in done.deltas.items()},
    }


def _decimals(amounts: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in amounts.items()}


def _coins(case: Case, key: str, amount: str, coins: int) -> int:
    exact = Decimal(amount) * coins
    if exact != exact.to_integral_value():
        raise RulebookError(case.name, key, "more decimals than the currency has")
    return int(exact)
