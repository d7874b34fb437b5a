"""Many rows by few statements: none is left out, none comes twice, and their order is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite

from edge.journal import bulk
from edge.journal.bulk import Statement

INSERT = Statement("insert into kept (number, name) values {}", "(?, ?)")
CHANGE = Statement(
    "with n (number, name) as (values {}) update kept set name = n.name from n where kept.number = n.number", "(?, ?)"
)


@pytest.fixture
def connection() -> Iterator[Any]:
    made = sqlite.connect(":memory:", isolation_level=None)
    made.execute("create table kept (place integer primary key, number integer, name blob)")
    yield made
    made.close()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 511, 512, 513, 2800])
def test_every_row_goes_in_once_and_in_order(connection: Any, count: int) -> None:
    rows = [(number, b"%d\0" % number) for number in range(count)]
    bulk.execute(connection, INSERT, rows, tuple)
    assert connection.execute("select number, name from kept order by place").fetchall() == rows


@pytest.mark.parametrize("count", [1, 5, 300])
def test_every_row_is_changed_and_no_other(connection: Any, count: int) -> None:
    bulk.execute(connection, INSERT, [(number, "old") for number in range(2 * count)], tuple)
    bulk.execute(connection, CHANGE, [(number, f"new {number}") for number in range(count)], tuple)
    names = [name for (name,) in connection.execute("select name from kept order by number")]
    assert names == [f"new {number}" for number in range(count)] + ["old"] * count


def test_however_many_rows_there_are_few_statements_are_compiled(connection: Any) -> None:
    texts: set[str] = set()
    connection.set_trace_callback(lambda text: texts.add(text.replace("0", "1")))
    for count in (*range(1, 130), *range(130, 1300, 61)):
        bulk.execute(connection, INSERT, [(0, "0")] * count, tuple)
    assert len(texts) <= 10
