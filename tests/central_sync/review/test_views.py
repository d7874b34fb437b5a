"""The queue as people see it."""

from datetime import timedelta

import pytest

from central_sync.review import views
from central_sync.review.service import ReviewRefused
from tests.central_sync.hospital import NOW
from tests.central_sync.store.deferred import entry


def test_what_comes_first_stands_on_top_and_nobody_is_named(store):
    with store.write() as uow:
        uow.reviews.add(entry("R1", amount=10_00))
        uow.reviews.add(entry("R2", amount=10_000_00))
        uow.reviews.add(entry("R3", amount=10_00, opened_at=NOW - timedelta(days=2)))
        uow.reviews.add(entry("R4", state="resolved"))
        uow.reviews.add(entry("R5", currency="", amount=0))
    assert [row["id"] for row in views.listed(store, NOW, "", "", None)] == ["R2", "R3", "R1", "R5"]
    assert [row["id"] for row in views.listed(store, NOW, "", "", 1, closed=True)] == ["R2"]
    assert "member" not in views.listed(store, NOW, "", "", 1)[0]


def test_an_entry_without_an_audit_is_shown_all_the_same(store):
    with store.write() as uow:
        uow.reviews.add(entry())
    shown = views.shown(store, "R1", NOW)
    assert (shown["findings"], shown["expected_deduction"], shown["judged_at"]) == ([], 0, "")
    with pytest.raises(ReviewRefused, match="no entry"):
        views.shown(store, "R2", NOW)
