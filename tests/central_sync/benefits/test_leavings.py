"""The patient's half of the audit: each reason is one that a layer has left."""

from __future__ import annotations

from msgspec.structs import replace

from central_sync.benefits.choices import Of
from central_sync.benefits.document import Settled, settled_of
from central_sync.benefits.explain import Step
from central_sync.benefits.kinds import Kind
from central_sync.benefits.leavings import is_part, patients
from central_sync.benefits.parameters import Lines, Rulebook
from tests.central_sync.benefits.hand_made import BED, DRUG, bands, benefit, bill, cap, scheme, settled
from tests.central_sync.benefits.strategies import SHIPPED
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


def _capped_over_two_groups() -> tuple[Settled, Rulebook]:
    """Of 400 own coins a cap has taken 99 off; the rest lies on drugs and bed; a later layer pays half of what is left of the drugs."""
    base = scheme(benefit(ratios=bands((0, "0.6")), caps=(cap(301, of=Of.PATIENT),)))
    drugs = scheme(benefit(lines=Lines(kinds=("drug",)), ratios=bands((0, "0.5"))), code="two", layer="aid")
    rulebook = Rulebook(SHIPPED.regions, {"one": base, "two": drugs}, {}, "")
    return settled_of(settled([base, drugs], bill((BED, 700), (DRUG, 300))), rulebook, "cn"), rulebook


def test_what_a_cap_took_off_a_reason_is_told_once_though_it_lies_on_several_lines() -> None:
    answer, rulebook = _capped_over_two_groups()
    assert list(patients(answer, rulebook)) == []
    off = [less for step in answer.patient_trace for less in step.less if less.kind == Kind.OWN_CAP.value]
    assert sum(less.amount for less in off) == 99


def test_more_than_a_cap_took_off_is_found() -> None:
    answer, rulebook = _capped_over_two_groups()
    for amount in (-1, 100):
        (first, *rest) = answer.patient_trace
        changed = replace(first, less=(replace(first.less[0], amount=amount), *first.less[1:]))
        found = list(patients(replace(answer, patient_trace=(changed, *rest)), rulebook))
        assert [mistake.what for mistake in found] == ["no layer has taken this off"]
