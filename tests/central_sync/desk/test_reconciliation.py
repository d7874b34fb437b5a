"""3201 and 3202: confirmed money is compared, what awaits is apart; on both databases."""

from datetime import timedelta

import pytest

from central_sync.wire import packets as p
from tests.central_sync.hospital import DAY


def detail(answer: p.Settlement, **changes) -> p.DetailRow:
    funds = sum(share.amount for share in answer.shares)
    base = {"settlement_id": answer.settlement_id, "total": answer.total, "funds": funds, "patient": answer.patient}
    return p.DetailRow(**{**base, **changes})


def totals(*rows: p.DetailRow, day=DAY) -> p.ReconcileTotals:
    return p.ReconcileTotals(
        from_day=day,
        to_day=day,
        currency="CNY",
        settlements=len(rows),
        total=sum(r.total for r in rows),
        funds=sum(r.funds for r in rows),
        patient=sum(r.patient for r in rows),
    )


def details(*rows: p.DetailRow) -> p.ReconcileDetails:
    return p.ReconcileDetails(from_day=DAY, to_day=DAY, currency="CNY", rows=list(rows))


@pytest.fixture
def settled(hospital, other):
    """Two confirmed, one annulled, one awaited; and one of another hospital."""
    answers = {
        name: hospital.settled(amount, msgid=name)
        for name, amount in {"A": 100_00, "B": 200_00, "C": 300_00, "D": 400_00}.items()
    }
    for name, result in (("A", 0), ("B", 0), ("C", 1)):
        hospital.done("49", p.Confirm(original_msgid=name, his_result=result))
    answers["X"] = other.settled(500_00, msgid="X")
    return answers


def test_equal_books_are_equal(hospital, settled):
    rows = detail(settled["A"]), detail(settled["B"])
    found = hospital.done("3201", totals(*rows))
    assert (found.equal, found.settlements, found.awaited) == (True, 2, 1)
    assert found.total == found.funds + found.patient == 300_00
    found = hospital.done("3202", details(*rows))
    assert found.equal
    assert [(d.settlement_id, d.msgid, d.kind) for d in found.differences] == [
        (settled["D"].settlement_id, "D", "awaited")
    ]


def test_each_kind_of_difference_is_named(hospital, settled):
    rows = (
        detail(settled["A"], patient=settled["A"].patient + 1),
        detail(settled["C"]),
        detail(settled["D"]),
        detail(settled["X"]),
        detail(settled["A"]),
    )
    found = hospital.done("3202", details(*rows))
    assert not found.equal
    assert sorted((d.kind, d.settlement_id) for d in found.differences) == sorted(
        [
            ("amounts_differ", settled["A"].settlement_id),
            ("missing_at_hub", settled["C"].settlement_id),
            ("awaited", settled["D"].settlement_id),
            ("missing_at_hub", settled["X"].settlement_id),
            ("missing_at_hub", settled["A"].settlement_id),
            ("missing_at_hospital", settled["B"].settlement_id),
        ]
    )
    assert not hospital.done("3201", totals(*rows)).equal


def test_other_days_and_other_hospitals_do_not_count(hospital, other, settled):
    assert hospital.done("3201", totals(day=DAY - timedelta(days=1))).equal
    assert not other.done("3201", totals(detail(settled["X"]))).equal
    other.done("49", p.Confirm(original_msgid="X", his_result=0))
    assert other.done("3201", totals(detail(settled["X"]))).equal


def test_the_business_day_of_the_edge_counts_not_the_service_date(hospital):
    answer = hospital.settled(100_00, msgid="A", business_day=DAY - timedelta(days=1))
    hospital.done("49", p.Confirm(original_msgid="A", his_result=0))
    assert answer.settled_on == DAY - timedelta(days=1)
    assert hospital.done("3201", totals(detail(answer), day=DAY - timedelta(days=1))).equal


def test_days_the_wrong_way_round_and_strange_money_are_refused(hospital):
    backwards = p.ReconcileDetails(from_day=DAY, to_day=DAY - timedelta(days=1), currency="CNY", rows=[])
    assert hospital.refused("3202", backwards) == "date_out_of_range"
    assert (
        hospital.refused("3202", p.ReconcileDetails(from_day=DAY, to_day=DAY, currency="IRR", rows=[]))
        == "currency_wrong"
    )
