"""Interim settlements of a stay, on both databases: the stay goes on, and its parts add up to one settlement of all."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from central_sync.benefits.bundle import versioned
from central_sync.benefits.choices import After, Owner, Per
from central_sync.benefits.parameters import Parameter, Period, Row
from central_sync.desk.resettlement import resettle
from central_sync.payers import Payers
from central_sync.wire import packets as p
from tests.central_sync.desk.provinces import LAW, paid, provinces
from tests.central_sync.hospital import DAY, NOW, books_agree

DAYS = [DAY - timedelta(days=n) for n in range(10, -1, -1)]
"""The stay's days, the first to the last."""


@pytest.fixture
def east(store):
    return provinces(store)[0]


def part(east, hid, total, until):
    return east.done("2304", p.Settle(hid=hid, currency="CNY", total=total, until=until))


def confirmed(east, answer, result=0):
    """49, of the settlement with that id."""
    with east.store.read() as uow:
        row = next(row for row in uow.settlements.all_in_force() if row.id == answer.settlement_id)
    return p.Confirm(original_msgid=row.msgid, his_result=result)


def sums(*answers):
    found = Counter(patient=0, total=0)
    for answer in answers:
        found.update(paid(answer))
        found.update(patient=answer.patient, total=answer.total)
    return found


def test_the_parts_of_a_stay_come_to_one_settlement_of_all(store):
    """Deductible once, bands of the whole bill, the yearly layer and its accumulators: as if it had been settled at its end."""
    east, _ = provinces(store)
    amounts = [4_000_00, 7_000_00, 500_00, 25_000_01]
    hid = east.stay()
    answers = []
    for number, (amount, day) in enumerate(zip(amounts[:3], DAYS[2:9:3], strict=True)):
        east.charge(hid, str(number), amount, day)
        pre = east.done("2303", p.PreSettle(hid=hid, currency="CNY", total=amount, until=day))
        answers.append(part(east, hid, amount, day))
        assert pre.shares == answers[-1].shares
        assert [line.serial for line in answers[-1].lines] == [str(number)]
        assert answers[-1].until == day
    assert [answer.after for answer in answers] == ["", answers[0].settlement_id, answers[1].settlement_id]
    east.charge(hid, "3", amounts[3])
    east.discharge(hid)
    final = east.done("2304", east.settle_request(hid, amounts[3]))
    assert (final.until, final.after) == (None, answers[-1].settlement_id)
    assert sum(answers[0].lines[0].shares) == sum(share.amount for share in answers[0].shares)
    assert [line.shares for later in (*answers[1:], final) for line in later.lines] == [[], [], []], (
        "not told, not nothing"
    )
    books_agree(store)
    in_parts, counted = sums(*answers, final), east.accumulators()
    for answer in (final, *reversed(answers)):
        east.done("2305", p.SettleCancel(hid=hid, settlement_id=answer.settlement_id))
    assert east.accumulators() == {}
    whole = east.done("2304", east.settle_request(hid, sum(amounts)))
    assert sums(whole) == in_parts
    assert east.accumulators() == counted
    deductible = [step for answer in answers for step in answer.shares[0].trace if step.kind == "settled_before"]
    assert len(deductible) == 2, "the first part has none before it"


def test_what_others_settle_meanwhile_is_not_counted_twice(store):
    east, west = provinces(store)
    hid = east.stay()
    east.charge(hid, "1", 36_000_00, DAYS[3])
    first = part(east, hid, 36_000_00, DAYS[3])
    west.stayed(2_000_00)
    east.charge(hid, "2", 10_000_00)
    east.discharge(hid)
    final = east.done("2304", east.settle_request(hid, 10_000_00))
    assert sums(first, final)["east_base"] <= 30_000_00
    cap = next(amount for key, amount in east.accumulators().items() if key.name == "pool")
    assert cap == 30_000_00
    books_agree(store)


