"""The patient's half of the audit: each reason is one that a layer has left."""

from __future__ import annotations

from msgspec.structs import replace

from central_sync.benefits.explain import Step
from central_sync.benefits.kinds import Kind
from central_sync.benefits.leavings import is_part, patients
from tests.central_sync.benefits.worked import worked


def test_what_the_layers_left_holds_in_every_worked_case() -> None:
    for one in worked():
        assert list(patients(one.settled, one.rulebook)) == [], one.name
        assert not is_part(one.settled)


def test_a_reason_that_no_layer_gave_is_found() -> None:
    one = worked()[0]
    own = Step(rule="cn_employee.caps.pool", amount=1, kind=Kind.PAID_CAP.value, values={"cap": "pool"})

    found = list(patients(replace(one.settled, patient_trace=(*one.settled.patient_trace, own)), one.rulebook))

    assert [mistake.what for mistake in found] == ["no layer has left so much for this reason"]


def test_a_later_payer_that_paid_less_than_is_taken_off_for_it_is_found() -> None:
    found = [
        (one, number, step)
        for one in worked()
        for number, step in enumerate(one.settled.patient_trace)
        if any(less.kind == Kind.PAID_LATER.value for less in step.less)
    ]
    assert found
    for one, number, step in found:
        less = tuple(replace(less, amount=less.amount + 10**9) for less in step.less)
        trace = list(one.settled.patient_trace)
        trace[number] = replace(step, less=less)
        assert list(patients(replace(one.settled, patient_trace=tuple(trace)), one.rulebook)), one.name
