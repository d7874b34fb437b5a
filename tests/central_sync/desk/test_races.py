"""The same person at several hospitals at once: no cap is ever passed, and the accumulators are the sum of what stands."""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import msgspec
import pytest

from central_sync.intake import Intake
from central_sync.store import Store
from central_sync.wire import packets as p
from central_sync.wire.messages import Verdict
from tests.central_sync.hospital import DAY, NOW, RULEBOOK, Hospital, books_agree

THREADS, SETTLES = 20, 50
AMOUNT = 100_00


def cap_of(scheme: str, care: str, name: str, group: str) -> int:
    cap = next(c for c in RULEBOOK.schemes[scheme].benefits[care][0].caps if c.name == name)
    row = cap.amount.at(DAY, "", group)
    return row.value


@pytest.mark.timeout(300)
def test_a_thousand_settlements_at_once_fill_the_cap_exactly(store, hub):
    """20 threads × 50 settlements of one member at two hospitals: far more than the outpatient cap."""
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


def charged_at_once(store, hospital: Hospital) -> list[str]:
    """Fifty charged cases of one member, put into the store in one unit of work: copies of one that came in by the door."""
    first = hospital.charged(AMOUNT)
    hids = [hospital.hid() for _ in range(SETTLES - 1)]
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
