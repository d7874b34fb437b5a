"""Prepared statements mean on both databases what SQLAlchemy's own execution means."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from central_sync.errors import StoreError
from central_sync.store import tables as t
from central_sync.store.prepared import Changes, Prepared, columns, keyed

ADD = Prepared(t.cycle.insert().values(columns(t.cycle)))
GET = Prepared(select(t.cycle).where(*keyed(t.cycle, "institution", "number")))
CHANGES = Changes(t.cycle, "institution", "number")
KEY = {"key_institution": "H1", "key_number": "N"}
TEHRAN = timezone(timedelta(hours=3, minutes=30))


def cycle(**more):
    opened = datetime(2025, 6, 2, 11, 30, 0, 5, tzinfo=TEHRAN)
    base = {
        "institution": "H1",
        "number": "N",
        "business_day": date(2025, 6, 2),
        "workstation": "w%s",
        "operator": "ö:x",
    }
    return {**base, "opened_at": opened, "closed_at": None, **more}


def test_what_goes_in_comes_out_as_sqlalchemy_would_have_it(store):
    with store.write() as uow:
        assert ADD.run(uow._connection, cycle()) == 1
    with store.read() as uow:
        found = GET.row(uow._connection, KEY)
        assert found == tuple(uow._connection.execute(select(t.cycle)).one())
    assert found[5] == datetime(2025, 6, 2, 8, 0, 0, 5, tzinfo=UTC)


def test_a_row_that_is_not_there_is_none_and_a_change_counts_what_it_found(store):
    with store.write() as uow:
        assert GET.row(uow._connection, KEY) is None
        ADD.run_many(uow._connection, [cycle(), cycle(number="M")])
        CHANGES.run(uow._connection, ("H1", "N"), {"operator": "two", "closed_at": datetime(2025, 6, 3, tzinfo=UTC)})
        CHANGES.run(uow._connection, ("H1", "N"), {"workstation": "three"})
        assert GET.row(uow._connection, KEY)[3:5] == ("three", "two")
        assert GET.row(uow._connection, {**KEY, "key_number": "M"})[3:5] == ("w%s", "ö:x")


def test_an_error_of_the_driver_is_told_in_the_hubs_words_and_quotes_nothing(store):
    def twice():
        with store.write() as uow:
            ADD.run_many(uow._connection, [cycle(operator="planted"), cycle(operator="planted")])

    with pytest.raises(StoreError) as caught:
        twice()
    assert "planted" not in repr(caught.value)
    assert caught.value.__suppress_context__
