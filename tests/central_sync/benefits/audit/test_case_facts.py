"""Facts of a case: what is counted at its edges. Each fact's ordinary use is shown by the rules' own claims."""

from __future__ import annotations

from datetime import date

import pytest

from central_sync.benefits.audit.case_facts import case_facts, years_between
from tests.central_sync.benefits.audit.cases import claim_of, shipped


def _facts(told):
    claim = claim_of(told)
    place = shipped().places[claim.region]
    return case_facts(place, claim, [place.items.get(line.item) for line in claim.lines])


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        ("2000-06-10", "2025-06-10", 25),
        ("2000-06-11", "2025-06-10", 24),
        ("2000-02-29", "2025-02-28", 24),
        ("2025-06-11", "2025-06-10", -1),
    ],
)
def test_an_age_is_in_full_years(birth, day, years):
    assert years_between(date.fromisoformat(birth), date.fromisoformat(day)) == years


def test_the_day_of_discharge_is_no_idle_day_and_the_day_of_admission_may_be_one():
    stay = {"care": "inpatient", "to_day": "2025-06-14"}

    assert _facts({"claim": stay, "lines": [{"item": "B0001", "quantity": "4"}]}).idle_days == 4
    assert _facts({"claim": stay, "lines": [{"item": "T0003", "on": "2025-06-14"}]}).idle_days == 4
    assert _facts({"claim": stay, "lines": [{"item": "T0003"}]}).idle_days == 3


def test_a_stay_that_has_not_ended_has_no_length_and_nothing_is_idle():
    claim = claim_of({"claim": {"care": "inpatient"}})
    place = shipped().places["ir"]
    open_stay = type(claim)(region="ir", care="inpatient", on=claim.on, from_day=claim.from_day, lines=claim.lines)

    facts = case_facts(place, open_stay, [place.items.get(line.item) for line in claim.lines])

    assert (facts.stay_days, facts.idle_days, facts.bed_days_over) == (None, None, None)


def test_refunds_count_against_the_total_of_the_lines():
    lines = [{"item": "T0003", "price": "500"}, {"item": "T0003", "price": "200", "refund_of": "1"}]

    assert _facts({"lines": lines, "claim": {"total": "300"}}).total_off is None
    assert _facts({"lines": lines, "claim": {"total": "700"}}).total_off == 400


def test_a_group_that_no_line_belongs_to_and_a_line_without_a_group_are_both_off():
    lines = [{"item": "T0003", "price": "500"}]

    assert _facts({"lines": lines, "claim": {"total": "500", "groups": {"care": "500"}}}).group_sums_off == 2


def test_a_visit_in_pregnancy_counts_as_antenatal_and_not_as_a_visit():
    told = {
        "lines": [{"item": "V0002"}],
        "member": {"used": {"visit": "9", "antenatal": "9"}, "most": {"visit": "9", "antenatal": "9"}},
    }

    plain = _facts(told)
    pregnant = _facts({**told, "diagnoses": [{"code": "Z34.9", "main": True}]})

    assert (plain.visits_over, plain.antenatal_over) == (1, None)
    assert (pregnant.visits_over, pregnant.antenatal_over) == (None, 1)


def test_a_year_that_is_used_up_says_nothing_of_a_case_that_uses_nothing_of_it():
    assert _facts({"member": {"used": {"surgery": "5"}, "most": {"surgery": "2"}}}).surgeries_over is None


def test_a_stay_that_goes_on_elsewhere_overlaps_until_today():
    elsewhere = [{"care": "inpatient", "from_day": "2025-06-11", "here": False}]

    assert _facts({"claim": {"care": "inpatient"}, "earlier": elsewhere}).days_in_two_places == 1


def test_the_last_of_several_discharges_counts():
    stays = [
        {"care": "inpatient", "from_day": day, "to_day": to, "main_diagnosis": "J06.9"}
        for day, to in (("2025-05-01", "2025-05-03"), ("2025-06-01", "2025-06-04"))
    ]

    assert _facts({"claim": {"care": "inpatient"}, "earlier": stays}).readmitted_days == 6


@pytest.mark.parametrize(
    ("from_day", "to_day", "inside"),
    [("2025-06-09", "2025-06-10", None), ("2025-06-09", "2025-06-11", 1), ("2025-06-10", "2025-06-12", None)],
)
def test_outpatient_care_on_the_first_or_last_day_of_a_stay_is_not_in_it(from_day, to_day, inside):
    stay = [{"care": "inpatient", "from_day": from_day, "to_day": to_day}]

    assert _facts({"earlier": stay}).days_inpatient == inside


def test_who_is_discharged_and_admitted_on_one_day_comes_back_after_no_day():
    stay = [{"care": "inpatient", "from_day": "2025-06-01", "to_day": "2025-06-10", "main_diagnosis": "J06"}]

    assert _facts({"claim": {"care": "inpatient"}, "earlier": stay}).readmitted_days == 0


@pytest.mark.parametrize(("birth", "count"), [("2023-06-11", None), ("2023-06-10", 1)])
def test_the_ages_of_a_diagnosis_are_both_included(birth, count):
    told = {"claim": {"birth_date": birth}, "diagnoses": [{"code": "P07.1", "main": True}]}

    assert _facts(told).diagnoses_of_other_age == count


def test_bed_days_above_the_stay_are_counted():
    stay = {"care": "inpatient", "to_day": "2025-06-13"}

    assert _facts({"claim": stay, "lines": [{"item": "B0001", "quantity": "5"}]}).bed_days_over == 2
    assert _facts({"claim": stay, "lines": [{"item": "B0001", "quantity": "3"}]}).bed_days_over is None
