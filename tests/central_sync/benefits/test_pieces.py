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


FIRST, SECOND, THIRD = (Section(number, f"i{number}", "drug", "A") for number in range(3))


def lying(left, *sections):
    """The coins of each section, by reason."""
    return {
        section.number: [(piece.step.rule, piece.step.amount) for piece in left if piece.section == section]
        for section in sections
    }


def test_within_a_part_payment_and_reasons_lie_on_the_sections_in_proportion():
    mine = [Left("in_scope", step(300), section=FIRST), Left("in_scope", step(1700), section=SECOND)]
    after = anew(["in_scope"], mine, [step(1000, "d"), step(200, "b")], 800, ME)
    assert lying(after, FIRST, SECOND) == {0: [("d", 150), ("b", 30)], 1: [("d", 850), ("b", 170)]}


def test_a_part_that_is_paid_first_leaves_its_sections_alike_and_the_next_part_all():
    mine = [Left(part, step(much), section=at) for at, much in ((FIRST, 100), (SECOND, 300)) for part in ("a", "b")]
    after = anew(["a", "b"], mine, [step(450, "d"), step(150, "b")], 200, ME)
    told = [(piece.part, piece.section.number, piece.step.rule, piece.step.amount) for piece in after]
    assert told == [
        ("a", 0, "d", 50),
        ("a", 1, "d", 150),
        ("b", 0, "d", 63),  # 250 x 100 / 400 = 62.5: the earlier section has the coin
        ("b", 1, "d", 187),
        ("b", 0, "b", 37),
        ("b", 1, "b", 113),
    ]


def test_coins_over_go_to_the_largest_remainders_then_to_the_earlier_section():
    mine = [Left("in_scope", step(much), section=at) for at, much in ((THIRD, 1), (SECOND, 1), (FIRST, 1))]
    assert lying(anew(["in_scope"], mine, [step(1)], 2, ME), FIRST, SECOND, THIRD) == {0: [], 1: [], 2: [("r", 1)]}
    mine = [Left("in_scope", step(much), section=at) for at, much in ((FIRST, 3333), (SECOND, 6668))]
    after = anew(["in_scope"], mine, [step(1000, "d"), step(1800, "b")], 7201, ME)
    assert lying(after, FIRST, SECOND) == {0: [("d", 333), ("b", 600)], 1: [("d", 667), ("b", 1200)]}


def test_what_was_taken_off_a_reason_lies_with_it_on_the_sections():
    mine = [Left("in_scope", step(much), section=at) for at, much in ((FIRST, 10), (SECOND, 20), (THIRD, 30))]
    kept = [step(47, "b").lessened(step(17, "cap", Kind.OWN_CAP))]
    after = anew(["in_scope"], mine, kept, 30, ME)
    assert lying(after, FIRST, SECOND, THIRD) == {0: [("b", 5)], 1: [("b", 10)], 2: [("b", 15)]}
    (told,) = merged([piece.step for piece in after])
    assert (told.amount, [one.amount for one in told.less]) == (30, [17])


def test_a_later_payer_pays_off_the_sections_in_proportion_and_in_each_from_the_last_reason():
    left = [
        Left("in_scope", step(150, "d"), True, FIRST),
        Left("in_scope", step(450, "d"), True, SECOND),
        Left("own_pay", step(10, "o"), True, FIRST),
        Left("in_scope", step(50, "b"), True, FIRST),
        Left("in_scope", step(150, "b"), True, SECOND),
        Left("in_scope", step(999, "b"), True, THIRD),
    ]
    less(left, ["in_scope", "own_pay"], [0, 1, 2, 3, 4], 402, scheme(), ME)
    # 402 x 200 / 800 = 100.5 and 301.5: the coin over goes to the earlier section.
    assert [piece.step.amount for piece in left] == [99, 299, 10, 0, 0, 999]
    less(left, ["in_scope", "own_pay"], [0, 1, 2, 3, 4], 404, scheme(), ME)
    assert [piece.step.amount for piece in left] == [0, 0, 4, 0, 0, 999]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.integers(1, 50)), min_size=1, max_size=9),
    st.lists(st.integers(1, 60), max_size=4),
    st.integers(0, 100),
    st.randoms(use_true_random=False),
)
def test_no_coin_is_lost_between_sections_whatever_their_order(heap, reasons, percent, chance):
    mine = [Left(part, step(coins), section=Section(number)) for part, number, coins in heap]
    kept, total = [], sum(coins for *_, coins in heap)
    for number, reason in enumerate(reasons):
        kept.append(step(min(reason, total), str(number)))
        total -= kept[-1].amount
    after = anew(["a", "b"], mine, kept, total, ME)
    assert min((piece.step.amount for piece in after), default=1) > 0
    assert [sum(piece.step.amount for piece in after if piece.step.rule == one.rule) for one in kept] == [
        one.amount for one in kept
    ]
    for place in {(piece.part, piece.section) for piece in mine}:
        now, was = (sum(p.step.amount for p in some if (p.part, p.section) == place) for some in (after, mine))
        assert 0 <= now <= was
    mixed = chance.sample(mine, len(mine))
    assert anew(["a", "b"], mixed, kept, total, ME) == after
    open_ = sum(piece.step.amount for piece in after)
    less(after, ["a", "b"], range(len(after)), open_ * percent // 100, scheme(), ME)
    assert min((piece.step.amount for piece in after), default=0) >= 0
    assert sum(piece.step.amount for piece in after) == open_ - open_ * percent // 100


def test_the_order_of_the_lines_changes_nothing():
    drugs = benefit(lines=Lines(kinds=("drug",)), ratios=bands((0, "0.5")))
    schemes = [
        scheme(benefit(ratios=bands((0, "0.7")), deductible=deductible(301))),
        scheme(drugs, code="two", layer="aid"),
    ]
    sent = bill((BED, 1001), (DRUG, 333), (PRIVATE, 50), (DRUG, 90), (BED, 7))
    first = settled(schemes, sent)
    for turned in (sent[::-1], sent[2:] + sent[:2]):
        again = settled(schemes, turned)
        assert (paid(again), why(again), again.patient_trace) == (paid(first), why(first), first.patient_trace)
    # 1,431 - 301 = 1,130, 791 of it paid: 640 are left, of the drugs' 423 in proportion 189, half of which (94.5) is paid.
    assert paid(first) == [791, 95]


def test_a_payer_takes_off_only_what_it_looked_at():
    after, mine, places, others, fresh, amount = taken(
        ready(benefit()), [Left("in_scope", step(5)), Left("own_pay", step(7))], ME, NEAREST["down"]
    )
    assert (len(mine), len(others), places, fresh, amount) == (1, 1, [0], True, 5)
    less(after, ["in_scope"], places, 3, scheme(), ME)
    assert [(piece.part, piece.step.amount, piece.asked, piece.section) for piece in after] == [
        ("in_scope", 2, True, WHOLE),
        ("own_pay", 7, False, WHOLE),
    ]


def test_steps_of_one_reason_are_told_once():
    assert [(one.rule, one.amount) for one in merged([step(1, "a"), step(2, "b"), step(3, "a")])] == [
        ("a", 4),
        ("b", 2),
    ]
