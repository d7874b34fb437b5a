"""Many rows into a table by few statements.

Between two calls of ``execute`` the interpreter is given up and has to be waited for again, and reading rows out of one JSON text costs SQLite twice what
bound values do. So as many rows as possible are the ``values`` of one statement, in pieces of powers of two: SQLite keeps those few texts compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from msgspec import Struct

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

AT_ONCE = 512
"""Rows of one statement at most: times 14 columns that is far below the 32,766 values that SQLite takes."""
_TEXTS = 64


class Statement(Struct, frozen=True):
    """A statement over rows: its text, with ``{}`` where the rows go, and one of these, in brackets, with ``?`` for each value."""

    text: str
    row: str


def execute(c: Connection, statement: Statement, given: Sequence[T], row: Callable[[T], Sequence[Any]]) -> None:
    """Do it for what is ``given``, in its order. Each one's ``row`` is made when it is its turn: in between others have the interpreter."""
    begin = 0
    while left := len(given) - begin:
        count = min(AT_ONCE, 1 << (left.bit_length() - 1))
        values = list(chain.from_iterable(map(row, given[begin : begin + count])))
        c.execute(_text(statement.text, statement.row, count), values)
        begin += count


@lru_cache(maxsize=_TEXTS)
def _text(text: str, row: str, count: int) -> str:
    return text.format(", ".join([row] * count))
