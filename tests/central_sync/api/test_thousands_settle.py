"""A thousand settlements of one member, of a family and of a contract, from many hospitals at once: real hubs over mutual TLS, one on
SQLite, two on PostgreSQL. No cap is passed, no coin is lost, and every hospital's books are the hub's.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import msgspec
import pytest

from central_sync.app import AUTHORITY_FOLDER
from central_sync.benefits import compiled
from central_sync.benefits.bundle import versioned
from central_sync.benefits.choices import Owner
from central_sync.benefits.compiled import Compiled
from central_sync.fleet.authority import Authority
from central_sync.fleet.service import Fleet
from central_sync.intake import Intake
from central_sync.members.service import import_members
from central_sync.publications import Publications, shipped
from central_sync.store import Store
from central_sync.wire import bundles
from central_sync.wire import packets as p
from central_sync.wire.codec import CONTENT_TYPE, pack, unpack
from central_sync.wire.messages import BatchAnswer, ItemAnswer, Transaction, Verdict
from tests.central_sync.api.conftest import batch, certified, now
from tests.central_sync.benefits.hand_made import benefit, cap, scheme
from tests.central_sync.desk.test_races import charged_at_once
from tests.central_sync.hospital import Hospital, books_agree, cn_number, member_line
from tests.programs import Program, start_hub

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]

HOSPITALS = [f"P{number:02d}" for number in range(10)]
ASKING = 3
"""Connections of each hospital."""
BATCH_CASES = 20
AMOUNT = 100_00
CAPS = {Owner.MEMBER: 1_777_777, Owner.FAMILY: 1_833_333, Owner.CONTRACT: 1_922_223}
GROUPS = {Owner.MEMBER: (1_000, 1, 1), Owner.FAMILY: (200, 5, 1), Owner.CONTRACT: (200, 5, 5)}
"""How many settlements, persons and families: of each group another cap is the first to be full."""
TWICE = 0.05
"""So many batches come twice at once, as after an answer that was lost."""


@functools.cache
def law() -> Compiled:
    """The shipped law, and a scheme that pays all, up to a member's cap, a family's and one of all of a contract."""
    whole = shipped()
    caps = tuple(cap(coins, owner.value, owner=owner) for owner, coins in CAPS.items())
    one = replace(scheme(), benefits={"outpatient": (benefit(caps=caps),)})
    book = versioned(replace(whole.rulebook, schemes={**whole.rulebook.schemes, one.code: one}))
    return compiled.compiled(book, whole.audit)


def people(owner: Owner) -> list[tuple[str, bytes]]:
    """The numbers and lines of a group, insured in a contract of its own."""
    _, count, families = GROUPS[owner]
    day = 1 + list(GROUPS).index(owner)
    found = []
    for place in range(count):
        number = cn_number(f"110105198{day}01{place + 1:02d}001")
        line = json.loads(member_line("cn_resident_number", number, "g", "cn"))
        cover = {"layer": "base", "scheme": "one", "contract": f"K-{owner}", "from_day": "2025-01-01", "to_day": None}
        found.append(
            (number, json.dumps({**line, "covers": [{**cover, "family": f"F-{owner}-{place % families}"}]}).encode())
        )
    return found


@dataclass
class Country:
    """Hospitals with their certificates and open cases, and the hubs that they may ask."""

    folder: Path
    url: str
    store: Store
    cases: dict[str, list[tuple[Owner, str]]]
    hubs: list[Program] = field(default_factory=list)
    answers: dict[str, list[p.Settlement]] = field(default_factory=dict)
    again: int = 0

    async def hospital(self, code: str, context) -> None:
        """Settle all of a hospital's cases, each confirmed as soon as it is settled, in several batches at once."""
        dice = random.Random(code)
        cases = self.cases[code]
        dice.shuffle(cases)
        waiting = [cases[at : at + BATCH_CASES] for at in range(0, len(cases), BATCH_CASES)]
        self.answers[code] = []
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=ASKING + 1)) as session:

            async def asks() -> None:
                while waiting:
                    await self.settled(session, code, waiting.pop(), dice)

            await asyncio.gather(*(asks() for _ in range(ASKING)))
            await self.compared(session, code)

    async def settled(self, session, code: str, cases: list[tuple[Owner, str]], dice: random.Random) -> None:
        todo = [item for _, hid in cases for item in (settle(hid), confirm(hid))]
        while todo:
            found = await self.post(session, code, todo, dice)
            if dice.random() < TWICE:
                same = await asyncio.gather(*(self.post(session, code, todo, dice) for _ in range(2)))
                for answers in same:
                    for one, other in zip(found, answers, strict=True):
                        assert (
                            other.verdict is Verdict.AGAIN or one.verdict is Verdict.AGAIN or one.packet == other.packet
                        )
            for item, answer in zip(todo, found, strict=True):
                assert answer.verdict in (Verdict.FINAL, Verdict.AGAIN), answer
                if item.number == "2207" and answer.verdict is Verdict.FINAL:
                    self.answers[code].append(msgspec.msgpack.decode(answer.packet, type=p.Settlement))
            todo = [item for item, answer in zip(todo, found, strict=True) if answer.verdict is Verdict.AGAIN]
            self.again += len(todo)

    async def post(self, session, code: str, items: list[Transaction], dice: random.Random) -> list[ItemAnswer]:
        headers, url = {"Content-Type": CONTENT_TYPE}, dice.choice(self.hubs).sync
        while True:
            body = pack(batch(*items, institution=code))
            async with session.post(f"{url}/v1/exchange", data=body, headers=headers) as response:
                answer = unpack(await response.read(), BatchAnswer)
            if not answer.code:
                return answer.answers
            await asyncio.sleep(answer.retry_after_s)

    async def compared(self, session, code: str) -> None:
        """3201: what the hospital was told is what the hub has, without a difference."""
        answers, today = self.answers[code], now().date()
        sums = p.ReconcileTotals(
            from_day=today,
            to_day=today,
            currency="CNY",
            settlements=len(answers),
            total=sum(answer.total for answer in answers),
            funds=sum(share.amount for answer in answers for share in answer.shares),
            patient=sum(answer.patient for answer in answers),
        )
        (told,) = await self.post(session, code, [transaction("3201", sums, f"R-{code}", "cycle")], random.Random(0))
        found = msgspec.msgpack.decode(told.packet, type=p.TotalsAnswer)
        assert (found.equal, found.awaited, found.settlements) == (True, 0, len(answers))

    async def all(self, contexts) -> None:
        await asyncio.gather(*(self.hospital(code, contexts[code]) for code in HOSPITALS))


