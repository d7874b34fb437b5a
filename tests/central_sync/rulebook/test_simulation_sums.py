"""What a simulation comes to: nothing lost between the rows, and those who pay more or less counted."""

from __future__ import annotations

import pytest

from central_sync.rulebook.load import load
from central_sync.rulebook.settled import settled_cases
from central_sync.rulebook.simulation import Pair, run
from central_sync.rulebook.simulation_sums import Line, summed
from tests.central_sync.rulebook.month import BOOK, lower, month

CURRENCIES = {code: region.currency for code, region in BOOK.regions.items()}


def test_layers_payers_schemes_and_patients_each_come_to_the_bills(tmp_path):
    cases = settled_cases(month(tmp_path / "month.jsonl", 60), [BOOK])
    pairs = list(run(BOOK, load(lower(tmp_path / "new")), enumerate(cases)))
    result = summed(cases, pairs, CURRENCIES, [True] * len(cases), 5)
    rows = result.rows["AUD"]
    for which in ("before", "after"):
        bills, patients = (getattr(rows[name, ""], which) for name in ("bills", "patients"))
        assert bills == sum(line.amount for one in cases for line in one.bill)
        for of in ("layer", "payer", "scheme"):
            assert bills == patients + sum(getattr(line, which) for (kind, _), line in rows.items() if kind == of)
    patients = rows["patients", ""]
    assert (patients.more, patients.difference < 0) == (0, True)
    assert patients.less == sum(pair.after.patient < pair.before.patient for pair in pairs)
    assert len(result.movers) == 5
    moved = sorted((abs(pair.after.patient - pair.before.patient) for pair in pairs), reverse=True)
    assert [mover.before - mover.after for mover in result.movers] == moved[:5]


def test_what_is_not_counted_and_what_is_left_out_is_in_no_sum(tmp_path):
    cases = settled_cases(month(tmp_path / "month.jsonl", 3), [BOOK])
    first, second, _ = run(BOOK, BOOK, enumerate(cases))
    result = summed(cases, [Pair(2, None, None, "no"), second, first], CURRENCIES, [False, True, True], 5)
    assert (result.counted, result.left_out, result.movers) == (1, [("S2", 3, "no")], [])
    assert result.rows["AUD"]["bills", ""].before == cases[1].bill[0].amount


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [(1000, 1100, "+10.0 %"), (1000, 999, "-0.1 %"), (3, 2, "-33.3 %"), (0, 5, ""), (5, 5, "0.0 %")],
)
def test_the_percentage_is_of_what_was_before(before, after, percent):
    assert Line(before, after).percent == percent
