"""What may be announced, and what goes on while it lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central_sync.wire.catalogue import BY_NUMBER, ROWS
from edge.maintenance.window import GOES_ON, MaintenanceError, announced

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_it_lasts_from_its_begin_until_its_end() -> None:
    window = announced(NOW + HOUR, NOW + 2 * HOUR, " a new disk ", NOW)
    assert window.reason == "a new disk"
    lasting = {minutes: window.lasts(NOW + timedelta(minutes=minutes)) for minutes in (59, 60, 119, 120)}
    assert lasting == {59: False, 60: True, 119: True, 120: False}
    assert (window.over(NOW + timedelta(minutes=119)), window.over(NOW + 2 * HOUR)) == (False, True)
    assert window.left_s(NOW + 2 * HOUR - timedelta(seconds=1.2)) == 2
    assert announced(NOW - HOUR, NOW + HOUR, "x", NOW).begin == NOW


@pytest.mark.parametrize(
    ("begin", "end", "reason", "code"),
    [
        (-2, -1, "x", "ended"), (0, 0, "x", "ended"), (2, 1, "x", "ended"), (0, 25, "x", "long"), (24 * 61, 24 * 61 + 1, "x", "far"),
        (0, 1, "  ", "reason"), (0, 1, "a\nb", "reason"), (0, 1, "\u202eevil", "reason"), (0, 1, "x" * 201, "reason"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_not_announced(begin: int, end: int, reason: str, code: str) -> None:
    with pytest.raises(MaintenanceError) as caught:
        announced(NOW + begin * HOUR, NOW + end * HOUR, reason, NOW)
    assert caught.value.code == code


def test_what_ends_asks_or_takes_back_goes_on_and_nothing_else_does() -> None:
    names = {BY_NUMBER[number].name for number in GOES_ON}
    assert {"confirm", "query", "uncertain", "reversal", "outpatient_settle_cancel", "sign_out"} <= names
    assert not names & {
        "registration",
        "admission",
        "outpatient_fees",
        "outpatient_settle",
        "inpatient_settle",
        "person",
        "visit",
    }
    assert {"43", "5203"} <= GOES_ON
    assert len(names) < len(ROWS)
