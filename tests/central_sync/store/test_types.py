"""Column types mean the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from central_sync.store.records import Institution


def row(at):
    return Institution("H1", "n", "ir", "t", "Asia/Tehran", "IRR", "jalali", at)


def test_an_instant_comes_back_in_utc_to_the_microsecond(store):
    at = datetime(2025, 6, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=3, minutes=30)))
    with store.write() as uow:
        uow.institutions.add(row(at))
    with store.read() as uow:
        found = uow.institutions.get("H1").added_at
    assert found == at
    assert found.tzinfo is UTC


def test_an_instant_without_a_zone_is_our_own_mistake(store):
    with pytest.raises(StatementError), store.write() as uow:
        uow.institutions.add(row(datetime(2025, 6, 2)))  # noqa: DTZ001
