"""Examples and figures that public documents print, in ``tests/rulebook_cases/published/<country>/``: each names its document, and
comes out as printed. A country without a ``rulebook`` folder there has its cases settled by the shipped one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from central_sync.benefits.settlement import settle
from central_sync.rulebook.cases import differences, read, told
from central_sync.rulebook.load import PACKAGED, load

FOLDER = Path(__file__).parents[2] / "rulebook_cases" / "published"
COUNTRIES = {
    country.name: load(country / "rulebook" if (country / "rulebook").is_dir() else PACKAGED)
    for country in sorted(FOLDER.iterdir())
    if country.is_dir()
}
CASES = [
    (COUNTRIES[country], case)
    for country in COUNTRIES
    for file in sorted((FOLDER / country).glob("*.yaml"))
    for case in read(file)
]


@pytest.mark.parametrize(("rulebook", "case"), CASES, ids=[case.name for _, case in CASES])
def test_what_is_printed_comes_out(rulebook, case):
    assert case.printed
    assert case.printed.title
    assert case.printed.publisher
    assert case.printed.address
    _, said = differences(rulebook, case)
    assert not said


def test_each_case_is_told_once():
    names = [case.name for _, case in CASES]
    assert len(set(names)) == len(names)


def test_what_no_document_prints_is_marked_in_their_rulebooks():
    for scheme in (one for rulebook in COUNTRIES.values() for one in rulebook.schemes.values()):
        for benefit in (one for several in scheme.benefits.values() for one in several):
            for row in benefit.bands.ratios.rows:
                assert row.illustrative or row.reference != "invented"


@pytest.mark.parametrize(("day", "year"), [(date(2014, 9, 2), 2014), (date(2014, 8, 31), 2013)])
def test_a_stay_over_the_first_of_september_counts_where_ningbo_says(day, year):
    [case] = [one for _, one in CASES if "23 August" in one.name]
    given = told(COUNTRIES["cn"], case)
    done = settle(COUNTRIES["cn"], replace(given.facts, day=day), given.lines, {})
    assert {key.year for key in done.deltas} == {year}