def transaction(number: str, request: p.Request, msgid: str, lane: str, hid: str = "") -> Transaction:
    return Transaction(
        msgid=msgid,
        number=number,
        packet=msgspec.msgpack.encode(request),
        lane=lane,
        hid=hid,
        recorded_at=now(),
        business_day=now().date(),
        operator="op",
        workstation="ws",
    )


def settle(hid: str) -> Transaction:
    return transaction("2207", p.Settle(hid=hid, currency="CNY", total=AMOUNT), f"S-{hid}", hid, hid)


def confirm(hid: str) -> Transaction:
    return transaction("49", p.Confirm(original_msgid=f"S-{hid}", his_result=0, hid=hid), f"C-{hid}", hid, hid)


@pytest.fixture
def country(tmp_path, url, store) -> Iterator[Country]:
    folder, whole = tmp_path / "data", law()
    authority = Authority(folder / AUTHORITY_FOLDER)
    authority.create([], now())
    authority.open()
    fleet = Fleet(store, authority, whole.rulebook)
    for code in HOSPITALS:
        fleet.add_hospital(code, "A Hospital", "cn", "tier_3", now())
    Publications(store).publish(whole, bundles.squeezed(compiled.packed(whole)), "cli", now())
    found: dict[str, list[tuple[Owner, str]]] = {code: [] for code in HOSPITALS}
    intake = Intake(store, whole.rulebook)
    counter = itertools.count(1)
    for owner, (settles, _, _) in GROUPS.items():
        group = people(owner)
        assert import_members(store, whole.rulebook, [line for _, line in group], now()).added == len(group)
        each = settles // len(HOSPITALS) // len(group)
        for code in HOSPITALS:
            hospital = Hospital(store, intake, code, counter=counter)
            for number, _ in group:
                person = p.PersonRef(kind="cn_resident_number", number=number)
                found[code] += [(owner, hid) for hid in charged_at_once(store, hospital, person, each)]
    made = Country(folder, url, store, found)
    yield made
    for hub in made.hubs:
        hub.kill()


def test_thousands_at_once_pass_no_cap_and_leave_nothing_to_reconcile(country):
    contexts = {code: certified(authority_of(country), country.folder, code, store=country.store) for code in HOSPITALS}
    for _ in range(2 if country.url.startswith("postgresql") else 1):
        country.hubs.append(start_hub(country.folder, database=country.url))
    asyncio.run(country.all(contexts))
    answers = [answer for code in HOSPITALS for answer in country.answers[code]]
    assert len({answer.settlement_id for answer in answers}) == len(answers) == sum(map(len, country.cases.values()))
    assert all(answer.total == answer.patient + sum(share.amount for share in answer.shares) for answer in answers)
    owners = {hid: owner for cases in country.cases.values() for owner, hid in cases}
    paid: Counter[Owner] = Counter()
    for answer in answers:
        paid[owners[answer.hid]] += sum(share.amount for share in answer.shares)
    assert paid == CAPS, "each cap is full to the coin"
    books_agree(country.store)
    for hub in country.hubs:
        assert hub.stop() == 0


def authority_of(country: Country) -> Authority:
    authority = Authority(country.folder / AUTHORITY_FOLDER)
    authority.open()
    return authority
