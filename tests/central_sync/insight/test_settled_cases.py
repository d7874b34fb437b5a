"""Settled cases leave the hub as the engine was told of them, in their order, with nobody's name; on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import msgspec
import pytest

from central_sync.insight.settled_cases import export
from central_sync.rulebook.settled import SettledCase, settled_cases
from central_sync.rulebook.simulation import run
from central_sync.store.settlements import unpack_deltas
from central_sync.wire import packets as p
from tests.central_sync.desk.provinces import LAW, provinces
from tests.central_sync.hospital import DAY, IRANIAN, MASTER, RULEBOOK

ALL = date.min, date.max


def told(store, first=ALL[0], last=ALL[1], key=b"k"):
    return [msgspec.json.decode(line, type=SettledCase) for line in export(store, RULEBOOK, first, last, key)]


def test_a_simulation_of_what_was_exported_comes_to_what_was_settled(hospital, other, iranian, store, tmp_path):
    answers = [one.settled(amount) for amount in (5_00, 900_00, 70_00) for one in (hospital, other)]
    answers.append(iranian.done("2207", iranian.settle_request(iranian.charged(920_000), 920_000)))
    undone = hospital.settled(333_00)
    hospital.done("2208", p.SettleCancel(hid=undone.hid, settlement_id=undone.settlement_id))
    file = tmp_path / "settled.jsonl"
    file.write_bytes(b"\n".join(export(store, RULEBOOK, *ALL)))
    cases = settled_cases(file, [RULEBOOK])
    pairs = {cases[pair.place].case: pair for pair in run(RULEBOOK, RULEBOOK, enumerate(cases))}
    # Seven of one instant: their order is that of their ids, as it is for the accumulators' end.
    assert pairs.keys() == {answer.settlement_id for answer in answers}
    assert sum(pair.before.patient for pair in pairs.values()) == sum(answer.patient for answer in answers)
    for answer in answers:
        assert pairs[answer.settlement_id].before.total == answer.total


def test_nobody_is_named_and_each_file_names_them_otherwise(hospital, iranian, store):
    hospital.settled(5_00)
    hospital.settled(6_00)
    iranian.done("2207", iranian.settle_request(iranian.charged(920_000), 920_000))
    lines = b"\n".join(export(store, RULEBOOK, *ALL)).decode()
    with store.read() as uow:
        keys = {uow.members.find(*person).id for person in (MASTER, IRANIAN)}
    for planted in (MASTER[1], IRANIAN[1], "Planted", "Name", "K1", "H1", "internal", "1949-12-31", *keys):
        assert planted not in lines
    first, again, other = told(store), told(store), told(store, key=b"another")
    assert first == again
    assert len({one.member for one in first}) == 2
    assert not {one.member for one in first} & {one.member for one in other}
    assert {one.born for one in first} == {date(1950, 1, 1)}, "the age is 75, as it is of the last day of 1949"


def test_what_was_used_before_is_told_with_the_first_case_of_an_accumulator(hospital, store):
    for amount in (100_00, 200_00, 300_00):
        hospital.settled(amount)
    with store.read() as uow:
        rows = uow.settlements.in_order(None, 10)
    assert [one.used for one in told(store)] == [{}, {}, {}], "the file begins with the first"
    before: Counter = Counter()
    for row in rows:
        before.update(unpack_deltas(row.deltas))
    assert not told(store, DAY.replace(day=3))
    assert {key.name for key in before if before[key]} >= {"outpatient"}


def test_pages_join_without_a_gap(hospital, store, monkeypatch):
    monkeypatch.setattr("central_sync.insight.settled_cases.PAGE_ROWS", 2)
    wanted = {hospital.settled(100 + n).settlement_id for n in range(5)}
    found = [one.case for one in told(store)]
    assert (set(found), len(found)) == (wanted, 5)


def test_what_changes_a_price_goes_along(iranian, store, tmp_path):
    hid = iranian.register()
    line = iranian.line("1", 4_158_000, item="G0003", facts=p.LineFacts(modifiers=["27"]))
    iranian.done("2204", iranian.fees(hid, line))
    answer = iranian.done("2207", iranian.settle_request(hid, 4_158_000))
    file = tmp_path / "settled.jsonl"
    file.write_bytes(b"\n".join(export(store, RULEBOOK, *ALL)))
    cases = settled_cases(file, [RULEBOOK])
    assert cases[0].bill[0].modifiers == ("27",)
    (pair,) = run(RULEBOOK, RULEBOOK, enumerate(cases))
    assert pair.before.patient == answer.patient


def test_a_stay_in_parts_is_one_case_the_whole_of_it(hospital, store, tmp_path):
    hid = hospital.admit(DAY - timedelta(days=3))
    lines = [hospital.line(str(n), 1_000_00 * n, service_date=DAY - timedelta(days=4 - n)) for n in (1, 2, 3)]
    hospital.done("2301", hospital.fees(hid, *lines))
    part = p.Settle(hid=hid, currency=hospital.money, total=1_000_00, until=DAY - timedelta(days=3))
    parts = [hospital.done("2304", part)]
    going = p.Discharge(hid=hid, discharged_on=DAY, way="recovered", diagnoses=[hospital.diagnosis()])
    hospital.done("2402", going)
    parts.append(hospital.done("2304", hospital.settle_request(hid, 5_000_00)))
    file = tmp_path / "settled.jsonl"
    file.write_bytes(b"\n".join(export(store, RULEBOOK, *ALL)))
    cases = settled_cases(file, [RULEBOOK])
    assert [sum(line.amount for line in case.bill) for case in cases] == [6_000_00]
    (pair,) = run(RULEBOOK, RULEBOOK, enumerate(cases))
    assert pair.before.patient == sum(one.patient for one in parts)


@pytest.mark.parametrize("amount", [5_000_00, 80_000_00])
def test_a_stay_in_parts_stands_where_its_first_part_does_and_keeps_its_turn_among_the_others(store, tmp_path, amount):
    east, _ = provinces(store)
    hid = east.stay()
    east.charge(hid, "1", amount, DAY - timedelta(days=9))
    part = p.Settle(hid=hid, currency="CNY", total=amount, until=DAY - timedelta(days=9))
    first, other = east.done("2304", part), east.stayed(amount)
    east.now += timedelta(seconds=1)
    east.discharge(hid)
    final = east.done("2304", east.settle_request(hid, 0))
    file = tmp_path / "settled.jsonl"
    file.write_bytes(b"\n".join(export(store, LAW, *ALL)))
    cases = settled_cases(file, [LAW])
    pairs = {cases[pair.place].case: pair.before.patient for pair in run(LAW, LAW, enumerate(cases))}
    assert pairs == {final.settlement_id: first.patient + final.patient, other.settlement_id: other.patient}


def test_a_line_that_came_after_a_stays_last_part_is_no_part_of_what_was_settled(hospital, store):
    hid = hospital.admit(DAY - timedelta(days=3))
    line = hospital.line("1", 1_000_00, service_date=DAY - timedelta(days=3))
    hospital.done("2301", hospital.fees(hid, line))
    hospital.done("2304", p.Settle(hid=hid, currency=hospital.money, total=1_000_00, until=DAY - timedelta(days=2)))
    late = hospital.line("late", 500_00, service_date=DAY - timedelta(days=3))
    hospital.done("2301", hospital.fees(hid, late))
    (case,) = told(store)
    assert [one.amount for one in case.bill] == [1_000_00]
