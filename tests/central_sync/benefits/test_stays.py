"""A stay that is settled in parts comes to what one settlement of all comes to, whatever the schemes count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from central_sync.benefits.explain import sentence
from central_sync.benefits.settlement import accumulator_keys, settle
from central_sync.benefits.stays import Earlier, added, payers, rest, without
from tests.central_sync.benefits.strategies import COUNTRIES, SHIPPED, accumulators, bills, cases, rulebooks
from tests.central_sync.benefits.test_settlement import SLOW

FEW = settings(SLOW, max_examples=10)
"""A stay costs several settlements."""


@st.composite
def stays(draw, books):
    rulebook = draw(books)
    facts = draw(cases(rulebook, care="inpatient"))
    lines = draw(bills(rulebook.regions[facts.region], facts.day))
    cuts = sorted(draw(st.lists(st.integers(0, len(lines)), max_size=3)))
    before = draw(accumulators(accumulator_keys(rulebook, facts)))
    return rulebook, facts, lines, cuts, before


any_stay = stays(st.just(SHIPPED)) | stays(st.just(COUNTRIES)) | stays(rulebooks())


def in_parts(rulebook, facts, lines, cuts, before):
    """The settlements of a stay's parts; the accumulators after each are those that it left."""
    stand, parts, found, start = Counter(before), [], [], 0
    for number, end in enumerate([*cuts, len(lines)]):
        last = number == len(cuts)
        day = facts.day if last else facts.day - timedelta(days=len(cuts) - number)
        told = replace(facts, day=max(day, facts.admitted))
        earlier = added(parts)
        whole = settle(rulebook, told, lines[:end], without(stand, earlier.deltas))
        part = rest(whole, earlier, {line.serial for line in lines[start:end]})
        shares = payers((s.layer, s.scheme, s.payer, s.amount) for s in part.shares)
        parts.append(Earlier(part.total, part.patient, part.package_difference, shares, part.deltas))
        stand.update(part.deltas)
        found.append(part)
        start = end
    return found, added(parts), {key: amount for key, amount in stand.items() if amount}


@FEW
@given(any_stay)
def test_the_parts_of_a_stay_add_up_to_one_settlement_of_all(stay):
    rulebook, facts, lines, _, before = stay
    found, together, stand = in_parts(*stay)
    whole = settle(rulebook, facts, lines, before)
    paid = payers((s.layer, s.scheme, s.payer, s.amount) for s in whole.shares)
    assert (together.total, together.patient) == (whole.total, whole.patient)
    assert together.package_difference == whole.package_difference
    assert {key: amount for key, amount in together.shares.items() if amount or key in paid} == paid
    assert [line.serial for part in found for line in part.lines] == [line.serial for line in lines]
    after = Counter(before)
    after.update(whole.deltas)
    assert stand == {key: amount for key, amount in after.items() if amount}


@FEW
@given(any_stay)
def test_each_part_adds_up_and_is_explained_to_the_coin(stay):
    for part in in_parts(*stay)[0]:
        assert part.total + part.package_difference == part.patient + sum(share.amount for share in part.shares)
        for share in part.shares:
            assert sum(step.amount for step in share.trace) == share.amount
            assert all(sentence(step) for step in share.trace)
        assert sum(step.amount for step in part.patient_trace) == part.patient


def test_several_shares_of_one_payer_are_told_apart_by_their_order():
    twice = [("base", "s", "p", 10), ("base", "s", "p", 20), ("aid", "t", "p", 30)]
    assert payers(twice) == {("base", "s", "p", 0): 10, ("base", "s", "p", 1): 20, ("aid", "t", "p", 0): 30}
