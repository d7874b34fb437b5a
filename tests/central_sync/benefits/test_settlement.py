"""What holds of every settlement, whatever the bill, the schemes and the accumulators."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central_sync.benefits.choices import RUNNING, Basis, Each, Hold, Of, Per, RoundedAt
from central_sync.benefits.eligibility import cap_key, counter_key, paying
from central_sync.benefits.explain import sentence
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.settlement import accumulator_keys, balances, settle
from tests.central_sync.benefits.strategies import COUNTRIES, SHIPPED, any_situation

DAY = date(2025, 6, 10)
SLOW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@SLOW
@given(any_situation)
def test_shares_and_patient_add_up_to_the_bill_to_the_coin(situation):
    rulebook, facts, lines, before = situation
    done = settle(rulebook, facts, lines, before)
    assert done.total == sum(line.amount for line in lines)
    assert done.total + done.package_difference == done.patient + sum(share.amount for share in done.shares)
    assert done.patient >= 0
    assert all(share.amount >= 0 for share in done.shares)


@SLOW
@given(any_situation)
def test_every_share_and_the_patients_part_are_explained_to_the_coin(situation):
    rulebook, facts, lines, before = situation
    done = settle(rulebook, facts, lines, before)
    for share in done.shares:
        assert sum(step.amount for step in share.trace) == share.amount
        assert all(step.amount <= 0 or step.rule.endswith((".takes", ".rounding", ".package")) for step in share.trace)
    assert sum(step.amount for step in done.patient_trace) == done.patient
    assert all(step.amount > 0 and step.rule and sentence(step) for step in done.patient_trace)


@SLOW
@given(any_situation)
def test_no_cap_is_passed_whatever_the_accumulators_say(situation):
    rulebook, facts, lines, before = situation
    done = settle(rulebook, facts, lines, before)
    paid_by_cap, limits = Counter(), {}
    for cover, scheme, benefit in paying(rulebook, facts):
        for cap in benefit.caps:
            row = cap.amount.at(facts.day, facts.tier, cover.group, facts.marks, facts.age)
            key = cap_key(facts, cover, scheme, cap)
            delta = done.deltas.get(key, 0)
            assert delta >= 0
            if cap.per in RUNNING:
                limits.setdefault(key, []).append(None if row is None else row.value)
            if cap.of is Of.PAID and cap.per in RUNNING:
                paid_by_cap[key] = delta
    for key, values in limits.items():
        if (
            None not in values
        ):  # covers of two groups count together: where one has no limit, what it counts may pass the other's
            used = before.get(key, 0)
            assert done.deltas.get(key, 0) <= max(max(values) - used, 0)
    for key, delta in paid_by_cap.items():
        asked = [(c, s, b) for c, s, b in paying(rulebook, facts) if s.code == key.scheme]
        once = len({c for c, _, _ in asked}) == 1 or key.owner.startswith("member:")
        same = {cap_key(facts, c, s, cap) for c, s, b in asked for cap in b.caps if cap.name == key.name} == {key}
        if once and same and all(key.name in {cap.name for cap in b.caps} for _, _, b in asked):
            shares = sum(share.amount for share in done.shares if share.scheme == key.scheme)
            assert delta == shares


@SLOW
@given(any_situation)
def test_no_cap_of_one_bill_is_passed(situation):
    rulebook, facts, lines, before = situation
    done = settle(rulebook, facts, lines, before)
    asked = list(paying(rulebook, facts))
    for cover, scheme, benefit in asked:
        if sum(s.code == scheme.code for _, s, _ in asked) > 1 or benefit.each is Each.LINE:
            continue
        share = sum(share.amount for share in done.shares if share.scheme == scheme.code)
        for cap in benefit.caps:
            row = cap.amount.at(facts.day, facts.tier, cover.group, facts.marks, facts.age)
            if row is not None and cap.per is Per.BILL and cap.of is Of.PAID:
                assert share <= row.value


@SLOW
@given(any_situation)
def test_an_account_never_pays_more_than_it_holds(situation):
    rulebook, facts, lines, before = situation
    done = settle(rulebook, facts, lines, before)
    held: dict[AccumulatorKey, int] = {}  # covers of two contracts may tell of one account
    for cover, scheme, benefit in paying(rulebook, facts):
        if benefit.account:
            key = counter_key(facts, cover, scheme, benefit.account, Per.EVER, benefit.account_owner)
            held[key] = max(held.get(key, 0), cover.deposited)
    assert all(done.deltas.get(key, 0) <= max(much - before.get(key, 0), 0) for key, much in held.items())


@SLOW
@given(any_situation)
def test_only_the_accumulators_that_were_named_for_locking_move(situation):
    rulebook, facts, lines, before = situation
    keys = accumulator_keys(rulebook, facts)
    assert list(keys) == sorted(set(keys))
    assert set(settle(rulebook, facts, lines, before).deltas) <= set(keys)


@SLOW
@given(any_situation)
def test_computing_twice_gives_the_same_and_changes_nothing(situation):
    rulebook, facts, lines, before = situation
    kept = dict(before)
    assert settle(rulebook, facts, lines, before) == settle(rulebook, facts, iter(lines), before)
    assert before == kept


@SLOW
@given(any_situation, st.randoms(use_true_random=False))
def test_the_order_of_covers_and_lines_does_not_matter(situation, random):
    rulebook, facts, lines, before = situation
    covers, shuffled = list(facts.covers), list(lines)
    groups = {(cover.layer, cover.scheme, cover.contract) for cover in covers}
    if len(groups) != len(covers):
        return  # one cover twice in two groups: the data are at fault, and the last one counts
    random.shuffle(covers)
    random.shuffle(shuffled)
    one = settle(rulebook, facts, lines, before)
    other = settle(rulebook, replace(facts, covers=tuple(covers)), shuffled, before)
    assert (one.shares, one.patient, one.patient_trace, one.deltas) == (
        other.shares,
        other.patient,
        other.patient_trace,
        other.deltas,
    )


@SLOW
@given(any_situation)
def test_lines_are_classified_without_losing_a_coin(situation):
    rulebook, facts, lines, before = situation
    for line, priced in zip(lines, settle(rulebook, facts, lines, before).lines, strict=True):
        parts = (priced.own_pay, priced.over_tariff, priced.over_ceiling, priced.first_self_pay, priced.in_scope)
        assert (priced.serial, priced.amount) == (line.serial, line.amount)
        assert sum(parts) == line.amount
        assert min(parts) >= 0
        assert priced.catalogue_class != "C" or priced.own_pay == line.amount


def _splittable(rulebook, facts):
    """Whether every layer promises that a bill may be settled in two parts: nothing starts anew with a bill, and the
    layers look at the same parts of it.
    """
    layers = list(paying(rulebook, facts))
    yearly = all(
        benefit.bands.per in RUNNING
        and benefit.bands.hold is Hold.SLICE
        and (benefit.deductible is None or benefit.deductible.per in RUNNING)
        and all(cap.per in RUNNING for cap in benefit.caps)
        and all(take.share is None and not take.left_by for take in benefit.takes)
        and benefit.each is Each.BILL
        and benefit.basis is Basis.LEFT
        and (benefit.lines, benefit.refuses, benefit.least) == (None, None, None)
        and scheme.rounding.to == 1
        and scheme.rounding.at is not RoundedAt.TOGETHER
        and benefit.package is None
        for _, scheme, benefit in layers
    )
    return (
        yearly
        and len({tuple(take.part for take in benefit.takes) for _, _, benefit in layers}) <= 1
        and len({scheme.code for _, scheme, _ in layers}) == len(layers)
    )


@SLOW
@given(any_situation, st.integers(0, 12))
def test_where_all_counts_by_the_year_two_halves_of_a_bill_come_to_the_same_as_the_whole(situation, place):
    rulebook, facts, lines, before = situation
    facts = replace(facts, care="outpatient") if rulebook is SHIPPED else facts
    if not _splittable(rulebook, facts):
        return
    whole = settle(rulebook, facts, lines, before)
    first = settle(rulebook, facts, lines[:place], before)
    between = Counter(before)
    between.update(first.deltas)
    second = settle(rulebook, facts, lines[place:], between)
    assert [share.amount for share in whole.shares] == [
        one.amount + other.amount for one, other in zip(first.shares, second.shares, strict=True)
    ]
    assert whole.patient == first.patient + second.patient
    coins = [
        Counter({key: more for key, more in one.deltas.items() if "." not in key.name})  # not how many bills there were
        for one in (first, second, whole)
    ]
    assert coins[0] + coins[1] == coins[2]


@SLOW
@given(any_situation)
def test_a_settlement_taken_back_leaves_the_accumulators_as_they_were(situation):
    rulebook, facts, lines, before = situation
    deltas = settle(rulebook, facts, lines, before).deltas
    after = {key: before.get(key, 0) + deltas.get(key, 0) for key in accumulator_keys(rulebook, facts)}
    assert all(after[key] - deltas.get(key, 0) == before.get(key, 0) for key in after)
    assert all(value >= 0 for value in after.values())


@SLOW
@given(any_situation)
def test_balances_tell_each_cap_once_with_what_was_used(situation):
    rulebook, facts, _, before = situation
    found = balances(rulebook, facts, before)
    keys = {
        cap_key(facts, c, s, cap): s.layer
        for c, s, b in paying(rulebook, facts)
        for cap in b.caps
        if cap.of is Of.PAID and cap.per in RUNNING
    }
    keys |= {
        counter_key(facts, c, s, b.account, Per.EVER, b.account_owner): s.layer
        for c, s, b in paying(rulebook, facts)
        if b.account
    }
    assert Counter((b.layer, b.used) for b in found) == Counter(
        (layer, before.get(key, 0)) for key, layer in keys.items()
    )


@SLOW
@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=8), st.integers(0, 8), st.integers(0, 700_000))
def test_a_year_of_medicines_comes_to_the_same_however_it_is_billed(amounts, place, before):
    cover = CoverFacts("base", "se_region", "C1", "insured", DAY, None)
    facts = CaseFacts("M1", "se", "any", "outpatient", DAY, DAY, (cover,))
    facts = replace(facts, birth_date=DAY.replace(year=1980))
    key = AccumulatorKey("member:M1", "base", "se_region", "medicines", DAY.year)
    lines = [BillLine(str(n), "RX", Decimal(1), Decimal(0), amount, DAY) for n, amount in enumerate(amounts)]
    whole = settle(COUNTRIES, facts, lines, {key: before})
    first = settle(COUNTRIES, facts, lines[:place], {key: before})
    second = settle(COUNTRIES, facts, lines[place:], {key: before + first.deltas.get(key, 0)})
    assert whole.patient == first.patient + second.patient
    assert before + sum(amounts) == before + whole.deltas.get(key, 0)
