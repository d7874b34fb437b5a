"""The law of one day, held for all days, is that day's law on every other day."""

from __future__ import annotations

from datetime import date

import pytest

from central_sync.rulebook.changes import in_force
from central_sync.rulebook.law_of_day import held
from central_sync.rulebook.load import load
from tests.central_sync.rulebook.month import BOOK


@pytest.mark.parametrize("day", [date(2024, 6, 1), date(2025, 6, 1), date(2026, 6, 1)])
@pytest.mark.parametrize("rulebook", [BOOK, load()], ids=["countries", "shipped"])
def test_what_is_in_force_on_the_day_is_in_force_on_all_days(rulebook, day):
    still = held(rulebook, day)
    wanted = {name: (one.value, one.reference) for name, one in in_force(rulebook, day).items()}
    assert wanted
    for other in (date(1990, 1, 1), day, date(2090, 1, 1)):
        found = in_force(still, other)
        assert {name: (one.value, one.reference) for name, one in found.items()} == wanted
