"""Settled cases as a file: one JSON object a line, as ``pishkhan-hub settlements export`` writes them; or worked cases (YAML).

A case says what the engine is told of it, and no more: no name, number or birthday (``born`` gives the age on the day), and members,
families and contracts are words that mean nothing elsewhere. Amounts are whole smallest coins in JSON lines, and main units in YAML.

``used`` are the accumulators of the case as they stood before it, ``scheme.name``: they count where the file has no earlier case of the same
accumulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, field

from central_sync.benefits.facts import BillLine, CaseFacts, CoverFacts
from central_sync.benefits.parameters import Rulebook
from central_sync.rulebook.cases import Case, read
from central_sync.rulebook.documents import Document, Number, Phrase
from central_sync.rulebook.strict import RulebookError, line_of, said
from central_sync.terms.money import AMOUNT_MAX, CURRENCIES

Coins = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class SettledCover(Document, frozen=True, kw_only=True, omit_defaults=True):
    """A cover that the member held."""

    layer: str
    scheme: str
    contract: str
    group: str
    since: date
    to: date | None = None
    family: str = ""
    deposited: Coins = 0
    approved: Coins | None = None


class SettledLine(Document, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the bill."""

    item: str
    quantity: Number
    amount: Coins
    on: date
    modifiers: list[str] = field(default_factory=list)


class SettledPeriod(Document, frozen=True, kw_only=True):
    """A period of a scheme in which earlier bills lie."""

    began: date
    last: date


class SettledCase(Document, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the file. ``case`` is how the hub finds it again; ``settled`` is when, for the order."""

    case: Phrase
    member: Phrase
    region: str
    tier: str
    care: str
    day: date
    born: date
    covers: list[SettledCover]
    bill: list[SettledLine]
    settled: datetime | None = None
    admitted: date | None = None
    marks: list[str] = field(default_factory=list)
    diagnoses: list[str] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    periods: dict[str, list[SettledPeriod]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """A case as the engine takes it, with where it stands in its file."""

    case: str
    line: int
    facts: CaseFacts
    bill: tuple[BillLine, ...]
    used: Mapping[str, int]
    periods: Mapping[str, tuple[tuple[date, date], ...]] = field_of(default_factory=dict)


def settled_cases(file: Path, books: Iterable[Rulebook]) -> list[Settled]:
    """The cases of ``file`` in the order in which they were settled: by ``settled``, or their day, then as they stand.

    Raises:
        RulebookError: the file cannot be read, or a case is wrong; names the line and the case.
    """
    known = list(books)
    found = _worked(file, known) if file.suffix in (".yaml", ".yml") else _lines(file)
    for _, one in found:
        if not any(one.facts.region in book.regions for book in known):
            raise _wrong(file, one.line, one.case, "region", "there is no such region")
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].line))]


def _lines(file: Path) -> list[tuple[str, Settled]]:
    try:
        raw = file.read_bytes().splitlines()
    except OSError as error:
        raise RulebookError(file.name, "document", "cannot be read") from error
    decoder = msgspec.json.Decoder(SettledCase)
    return [_line(file, decoder, number, line) for number, line in enumerate(raw, start=1) if line.strip()]


def _line(file: Path, decoder: msgspec.json.Decoder[SettledCase], number: int, line: bytes) -> tuple[str, Settled]:
    try:
        told = decoder.decode(line)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        raise _wrong(
            file, number, _named(line), path.strip("`").removeprefix("$.") or "document", said(problem)
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _wrong(file, number, "", "document", "no JSON object") from error
    covers = tuple(
        CoverFacts(c.layer, c.scheme, c.contract, c.group, c.since, c.to, c.family, c.deposited, c.approved)
        for c in told.covers
    )
    facts = CaseFacts(
        told.member,
        told.region,
        told.tier,
        told.care,
        told.day,
        told.born,
        covers,
        told.admitted,
        tuple(told.marks),
        tuple(told.diagnoses),
    )
    bill = tuple(
        BillLine(
            str(place).rjust(4, "0"),
            one.item,
            Decimal(one.quantity),
            Decimal(0),
            one.amount,
            one.on,
            tuple(one.modifiers),
        )
        for place, one in enumerate(told.bill)
    )
    when = told.settled.isoformat() if told.settled else told.day.isoformat()
    periods = {scheme: tuple((one.began, one.last) for one in several) for scheme, several in told.periods.items()}
    return when, Settled(told.case, number, facts, bill, told.used, periods)


def _worked(file: Path, books: list[Rulebook]) -> list[tuple[str, Settled]]:
    """Worked cases, each of a member of its own."""
    found = []
    for place, case in enumerate(read(file)):
        line = line_of(file.parent, RulebookError(file.name, f"$[{place}]", ""))
        facts, bill, used = _told(file, line, case, books, f"M{place}")
        periods = {scheme: tuple((p.began, p.last) for p in several) for scheme, several in case.periods.items()}
        found.append((case.day.isoformat(), Settled(case.name, line, facts, bill, used, periods)))
    return found


def _told(
    file: Path, line: int, case: Case, books: list[Rulebook], member: str
) -> tuple[CaseFacts, tuple[BillLine, ...], dict[str, int]]:
    region = next((book.regions[case.region] for book in books if case.region in book.regions), None)
    if region is None:
        raise _wrong(file, line, case.name, "region", "there is no such region")
    coins = 10 ** CURRENCIES[region.currency].decimals

    def whole(key: str, amount: str) -> int:
        exact = Decimal(amount) * coins
        if exact != exact.to_integral_value():
            raise _wrong(file, line, case.name, key, "more decimals than the currency has")
        return int(exact)

    covers = []
    for cover in case.covers:
        scheme = next((book.schemes[cover.scheme] for book in books if cover.scheme in book.schemes), None)
        if scheme is None:
            raise _wrong(file, line, case.name, "covers", f"there is no scheme {cover.scheme}")
        approved = None if cover.approved is None else whole("approved", cover.approved)
        covers.append(
            CoverFacts(
                scheme.layer,
                cover.scheme,
                f"{member} {cover.contract}",
                cover.group,
                cover.since,
                cover.to,
                cover.family and f"{member} {cover.family}",
                whole("deposited", cover.deposited),
                approved,
            )
        )
    facts = CaseFacts(
        member,
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
    bill = tuple(
        BillLine(
            str(place).rjust(4, "0"),
            one.item,
            Decimal(one.quantity),
            Decimal(0),
            whole("bill", one.amount),
            one.on or case.day,
            tuple(one.modifiers),
        )
        for place, one in enumerate(case.bill)
    )
    used = {name: whole("used", amount) for name, amount in case.used.items()}
    return facts, bill, used | {name: int(number) for name, number in case.earlier.items()}


def _named(line: bytes) -> str:
    """The name of a case whose shape is wrong, if that can be read."""
    try:
        name = msgspec.json.decode(line).get("case", "")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, RecursionError):
        return ""
    return str(name)[:100]


def _wrong(file: Path, line: int, case: str, key: str, problem: str) -> RulebookError:
    told = [f"case {case}"] if case else []
    return RulebookError(file.name, ": ".join([*told, key] if key != "document" or not case else told), problem, line)
