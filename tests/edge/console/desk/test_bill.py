"""A settlement as one bar."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from edge.console.desk.bill import BAR_WIDTH, bill_of


def answer(shares: list[int], patient: int, **more: Any) -> dict[str, Any]:
    trace = [{"text": "why"}, {"text": "why"}]
    return {
        "currency": "IRR", "total": sum(shares) + patient, "patient": patient, "patient_trace": trace,
        "shares": [{"scheme": f"s{n}", "layer": "base", "amount": one, "trace": trace, "deferred": n == 1} for n, one in enumerate(shares)],
        **more,
    }  # fmt: skip


def bill(shares: list[int], patient: int, **more: Any) -> Any:
    return bill_of(answer(shares, patient, **more), str.upper, lambda step: str(step["text"]))


@pytest.mark.parametrize(
    ("shares", "patient"), [([1, 1], 1), ([7, 0], 3), ([0], 0), ([10**15, 1], 1), ([], 5), ([3] * 7, 1), ([-5, 5], 10)]
)
def test_the_parts_fill_the_bar_without_a_gap(shares: list[int], patient: int) -> None:
    parts = bill(shares, patient).parts
    assert [part.amount for part in parts] == [*shares, patient]
    assert all(part.width >= 0 for part in parts)
    assert sum(part.width for part in parts) == (BAR_WIDTH if any(one > 0 for one in (*shares, patient)) else 0)
    for one, after in itertools.pairwise(parts):
        assert after.x == one.x + one.width


def test_a_part_says_who_pays_and_why_and_whether_that_is_certain() -> None:
    told = bill([70, 10], 20, package_difference=-5, patient_due=3)
    assert [(part.kind, part.name, part.deferred) for part in told.parts] == [
        ("payer-1", "S0", False), ("payer-2", "S1", True), ("patient", "", False),
    ]  # fmt: skip
    assert told.parts[0].reasons == ("why",), "what several lines have in common is said once"
    assert (told.deferred, told.difference, told.due_again, told.patient) == (True, -5, 3, 20)
