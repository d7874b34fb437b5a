"""One process or several, large portions or small: the same pairs."""

from __future__ import annotations

import pytest

from central_sync.rulebook.load import load
from central_sync.rulebook.settled import settled_cases
from central_sync.rulebook.simulation_run import simulated
from tests.central_sync.rulebook.month import BOOK, lower, month


@pytest.mark.timeout(120)
def test_how_many_processes_work_changes_nothing(tmp_path):
    cases = settled_cases(month(tmp_path / "month.jsonl", 300), [BOOK])
    new = load(lower(tmp_path / "new"))
    told: list[int] = []
    alone = simulated(cases, BOOK, new, 1, told.append)
    assert [pair.place for pair in alone] == list(range(300))
    assert sum(told) == 300
    told.clear()
    assert simulated(cases, BOOK, new, 1, told.append, portion_cases=20) == alone
    assert len(told) > 5
    assert simulated(cases, BOOK, new, 3, told.append, portion_cases=40) == alone