@pytest.mark.parametrize("amount", [5_000_00, 80_000_00])
def test_a_stay_keeps_its_turn_among_the_others_of_the_year_that_are_settled_between_its_parts(store, amount):
    """It was the first of the year, and its bands began where those of the year did: a last settlement of nothing moves nothing."""
    east, _ = provinces(store)
    hid = east.stay()
    east.charge(hid, "1", amount, DAYS[1])
    first = part(east, hid, amount, DAYS[1])
    assert [step.amount for step in first.shares[0].trace if step.kind == "deductible"] == [-1_000_00]
    other = east.stayed(amount)
    assert any(share.amount for share in other.shares)
    before = east.accumulators()
    east.discharge(hid)
    final = east.done("2304", east.settle_request(hid, 0))
    assert sums(final) == {"patient": 0, "total": 0, "east_base": 0, "east_illness": 0}
    assert east.accumulators() == before
    with store.write() as uow:
        for answer in (other, final):
            again = resettle(uow, LAW, Payers(), answer.settlement_id, actor="officer", reason="looked at", now=NOW)
            assert not again.differs
    books_agree(store)


def test_a_stay_has_no_turn_of_before_in_a_year_into_which_it_comes_with_its_last_part(store):
    """It is the second of the new year: another one was settled as its first meanwhile."""
    east, _ = provinces(store)
    hid = east.stay(days=(DAY - date(2024, 12, 1)).days)
    east.charge(hid, "1", 5_000_00, date(2024, 12, 20))
    part(east, hid, 5_000_00, date(2024, 12, 31))
    other = east.stayed(5_000_00)
    east.discharge(hid)
    final = east.done("2304", east.settle_request(hid, 0))
    taken = [{step.kind: step.amount for step in answer.shares[0].trace} for answer in (other, final)]
    assert taken[0]["deductible"] == -1_000_00
    assert taken[1]["deductible_later"] == -500_00
    with store.write() as uow:
        again = resettle(uow, LAW, Payers(), final.settlement_id, actor="officer", reason="looked at", now=NOW)
    assert not again.differs
    books_agree(store)


def by_period():
    """The law, but that the illness insurance counts in a period of 60 days after the last bill in it."""
    illness = LAW.schemes["east_illness"]
    lasts = Parameter("east_illness.period", "x", "days", (Row(date(2024, 1, 1), 60, "invented", True),))
    (stay,) = illness.benefits["inpatient"]
    rule, bands = replace(stay.deductible, per=Per.PERIOD), replace(stay.bands, per=Per.PERIOD)
    scheme = replace(
        illness,
        period=Period(lasts, After.LAST, Owner.MEMBER),
        benefits={"inpatient": (replace(stay, deductible=rule, bands=bands),)},
    )
    return versioned(replace(LAW, schemes={**LAW.schemes, "east_illness": scheme}))


def test_what_lies_in_a_period_that_a_part_of_a_stay_began_stays_there_when_the_stay_is_over(store):
    """The stay's last part is in the period instead of the first; what was settled between them was after the first."""
    law = by_period()
    east, _ = provinces(store, law)
    hid = east.stay(days=90)
    east.charge(hid, "1", 20_000_00, DAY - timedelta(days=80))
    part(east, hid, 20_000_00, DAY - timedelta(days=60))
    other = east.stayed(20_000_00)
    assert "2025-03-04" in {step.values.get("since") for share in other.shares for step in share.trace}
    east.discharge(hid)
    east.done("2304", east.settle_request(hid, 0))
    with store.write() as uow:
        again = resettle(uow, law, Payers(), other.settlement_id, actor="officer", reason="looked at", now=NOW)
    assert not again.differs, again
    books_agree(store)


def test_late_charges_come_with_the_next_part_and_settled_lines_stay(east):
    hid = east.stay()
    east.charge(hid, "1", 2_000_00, DAYS[1])
    first = part(east, hid, 2_000_00, DAYS[1])
    east.charge(hid, "late", 300_00, DAYS[0])
    assert east.refused("2302", p.FeesCancel(hid=hid, serials=["1"])) == "fee_settled"
    assert part(east, hid, 300_00, DAYS[1]).lines[0].serial == "late"
    east.charge(hid, "2", 1_00)
    assert east.done("2302", p.FeesCancel(hid=hid)).cancelled == 1
    assert east.refused("2305", p.SettleCancel(hid=hid, settlement_id=first.settlement_id)) == "later_settlement_first"


