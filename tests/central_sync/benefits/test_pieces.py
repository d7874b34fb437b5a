"""Which pieces of a bill a benefit takes, and what is left of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.benefits.choices import Each
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import (
    Lines,
    Take,
)
from central_sync.benefits.pieces import (
    anew,
    less,
    merged,
    sections,
    selected,
    taken,
)
from central_sync.benefits.prices import price
from central_sync.benefits.results import WHOLE, Left, Section, TraceStep
from central_sync.terms.money import NEAREST
from tests.central_sync.benefits.hand_made import (
    BED,
    CASE,
    DRUG,
    PRIVATE,
    bands,
    benefit,
    bill,
    deductible,
    paid,
    plan_of,
    ratio,
    ready,
    scheme,
    settled,
    why,
)
from tests.central_sync.benefits.strategies import SHIPPED

ME = 0


def parted(benefits, *lines):
    sent = bill(*lines)
    plan = plan_of(scheme(*benefits))
    priced = price(SHIPPED, CASE, sent)
    found = sections(SHIPPED.regions["cn"], plan.choices, sent, priced, by_line=plan.by_line)
    return [[line.serial for line in priced] for _, priced in found]


def test_lines_that_no_benefit_tells_apart_are_one_section():
    lines = ((BED, 100), (DRUG, 200), (BED, 300))
    assert parted([benefit()], *lines) == [["0", "1", "2"]]
    assert parted([benefit(lines=Lines(kinds=("drug",)))], *lines) == [["0", "2"], ["1"]]
    assert parted([benefit(each=Each.LINE)], *lines) == [["0"], ["1"], ["2"]]


@pytest.mark.parametrize(
    ("lines", "refuses", "answer"),
    [
        (None, None, True),
        (Lines(kinds=("drug",)), None, True),
        (Lines(items=("other",)), None, False),
        (None, Lines(classes=("B",)), False),
        (Lines(kinds=("drug",)), Lines(items=("item",)), False),
    ],
)
def test_a_line_is_taken_if_it_is_named_and_not_refused(lines, refuses, answer):
    assert selected(ready(benefit(lines=lines, refuses=refuses)), Section(1, "item", "drug", "B")) is answer


def test_two_benefits_of_one_scheme_never_look_at_the_same_line():
    drugs = benefit(ratios=bands((0, "0.5")), lines=Lines(kinds=("drug",)), name="drugs")
    rest = benefit(ratios=bands((0, "0.9")), name="rest")
    done = settled([scheme(drugs, rest)], bill((BED, 1000), (DRUG, 400)))
    assert paid(done) == [200 + 900]
    only_drugs = settled([scheme(drugs, rest)], bill((DRUG, 400)))
    assert paid(only_drugs) == [200]


def test_a_refused_line_stays_with_the_patient():
    one = benefit("in_scope", "own_pay", refuses=Lines(items=(PRIVATE,)))
    done = settled([scheme(one)], bill((BED, 1000), (PRIVATE, 700)))
    assert (paid(done), why(done)) == ([1000], {"cn.catalogue.own_pay": 700})


def test_a_share_of_a_part_flows_into_the_next_layer():
    base = scheme(benefit(ratios=bands((0, "0"))))
    half = replace(benefit(), takes=(Take("in_scope", share=ratio("0.5")),))
    done = settled([base, scheme(half, code="two", layer="aid")], bill((BED, 1001)))
    assert paid(done) == [0, 501]


def test_only_what_a_stage_left_flows_into_the_next_layer():
    base = scheme(benefit(ratios=bands((0, "0.8")), deductible=deductible(300)))
    more = replace(benefit(), takes=(Take("in_scope", left_by=("deductible",)),))
    done = settled([base, scheme(more, code="two", layer="aid")], bill((BED, 1300)))
    assert (paid(done), why(done)) == ([800, 300], {"one.bands": 200})


def test_the_share_that_is_left_alone_is_not_taken_by_another_benefit_of_the_scheme():
    half = replace(benefit(), takes=(Take("in_scope", share=ratio("0.5")),))
    done = settled([scheme(half, benefit(name="more"))], bill((BED, 1000)))
    assert paid(done) == [500]


def step(amount, rule="r", kind=Kind.BAND):
    return TraceStep(rule, kind, amount)


def test_what_is_paid_goes_off_the_parts_in_order_and_reasons_lie_on_the_rest():
    mine = [Left("in_scope", step(100)), Left("first_self_pay", step(50))]
    kept = [step(30, "d", Kind.DEDUCTIBLE), step(40, "b")]
    after = anew(["in_scope", "first_self_pay"], mine, kept, 80, ME)
    assert [(piece.part, piece.step.rule, piece.step.amount, piece.step.kind) for piece in after] == [
        ("in_scope", "d", 20, "deductible"),
        ("first_self_pay", "d", 10, "deductible"),
        ("first_self_pay", "b", 40, "band"),
    ]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.lists(st.integers(1, 50), max_size=5))
def test_no_coin_is_lost_between_reasons_and_parts(amounts, reasons):
    parts = [f"p{number}" for number in range(len(amounts))]
    mine = [Left(part, step(amount)) for part, amount in zip(parts, amounts, strict=True)]
    kept, total = [], sum(amounts)
    for number, reason in enumerate(reasons):
        kept.append(step(min(reason, total), str(number)))
        total -= kept[-1].amount
    after = anew(parts, mine, kept, total, ME)
    assert sum(piece.step.amount for piece in after) + total == sum(amounts)
    for number, one in enumerate(kept):
        assert sum(piece.step.amount for piece in after if piece.step.rule == str(number)) == one.amount


def test_a_payer_takes_off_only_what_it_looked_at():
    found = taken(ready(benefit()), [Left("in_scope", step(5)), Left("own_pay", step(7))], ME, NEAREST["down"])
    assert (len(found.mine), len(found.others), found.places, found.fresh) == (1, 1, [0], True)
    after = found.left
    less(after, ["in_scope"], found.places, 3, scheme(), ME)
    assert [(piece.part, piece.step.amount, piece.asked, piece.section) for piece in after] == [
        ("in_scope", 2, True, WHOLE),
        ("own_pay", 7, False, WHOLE),
    ]


def test_steps_of_one_reason_are_told_once():
    assert [(one.rule, one.amount) for one in merged([step(1, "a"), step(2, "b"), step(3, "a")])] == [
        ("a", 4),
        ("b", 2),
    ]
