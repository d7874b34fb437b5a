"""Which leg is broken, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from central_sync.wire.messages import PayerWord
from edge.console.views import DESKS, EDGE, HUB, PAYERS, READERS, VPN, Condition, Leg, legs, worst
from edge.health import Signs
from edge.readers.bindings import ReaderRow
from edge.readers.troubles import TROUBLES
from tests.edge.console.messages import every

WELL = Signs(
    journal_usable=True,
    line_up=True,
    clock_right=True,
    hids_left=4_000,
    certificate_days_left=300,
    free_bytes=2**40,
    workstations=3,
    payers=(),
)
READER = ReaderRow(name="desk-1", driver="pcsc", desk="", connected=True, card_present=False)


def told(signs: Signs = WELL, trouble: str = "", *readers: ReaderRow) -> dict[str, Leg]:
    return {leg.name: leg for leg in legs(signs, trouble, readers)}


def test_a_gateway_that_is_well_has_nothing_to_do() -> None:
    found = legs(WELL, "", [READER])
    assert [leg.name for leg in found] == [READERS, DESKS, EDGE, VPN, HUB, PAYERS]
    assert {leg.condition for leg in found} == {Condition.WELL}
    assert worst(found) is Condition.WELL


@pytest.mark.parametrize(
    ("change", "leg", "condition"),
    [
        ({"journal_usable": False}, EDGE, Condition.BROKEN),
        ({"maintained": True}, EDGE, Condition.WARNING),
        ({"full": True}, EDGE, Condition.BROKEN),
        ({"hours_left": 3.5}, EDGE, Condition.WARNING),
        ({"free_bytes": 2**20}, EDGE, Condition.WARNING),
        ({"clock_right": False}, EDGE, Condition.BROKEN),
        ({"backup_days": 9}, EDGE, Condition.WARNING),
        ({"parked": 2}, EDGE, Condition.WARNING),
        ({"contradictions": 1}, EDGE, Condition.WARNING),
        ({"workstations": 0}, DESKS, Condition.WARNING),
        ({"certificate_days_left": 20}, VPN, Condition.WARNING),
        ({"certificate_days_left": -1}, VPN, Condition.BROKEN),
        ({"hids_left": 3}, HUB, Condition.WARNING),
    ],
)
def test_each_sign_belongs_to_one_leg(change: dict, leg: str, condition: Condition) -> None:
    found = told(replace(WELL, **change))
    assert {name: one.condition for name, one in found.items() if one.remarks} == {leg: condition}
    assert worst(found.values()) is condition


def test_a_line_that_is_down_leaves_the_centre_unknown() -> None:
    found = told(replace(WELL, line_up=False), "line_down")
    assert (found[VPN].condition, found[HUB].condition) == (Condition.BROKEN, Condition.UNKNOWN)
    assert worst(found.values()) is Condition.BROKEN


def test_a_payer_that_gives_no_answer_is_a_leg_of_its_own_and_unknown_while_nobody_can_say() -> None:
    at = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
    away = replace(
        WELL, payers=(PayerWord(payer="p-1", since=at, shares=12), PayerWord(payer="p-2", since=at, shares=1))
    )
    found = told(away)
    assert {name for name, leg in found.items() if leg.condition is not Condition.WELL} == {PAYERS}
    assert found[PAYERS].condition is Condition.BROKEN
    assert [remark.values for remark in found[PAYERS].remarks] == [
        {"payer": "p-1", "since": at, "count": 12},
        {"payer": "p-2", "since": at, "count": 1},
    ]
    assert told(replace(WELL, payers=None))[PAYERS].condition is Condition.UNKNOWN
    assert told(replace(away, line_up=False), "line_down")[PAYERS].condition is Condition.UNKNOWN


def test_a_centre_that_refuses_is_named_with_its_code_and_the_line_is_well() -> None:
    found = told(replace(WELL, line_up=False), "certificate_unknown")
    assert (found[VPN].condition, found[HUB].condition) == (Condition.WELL, Condition.BROKEN)
    assert found[HUB].remarks[0].values == {"code": "certificate_unknown"}


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
def test_every_trouble_of_a_reader_is_told_with_its_name(trouble: str) -> None:
    from msgspec import structs

    (remark,) = told(WELL, "", READER, structs.replace(READER, name="desk-2", trouble=trouble))[READERS].remarks
    assert remark.values == {"reader": "desk-2"}
    assert remark.what == TROUBLES[trouble].what


def test_the_most_urgent_comes_first_and_every_text_is_a_message() -> None:
    all_wrong = Signs(
        journal_usable=False,
        line_up=False,
        clock_right=False,
        hids_left=0,
        certificate_days_left=3,
        free_bytes=0,
        workstations=0,
        full=True,
        backup_days=5,
        parked=1,
        contradictions=1,
    )
    known = set(every())
    for leg in told(all_wrong, "line_down").values():
        order = [Condition.BROKEN, Condition.UNKNOWN, Condition.WARNING]
        conditions = [order.index(remark.condition) for remark in leg.remarks]
        assert conditions == sorted(conditions)
        assert leg.name in known
        for remark in leg.remarks:
            assert {remark.what, remark.do} <= known
            assert remark.what % remark.values
            assert remark.do % remark.values
