"""The bills in tests/rulebook_cases, computed by hand, are what the rulebooks give: the shipped one, and the small schemes of
many countries that prove what the language can say.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from central_sync.benefits import bundle
from central_sync.benefits.choices import (
    Basis,
    Counts,
    Each,
    Hold,
    LastCoin,
    Of,
    Off,
    Owner,
    Per,
    RoundedAt,
)
from central_sync.benefits.settlement import settle
from central_sync.rulebook.cases import differences, read, told
from central_sync.rulebook.load import load

FOLDER = Path(__file__).parents[2] / "rulebook_cases"
COUNTRIES = load(FOLDER / "countries" / "rulebook")
CASES = [
    (rulebook, case)
    for rulebook, folder in ((load(), FOLDER), (COUNTRIES, FOLDER / "countries" / "cases"))
    for file in sorted(folder.glob("*.yaml"))
    for case in read(file)
]
NAMES = [case.name for _, case in CASES]
CASES_MIN = 120


@pytest.mark.parametrize(("rulebook", "case"), CASES, ids=NAMES)
def test_a_bill_computed_by_hand_is_settled_so(rulebook, case):
    _, said = differences(rulebook, case)
    assert not said


@pytest.mark.parametrize(("rulebook", "case"), CASES, ids=NAMES)
def test_a_case_is_told_the_same_by_the_bundle_and_leaves_nothing_behind_when_it_is_taken_back(rulebook, case):
    given = told(rulebook, case)
    here = settle(rulebook, given.facts, given.lines, given.before)
    there = settle(bundle.unpacked(bundle.packed(rulebook)), given.facts, given.lines, given.before)
    assert here == there
    after = {key: given.before.get(key, 0) + delta for key, delta in here.deltas.items()}
    assert {key: after[key] - delta for key, delta in here.deltas.items()} == {
        key: given.before.get(key, 0) for key in here.deltas
    }
    assert here.total + here.package_difference == here.patient + sum(share.amount for share in here.shares)


def test_no_two_cases_tell_the_same_story():
    assert len(set(NAMES)) == len(NAMES) >= CASES_MIN


def test_every_scheme_of_the_countries_has_a_case_and_every_row_says_that_it_is_illustrative():
    tried = {cover.scheme for _, case in CASES for cover in case.covers}
    assert COUNTRIES.schemes.keys() <= tried
    assert len(COUNTRIES.regions) >= 12
    for scheme in COUNTRIES.schemes.values():
        for benefit in (one for several in scheme.benefits.values() for one in several):
            assert all(row.illustrative for row in benefit.bands.ratios.rows)


def test_the_countries_use_every_word_of_the_language():
    schemes = COUNTRIES.schemes.values()
    benefits = [one for scheme in schemes for several in scheme.benefits.values() for one in several]
    caps = [cap for benefit in benefits for cap in benefit.caps]
    deductibles = [benefit.deductible for benefit in benefits if benefit.deductible]
    assert {cap.of for cap in caps} == set(Of)
    assert {cap.owner for cap in caps} >= {Owner.MEMBER, Owner.FAMILY}
    assert {cap.per for cap in caps} >= {Per.BILL, Per.DAY, Per.YEAR}
    assert {benefit.each for benefit in benefits} == set(Each)
    assert {benefit.bands.counts for benefit in benefits} == set(Counts)
    assert {benefit.bands.per for benefit in benefits} >= {Per.BILL, Per.MONTH, Per.YEAR}
    assert {rule.off for rule in deductibles} == set(Off)
    assert {benefit.bands.hold for benefit in benefits} == set(Hold)
    assert {benefit.basis for benefit in benefits} >= {Basis.LEFT, Basis.DIFFERENCE}
    assert {scheme.rounding.at for scheme in schemes} == set(RoundedAt)
    assert {scheme.rounding.last_coin for scheme in schemes} == set(LastCoin)
    for found in ("package", "waiting", "least", "lines", "refuses", "account", "when"):
        assert any(getattr(benefit, found) for benefit in benefits), found
    for found in ("later", "least", "sum_cap"):
        assert any(getattr(rule, found) for rule in deductibles), found
    assert any(take.share for benefit in benefits for take in benefit.takes)
    assert any(take.left_by for benefit in benefits for take in benefit.takes)
