"""What a case has come to, from its steps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER, Care
from edge.console.desk import views
from edge.console.desk.acts import ACTS
from edge.console.desk.case import Case, Stage, case_of
from edge.outcome import Confirmation, Outcome
from edge.steps import Step

HID, DAY = "0000000000000195", date(2026, 3, 20)
PERSON = p.PersonRef(kind="ir_national_code", number="0499370899")
F, I, P, R = Outcome.FINAL, Outcome.IN_DOUBT, Outcome.PROVISIONAL, Outcome.REFUSED
AWAITED, CONFIRMED = Confirmation.AWAITED, Confirmation.CONFIRMED


def step(number: str, request: p.Request, outcome: Outcome = F, answer: Any = None, **more: Any) -> Step:
    step.count += 1
    at = datetime(2026, 3, 20, 8, tzinfo=UTC) + timedelta(seconds=step.count)
    more = {"msgid": f"m{step.count}", "code": "line_down" if outcome is R else "", **more}
    return Step(number=number, hid=HID, at=at, outcome=outcome, request=request, answer=answer, **more)


step.count = 0


def visit(outcome: Outcome = F) -> Step:
    return step("2201", p.Registration(person=PERSON, service_date=DAY, department="eye"), outcome, msgid="open")


def admitted() -> Step:
    diagnoses = [p.Diagnosis(code="J18.9", main=True)]
    return step(
        "2401", p.Admission(person=PERSON, admitted_on=DAY, department="ward", diagnoses=diagnoses), msgid="open"
    )


def fees(serial: str = "1", outcome: Outcome = F, number: str = "2204", amount: int = 1000) -> Step:
    line = p.FeeLine(serial=serial, item="A1", unit_price="10", service_date=DAY, quantity="1", amount=amount)
    priced = {"lines": [{"serial": serial, "catalogue_class": "A"}]} if outcome is F else None
    return step(number, p.Fees(hid=HID, currency="CNY", lines=[line]), outcome, priced)


def settle(outcome: Outcome = F, confirmation: Confirmation = AWAITED, **more: Any) -> Step:
    answer = {"settlement_id": "S", "patient": 0, "lines": []} if outcome is F else None
    stands = confirmation if outcome is F else Confirmation.NONE
    return step(
        "2207", p.Settle(hid=HID, currency="CNY", total=1000), outcome, answer, confirmation=stands, msgid="s", **more
    )


def said(result: int, outcome: Outcome = P) -> Step:
    return step("49", p.Confirm(original_msgid="s", his_result=result, hid=HID), outcome)


def of(*steps: Step) -> Case:
    case = case_of(steps)
    assert case is not None
    return case


CANCEL = step("2208", p.SettleCancel(hid=HID, settlement_id="S"), I)
REVERSE = step("2601", p.Reversal(original_msgid="s", original_number="2207", hid=HID), P)
UNOPENED = step("2601", p.Reversal(original_msgid="open", original_number="2201", hid=HID), P)

STAGES = [
    (Stage.CHARGES, [visit()]),
    (Stage.CHARGES, [visit(P), fees("1", P)]),
    (Stage.REFUSED, [visit(R)]),
    (Stage.CANCELLED, [visit(), step("2202", p.CaseRef(hid=HID), P)]),
    (Stage.CANCELLED, [visit(P), UNOPENED]),
    (Stage.CHARGES, [visit(), step("2202", p.CaseRef(hid=HID), R)]),
    (Stage.CHARGES, [visit(), fees(), settle(R)]),
    (Stage.DOUBT, [visit(), fees(), settle(I)]),
    (Stage.GOING_BACK, [visit(), fees(), settle(I), REVERSE]),
    (Stage.AWAITED, [visit(), fees(), settle()]),
    (Stage.CLOSING, [visit(), fees(), settle(), said(0)]),
    (Stage.AWAITED, [visit(), fees(), settle(), said(0, R)]),
    (Stage.GOING_BACK, [visit(), fees(), settle(), said(1)]),
    (Stage.CHARGES, [visit(), fees(), settle(F, Confirmation.ANNULLED), said(1, F)]),
    (Stage.CONFIRMED, [visit(), fees(), settle(F, CONFIRMED), said(0, F)]),
    (Stage.GOING_BACK, [visit(), fees(), settle(F, CONFIRMED), said(0, F), CANCEL]),
    (Stage.CHARGES, [visit(), fees(), settle(F, Confirmation.UNDONE), said(0, F)]),
]


@pytest.mark.parametrize("place", range(len(STAGES)))
def test_the_stage_follows_from_what_has_happened(place: int) -> None:
    stage, steps = STAGES[place]
    case = of(*steps)
    assert case.stage is stage
    assert views.banner(case).says
    kept = stage in (Stage.DOUBT, Stage.AWAITED, Stage.CLOSING, Stage.CONFIRMED, Stage.GOING_BACK)
    assert (case.settled is not None) is kept
    allowed = {name for name, act in ACTS.items() if act.allowed(case, {"of": "s"})} - {"ask"}
    assert ("settle" in allowed) == case.may_settle
    if stage in (Stage.REFUSED, Stage.CANCELLED, Stage.GOING_BACK, Stage.CLOSING):
        assert not allowed


def test_what_goes_back_before_the_hub_has_answered_is_settled_by_nobody_meanwhile() -> None:
    doubtful = of(visit(), fees(), settle(I))
    assert not doubtful.may_settle
    assert {name for name, act in ACTS.items() if act.allowed(doubtful, {"of": "s"})} == {"ask", "reverse"}


def test_a_bill_is_what_was_added_and_not_taken_off_or_refused() -> None:
    case = of(
        visit(), fees("1"), fees("2", P, amount=500), fees("3", R),
        step("2205", p.FeesCancel(hid=HID, serials=["1"])), step("2205", p.FeesCancel(hid=HID, serials=["2"]), R),
    )  # fmt: skip
    assert [(line.fee.serial, line.provisional, line.catalogue_class) for line in case.lines] == [("2", True, "")]
    assert case.total == 500
    assert of(visit(), fees("1"), step("2205", p.FeesCancel(hid=HID))).lines == ()


def test_lines_of_an_interim_settlement_are_settled_and_the_rest_is_due() -> None:
    part = step(
        "2304", p.Settle(hid=HID, currency="CNY", total=1000, until=DAY), F,
        {"settlement_id": "S1", "patient": 0, "lines": [{"serial": "1"}]}, confirmation=CONFIRMED,
    )  # fmt: skip
    case = of(admitted(), fees("1", number="2301"), part, fees("2", number="2301", amount=500))
    assert (case.stage, case.total, case.care) == (Stage.CHARGES, 500, Care.INPATIENT)
    assert [line.held for line in case.lines] == [True, False]
    back = msgspec_replaced(part, Confirmation.UNDONE)
    assert of(admitted(), fees("1", number="2301"), back, fees("2", number="2301", amount=500)).total == 1500


def msgspec_replaced(one: Step, confirmation: Confirmation) -> Step:
    from msgspec import structs

    return structs.replace(one, confirmation=confirmation)


def test_a_stay_is_settled_after_its_discharge_and_no_earlier() -> None:
    going = [admitted(), fees("1", number="2301")]
    diagnoses = [p.Diagnosis(code="J20", main=True)]
    left = step("2402", p.Discharge(hid=HID, discharged_on=DAY, way="recovered", diagnoses=diagnoses), P)
    assert not of(*going).may_settle
    case = of(*going, left)
    assert case.may_settle
    assert case.diagnoses[0].code == "J20"
    assert not of(*going, left, step("2405", p.CaseRef(hid=HID))).may_settle


def test_only_a_case_that_begins_with_its_opening_is_one() -> None:
    assert case_of([]) is None
    assert case_of([fees()]) is None


def test_every_act_is_of_a_number_of_the_catalogue() -> None:
    assert {BY_NUMBER[of(visit()).number(name)].care for name in ("fees", "settle", "pre_settle")} == {Care.OUTPATIENT}


def test_the_last_refusal_is_told_until_something_else_has_happened() -> None:
    assert of(visit(), fees(), settle(R)).refusal
    assert of(visit(), fees(), settle(R), fees("2")).refusal is None


def test_an_entry_that_waits_for_the_technician_is_said_before_all_else() -> None:
    case = of(visit(), fees("1", P, "2204"), step("2203", p.Visit(hid=HID, diagnoses=[]), P, parked=True))
    assert views.banner(case) is views.PARKED
    assert views.banner(of(visit(P))) is views.KEPT_HERE


def test_a_stay_is_told_that_it_is_discharged_first_and_what_is_maintained_takes_nothing_new() -> None:
    left = step("2402", p.Discharge(hid=HID, discharged_on=DAY, way="recovered", diagnoses=[]))
    assert views.banner(of(visit())).next == "Add what was done, then show the patient the shares."
    assert views.banner(of(admitted())).next == views.STAY
    assert views.banner(of(admitted(), left)).next == views.DISCHARGED
    assert views.banner(of(visit(P)), maintained=True) is views.MAINTAINED
    settled = of(visit(), fees(), settle())
    assert views.banner(settled, maintained=True) is views.BANNERS[Stage.AWAITED], "it can be booked"
