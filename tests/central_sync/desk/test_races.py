"""The same person at several hospitals at once: no cap is ever passed, and the accumulators are the sum of what stands."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import msgspec
import pytest

from central_sync.benefits.choices import Owner
from central_sync.benefits.parameters import Rulebook
from central_sync.intake import Intake
from central_sync.members.service import import_members
from central_sync.store import Store
from central_sync.wire import packets as p
from central_sync.wire.messages import Verdict
from tests.central_sync.benefits.hand_made import benefit, cap, scheme
from tests.central_sync.hospital import DAY, NOW, RULEBOOK, Hospital, books_agree, cn_number, member_line, populate

THREADS, SETTLES = 20, 10
"""A thousand, through running hubs: ``tests/central_sync/api/test_thousands_settle.py``."""
COVERED = {"layer": "base", "scheme": "one", "contract": "K1", "from_day": "2025-01-01", "to_day": None}
AMOUNT = 100_00


def cap_of(scheme: str, care: str, name: str, group: str) -> int:
    cap = next(c for c in RULEBOOK.schemes[scheme].benefits[care][0].caps if c.name == name)
    row = cap.amount.at(DAY, "", group)
    return row.value


@pytest.mark.timeout(300)
def test_many_settlements_at_once_fill_the_cap_exactly(store, hub):
    """20 threads × 10 settlements of one member at two hospitals: far more than the outpatient cap."""
    hospitals = [
        Hospital(store, hub, ("H1", "H2")[n % 2], counter=itertools.count(n * 1_000_000 + 1)) for n in range(THREADS)
    ]
    cases = [charged_at_once(store, hospital) for hospital in hospitals]

    def work(number: int) -> int:
        hospital, paid = hospitals[number], 0
        for hid in cases[number]:
            answer = hospital.send("2207", hospital.settle_request(hid, AMOUNT))
            assert answer.verdict is Verdict.FINAL, answer
            paid += paid_by_base(answer.packet)
        return paid

    with ThreadPoolExecutor(THREADS) as pool:
        paid = sum(pool.map(work, range(THREADS)))
    cap = cap_of("cn_employee", "outpatient", "outpatient", "employee")
    assert paid == cap
    with store.read() as uow:
        filled = {key.name: amount for key, amount in uow.accumulators.all().items() if key.scheme == "cn_employee"}
        assert len(uow.settlements.all_in_force()) == THREADS * SETTLES
    assert filled["outpatient"] == cap
    books_agree(store)


RELATIVES = 4
"""In each of two families."""


def with_shared_caps(family: int, contract: int) -> Rulebook:
    """The shipped law, and a scheme that pays all, up to a family's cap and one of all members of the contract."""
    caps = (cap(family, "family", owner=Owner.FAMILY), cap(contract, "contract", owner=Owner.CONTRACT))
    one = replace(scheme(benefit(caps=caps)), benefits={"outpatient": (benefit(caps=caps),)})
    return replace(RULEBOOK, schemes={**RULEBOOK.schemes, one.code: one})


def relatives(store, book: Rulebook) -> list[p.PersonRef]:
    """Eight persons of two families, insured in one contract."""
    numbers = [cn_number(f"110105198001{day:02d}001") for day in range(1, 2 * RELATIVES + 1)]
    lines = [
        json.dumps(
            {
                **json.loads(member_line("cn_resident_number", number, "g", "cn")),
                "covers": [{**COVERED, "family": f"F{place % 2}"}],
            }
        ).encode()
        for place, number in enumerate(numbers)
    ]
    assert import_members(store, book, lines, NOW).added == len(lines)
    return [p.PersonRef(kind="cn_resident_number", number=number) for number in numbers]


@pytest.mark.timeout(300)
def test_two_families_settling_at_once_pass_neither_a_familys_cap_nor_their_contracts(store):
    """20 threads at two hospitals, each with so many settlements of one of eight persons: all asked for at once."""
    populate(store)
    asked = THREADS * SETTLES * AMOUNT
    family_cap, contract_cap = asked * 40 // 100 - 1, asked * 65 // 100 - 1
    book = with_shared_caps(family_cap, contract_cap)
    intake, persons = Intake(store, book), relatives(store, book)
    hospitals = [
        Hospital(store, intake, ("H1", "H2")[n % 2], counter=itertools.count(n * 1_000_000 + 1)) for n in range(THREADS)
    ]
    cases = [
        charged_at_once(store, hospital, persons[number % len(persons)]) for number, hospital in enumerate(hospitals)
    ]

    def work(number: int) -> tuple[str, int]:
        paid = 0
        for hid in cases[number]:
            answer = hospitals[number].send("2207", hospitals[number].settle_request(hid, AMOUNT))
            assert answer.verdict is Verdict.FINAL, answer
            paid += paid_by_base(answer.packet)
        return f"family:F{number % len(persons) % 2}", paid

    paid: Counter = Counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for family, amount in pool.map(work, range(THREADS)):
            paid[family] += amount
    assert sum(paid.values()) == contract_cap, "what is asked for is far above"
    assert len(paid) == 2
    assert max(paid.values()) <= family_cap
    with store.read() as uow:
        filled = {key.owner: amount for key, amount in uow.accumulators.all().items() if key.scheme == "one"}
    assert filled == {**paid, "contract:K1": contract_cap}
    books_agree(store)