def test_parts_go_back_from_the_last_one_backwards(east, store):
    hid = east.stay()
    east.charge(hid, "1", 2_000_00, DAYS[1])
    first = part(east, hid, 2_000_00, DAYS[1])
    east.charge(hid, "2", 3_000_00, DAYS[2])
    second = part(east, hid, 3_000_00, DAYS[2])
    one, two = confirmed(east, first), confirmed(east, second, result=7)
    assert east.refused("49", confirmed(east, first, result=7)) == "later_settlement_first"
    reversal = p.Reversal(original_msgid=one.original_msgid, original_number="2304", hid=hid)
    assert east.refused("2601", reversal) == "later_settlement_first"
    east.done("49", one)
    assert east.done("49", two).confirmation == "annulled"
    assert east.done("2302", p.FeesCancel(hid=hid, serials=["2"])).cancelled == 1
    assert east.done("2601", reversal).effect == "reversed"
    assert east.accumulators() == {}
    books_agree(store)


def test_a_cancelled_part_can_be_put_back_in_force_while_nothing_changed(east, store):
    hid = east.stay()
    east.charge(hid, "1", 2_000_00, DAYS[1])
    first = part(east, hid, 2_000_00, DAYS[1])
    before = east.accumulators()
    cancel = east.transaction("2305", p.SettleCancel(hid=hid, settlement_id=first.settlement_id))
    east.take(cancel)
    again = p.Reversal(original_msgid=cancel.msgid, original_number="2305", hid=hid)
    assert east.done("2601", again).effect == "reversed"
    assert east.accumulators() == before
    assert east.refused("2302", p.FeesCancel(hid=hid, serials=["1"])) == "fee_settled"
    books_agree(store)


def test_a_stay_all_settled_in_parts_is_closed_by_a_last_settlement_of_nothing(east, store):
    hid = east.stay()
    east.charge(hid, "1", 2_000_00, DAYS[1])
    part(east, hid, 2_000_00, DAYS[1])
    assert east.refused("2402", _discharge(east, hid, DAYS[0])) == "date_out_of_range"
    east.discharge(hid, DAYS[4])
    final = east.done("2304", east.settle_request(hid, 0))
    assert (final.total, final.patient, final.lines) == (0, 0, [])
    assert east.refused("2304", east.settle_request(hid, 0)) == "already_settled"
    books_agree(store)


def _discharge(east, hid, day):
    return p.Discharge(hid=hid, discharged_on=day, way="recovered", diagnoses=[east.diagnosis()])


def test_what_cannot_be_settled_in_part_is_refused_by_name(east):
    visit = east.visit(100_00)
    for number, kind in (("2207", p.Settle), ("2206", p.PreSettle)):
        request = kind(hid=visit, currency="CNY", total=100_00, until=DAY)
        assert east.refused(number, request) == "interim_not_possible"
    hid = east.stay()

    def refused(until, total=2_000_00):
        return east.refused("2304", p.Settle(hid=hid, currency="CNY", total=total, until=until))

    assert refused(DAYS[5]) == "no_fees"
    east.charge(hid, "1", 2_000_00, DAYS[1])
    assert refused(DAYS[0]) == "no_fees"
    assert refused(DAYS[0] - timedelta(days=1)) == "date_out_of_range"
    assert refused(DAY + timedelta(days=1)) == "date_out_of_range"
    assert refused(DAYS[5], 1) == "amounts_do_not_add_up"
    part(east, hid, 2_000_00, DAYS[5])
    assert refused(DAYS[4]) == "date_out_of_range"
    assert refused(DAYS[5]) == "no_fees"
    assert east.refused("2404", p.CaseRef(hid=hid)) == "case_has_fees"
    east.discharge(hid)
    assert refused(DAYS[5]) == "interim_not_possible"
