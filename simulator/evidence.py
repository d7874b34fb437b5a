"""What all sides hold at the end of the day, read from where it lies: the hub's tables, the edges' journals, every log.

The hub's database is opened beside the running hub, the journals beside the running edges; nothing is asked of them but to compare
themselves by range digests, as a technician would have it done.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from central_sync.benefits.facts import AccumulatorKey
from central_sync.store import Store, tables
from central_sync.store.settlements import unpack_deltas
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from edge import control
from edge.differences import Report, sentences
from edge.journal import Journal
from simulator.books import Books, Packet, whole
from simulator.invariants import EdgeEntry, Evidence, HubEntry, HubSettlement
from simulator.people import Person
from simulator.programs import Country

JOURNAL_FILE = "journal.db"
ENTRIES_MAX = 10**7
COMPARED_FROM, COMPARED_TO = "2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
DIGITS = re.compile(r"\d{9,17}[\dXx]")
NAME_CHARACTERS_MIN = 5
"""Shorter (Chinese) names are common syllables too; numbers speak for those people."""


async def gather(country: Country, books: Mapping[str, Books], reconciled: dict[str, list[Packet | None]]) -> Evidence:
    """Everything that :func:`simulator.invariants.check` looks at."""
    evidence = hub_evidence(country.database, books)
    evidence.reconciled = reconciled
    for code, edge in country.edges.items():
        evidence.journals[code], found = await _journal(edge.folder / JOURNAL_FILE)
        counted = sum(one.outcome != "refused" for one in evidence.journals[code])
        evidence.compared[code] = await asyncio.to_thread(_compared, edge.folder, counted)
        evidence.unproven += [f"{code}: {one}" for one in found]
    evidence.leaks = leaks(country.folder / "logs", country.world.people)
    return evidence


def hub_evidence(database: str, books: Mapping[str, Books]) -> Evidence:
    """The hub's side, with the hospitals' books beside it."""
    store = Store(database)
    store.open()
    try:
        with store.engine.connect() as connection:
            rows = {
                table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in (
                    tables.institution, tables.ledger, tables.member, tables.cover, tables.member_case, tables.fee_line,
                    tables.settlement, tables.accumulator,
                )
            }  # fmt: skip
    finally:
        store.close()
    cases = {(row["member"], row["hid"]): row for row in rows["member_case"]}
    bills: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows["fee_line"]:
        if not row["cancelled_by"]:
            institution = cases[row["member"], row["hid"]]["institution"]
            bills.setdefault((institution, row["hid"]), {})[row["serial"]] = row["amount"]
    contracts: dict[str, dict[str, str]] = {}
    for row in rows["cover"]:
        contracts.setdefault(row["member"], {})[row["scheme"]] = row["contract"]
    groups = {row["id"]: row["group_name"] for row in rows["member"]}
    tiers = {row["code"]: row["tier"] for row in rows["institution"]}
    return Evidence(
        books=dict(books),
        journals={},
        ledger={(row["institution"], row["msgid"]): _hub_entry(row) for row in rows["ledger"]},
        settlements=[
            _settlement(
                row,
                care=str(cases[row["member"], row["hid"]]["care"]),
                group=groups[row["member"]],
                tier=tiers[row["institution"]],
                contracts=contracts.get(row["member"], {}),
            )
            for row in rows["settlement"]
        ],
        accumulators={
            AccumulatorKey(row["owner"], row["layer"], row["scheme"], row["name"], row["year"]): row["amount"]
            for row in rows["accumulator"]
        },
        bills=bills,
        reconciled={},
    )


def _hub_entry(row: Mapping[str, object]) -> HubEntry:
    number, packet = str(row["number"]), row["packet"]
    answer: Packet | None = None
    if row["verdict"] == "final":
        assert isinstance(packet, bytes)
        typed = msgspec.msgpack.decode(packet, type=BY_NUMBER[number].answer)
        answer = whole(number, msgspec.to_builtins(typed))
    return HubEntry(number=number, verdict=str(row["verdict"]), code=str(row["code"]), answer=answer)


def _settlement(
    row: Mapping[str, object], care: str, group: str, tier: str, contracts: Mapping[str, str]
) -> HubSettlement:
    packed, deltas = row["answer"], row["deltas"]
    assert isinstance(packed, bytes)
    assert isinstance(deltas, bytes)
    answer = msgspec.msgpack.decode(packed, type=p.Settlement)
    money = {name: value for name in ("total", "funds", "patient") if isinstance(value := row[name], int)}
    return HubSettlement(
        settlement_id=str(row["id"]),
        institution=str(row["institution"]),
        msgid=str(row["msgid"]),
        hid=str(row["hid"]),
        member=str(row["member"]),
        group=group,
        tier=tier,
        care=care,
        confirmation=str(row["confirmation"]),
        shares=tuple((share.layer, share.scheme, share.amount) for share in answer.shares),
        deltas=unpack_deltas(deltas),
        contracts=contracts,
        difference=answer.package_difference,
        **money,
    )


def _compared(folder: Path, counted: int) -> list[str]:
    """What the edge finds when it compares all that it holds (``counted`` transactions) with the hub, in sentences; empty: nothing."""
    try:
        told = control.ask(folder, "compare", {"from": COMPARED_FROM, "to": COMPARED_TO})
    except (control.NobodyThere, control.ControlFailed) as error:
        return [str(error)]
    report = msgspec.convert(told, Report)
    short = [f"{report.compared} of {counted} were compared"] if report.compared != counted else []
    return short + ([] if report.equal else list(sentences(report)))


async def _journal(path: Path) -> tuple[list[EdgeEntry], list[str]]:
    """What an edge's journal holds, and what its own check finds wrong."""
    journal = Journal(path)
    await journal.open(read_only=True)
    try:
        entries = [
            EdgeEntry(one.msgid, one.number, one.outcome.value, one.confirmation.value)
            for one in await journal.latest(ENTRIES_MAX)
        ]
        return entries, await journal.check()
    finally:
        await journal.close()


def leaks(folder: Path, people: Iterable[Person]) -> list[str]:
    """Which log files hold a person's number or name; says how often and never what."""
    people = list(people)
    numbers = {person.number for person in people}
    names = {person.name for person in people if len(person.name) >= NAME_CHARACTERS_MIN}
    found = []
    for path in sorted(folder.glob("*.log")):
        text = path.read_text(errors="replace")
        hits = sum(match in numbers for match in DIGITS.findall(text)) + sum(name in text for name in names)
        if hits:
            found.append(f"{path.name}: {hits} times")
    return found