def charged_at_once(store, hospital: Hospital, person: p.PersonRef | None = None, settles: int = SETTLES) -> list[str]:
    """Charged cases of one member, put into the store in one unit of work: copies of one that came in by the door."""
    first = hospital.register(person)
    hospital.done("2204", hospital.fees(first, hospital.line("0", AMOUNT)))
    hids = [hospital.hid() for _ in range(settles - 1)]
    with store.write() as uow:
        case = uow.cases.get(hospital.code, first)
        (line,) = uow.fees.standing(case)
        for hid in hids:
            assert uow.cases.open(replace(case, hid=hid))
            uow.fees.add([replace(line, hid=hid)])
    return [first, *hids]


def paid_by_base(packet: bytes) -> int:
    answer = msgspec.msgpack.decode(packet, type=p.Settlement)
    assert answer.total == answer.patient + sum(share.amount for share in answer.shares)
    return answer.shares[0].amount


@pytest.mark.timeout(300)
def test_settling_and_taking_back_at_once_leaves_the_books_in_order(url, store, hub):
    """Settle, confirm, annul, cancel and reverse at random from eight threads at two hospitals, each with a hub of its own."""
    second = Store(url)
    second.open()
    hubs = (store, hub), (second, Intake(second, RULEBOOK))

    def work(number: int) -> None:
        rng = random.Random(number)
        hospital = Hospital(
            *hubs[number % 2], ("H1", "H2")[number % 2], NOW, counter=itertools.count(number * 1_000_000 + 1)
        )
        for _ in range(15):
            hid, msgid = hospital.charged(rng.randrange(1, 900_00)), hospital.msgid()
            total = sum(line.amount for line in standing(store, hospital.code, hid))
            answer = hospital.done("2207", hospital.settle_request(hid, total), msgid=msgid)
            match rng.randrange(5):
                case 0:
                    hospital.done("49", p.Confirm(original_msgid=msgid, his_result=0))
                case 1:
                    hospital.done("49", p.Confirm(original_msgid=msgid, his_result=1))
                case 2:
                    hospital.done("2208", p.SettleCancel(hid=hid, settlement_id=answer.settlement_id))
                case 3:
                    hospital.done("2601", p.Reversal(original_msgid=msgid, original_number="2207"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    second.close()
    books_agree(store)


def standing(store, code, hid):
    with store.read() as uow:
        return uow.fees.standing(uow.cases.get(code, hid))


def test_one_settlement_taken_back_in_three_ways_at_once_goes_back_once(hospital, store):
    for round_number in range(8):
        hid, msgid = hospital.charged(100_00), hospital.msgid()
        answer = hospital.done("2207", hospital.settle_request(hid, 100_00), msgid=msgid)
        ways = [
            hospital.transaction("2208", p.SettleCancel(hid=hid, settlement_id=answer.settlement_id)),
            hospital.transaction("2601", p.Reversal(original_msgid=msgid, original_number="2207")),
            hospital.transaction("49", p.Confirm(original_msgid=msgid, his_result=1)),
        ]
        with ThreadPoolExecutor(3) as pool:
            verdicts = [found.answers[0] for found in pool.map(hospital.take, ways)]
        assert [v.verdict for v in verdicts].count(Verdict.FINAL) == 1, verdicts
        assert {v.code for v in verdicts} == {"", "already_undone"}, round_number
    assert hospital.accumulators() == {}
    books_agree(store)


def test_one_case_settled_by_many_at_once_is_settled_once(hospital, store):
    hid = hospital.charged(100_00)
    items = [hospital.transaction("2207", hospital.settle_request(hid, 100_00)) for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        answers = [found.answers[0] for found in pool.map(hospital.take, items)]
    assert sorted(a.code for a in answers) == ["", *["already_settled"] * 9]
    books_agree(store)


def test_one_hid_used_by_many_at_once_opens_one_case(hospital):
    hid = hospital.hid()
    request = p.Registration(person=hospital.person, service_date=DAY, department="d")
    items = [hospital.transaction("2201", request, hid=hid) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = [found.answers[0] for found in pool.map(hospital.take, items)]
    assert sorted(a.code for a in answers) == ["", *["hid_not_leased"] * 7]


def test_what_is_settled_as_it_was_foretold_and_taken_back_in_any_way_and_order_leaves_the_accumulators_as_they_were(
    hospital, other, iranian
):
    rng = random.Random(5)
    at = {True: hospital, False: iranian}
    for one in (hospital, other, iranian):
        one.done("2207", one.settle_request(one.charged(40_000), 40_000))
    before, made = hospital.accumulators(), []
    assert before
    for _ in range(24):
        one, amount, msgid = at[rng.random() < 0.7], rng.randrange(1, 900_000), hospital.msgid()
        hid = one.charged(amount)
        foretold = one.done("2206", p.PreSettle(hid=hid, currency=one.money, total=amount))
        answer = one.done("2207", one.settle_request(hid, amount), msgid=msgid)
        assert (foretold.patient, foretold.shares, foretold.patient_trace, foretold.lines) == (
            answer.patient,
            answer.shares,
            answer.patient_trace,
            answer.lines,
        )
        made.append((one, msgid, answer))
    assert hospital.accumulators() != before
    rng.shuffle(made)
    for one, msgid, answer in made:
        number, request = rng.choice(
            [
                ("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id)),
                ("2601", p.Reversal(original_msgid=msgid, original_number="2207")),
                ("49", p.Confirm(original_msgid=msgid, his_result=1)),
            ]
        )
        one.done(number, request)
    assert hospital.accumulators() == before
