"""Why books are not reconciled: each reason by itself, with its age; and none when all is well."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central_sync.console.unreconciled import reasons
from central_sync.store.console_records import SignedTo
from central_sync.wire.messages import EdgeReport
from tests.central_sync.console.conftest import NOW

TODAY = NOW.date()
SIGNED = SignedTo("H1", "One", NOW - timedelta(days=99), TODAY - timedelta(days=1), NOW, None)


def report(**said: object) -> EdgeReport:
    return EdgeReport(version=1, sent_at=NOW, **said)


def test_signed_compared_and_confirmed_books_are_reconciled() -> None:
    fresh = report(pending=3, oldest_at=NOW - timedelta(hours=2), awaited=4)
    assert reasons(SIGNED, fresh, TODAY, NOW) == []
    assert reasons(SIGNED, None, None, NOW) == []


@pytest.mark.parametrize(
    ("said", "awaited", "reason", "count"),
    [
        (report(differences=4), None, "the last comparison found differences", 4),
        (report(contradictions=2), None, "hub and journal contradict each other", 2),
        (report(pending=9, oldest_at=NOW - timedelta(hours=25)), None, "transactions of days ago wait at the edge", 9),
        (report(parked=1), None, "transactions are parked", 1),
        (report(), TODAY - timedelta(days=2), "settlements of days ago await their confirmation", 0),
        (None, TODAY - timedelta(days=2), "settlements of days ago await their confirmation", 0),
    ],
)
def test_each_reason_is_told_with_its_age_and_what_to_do(said, awaited, reason, count) -> None:
    (why,) = reasons(SIGNED, said, awaited, NOW)
    assert (why.reason, why.many) == (reason, count)
    assert (why.day is None) is not (why.at is None), "one age"
    assert len(why.advice) > 20


def test_days_that_are_not_signed_count_from_the_last_one_or_from_the_beginning() -> None:
    late = SignedTo("H1", "One", NOW - timedelta(days=99), TODAY - timedelta(days=4), NOW, None)
    (why,) = reasons(late, None, None, NOW)
    assert (why.reason, why.day) == ("days are not signed by both sides", TODAY - timedelta(days=4))
    never = SignedTo("H1", "One", NOW - timedelta(days=99), None, NOW, None)
    (why,) = reasons(never, None, None, NOW)
    assert why.day == (NOW - timedelta(days=99)).date()
    unborn = SignedTo("H1", "One", NOW - timedelta(days=99), None, None, None)
    assert reasons(unborn, None, None, NOW) == []
