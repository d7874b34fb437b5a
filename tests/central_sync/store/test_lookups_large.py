"""The lists that people look at, over a million transactions on both databases: no table that grows with them is walked through, and each answers at once."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Date, Table, event, literal, null, select, text
from sqlalchemy import types as sql

from central_sync.store import Store
from central_sync.store.console_tables import ledger
from central_sync.store.review_tables import payer_share
from central_sync.store.tables import audit, hid_use, member_case, member_number, settlement
from central_sync.store.types import Instant
from tests.central_sync.hospital import NOW, populate
from tests.central_sync.store.test_lookups import PLANS

HOSPITALS = 1_000
ANSWER_S_MAX = 2.0
"""A walk through a million rows takes longer; a look by an index takes milliseconds, and some seconds at most on a machine that does much else."""
OWN: dict[str, dict[str, str]] = {
    "ledger": {"institution": "'H' || (n % {hospitals})", "msgid": "'m' || n", "member": "'p' || (n / 5)", "hid": "'h' || (n / 5)"},
    "hid_use": {"institution": "'H' || (n % {hospitals})", "hid": "'h' || n", "member": "'p' || n"},
    "member_case": {"institution": "'H' || (n % {hospitals})", "hid": "'h' || n", "member": "'p' || n"},
    "member_number": {"kind": "'cn_id'", "number": "'n' || n", "member": "'p' || n"},
    "settlement": {
        "institution": "'H' || (n % {hospitals})", "id": "'s' || n", "member": "'p' || n", "msgid": "'m' || n",
        "confirmation": "CASE WHEN n % 1000 = 0 THEN 'awaited' ELSE 'confirmed' END",
    },
    "payer_share": {
        "institution": "'H' || (n % {hospitals})", "settlement_id": "'s' || n", "member": "'p' || n", "payer": "'fund' || (n % 7)",
        "state": "CASE WHEN n % 1000 = 0 THEN 'asking' ELSE 'accepted' END",
    },
    "audit": {"id": "n + 1000000", "actor": "'a' || (n % 500)", "action": "'b' || (n % 50)", "subject": "'H' || (n % {hospitals})"},
}  # fmt: skip


def _value(column: Any) -> Any:
    """Something that the column takes."""
    if column.nullable:
        return null()
    match column.type:
        case Instant():
            return literal(NOW, column.type)
        case Date():
            return literal(date(2026, 3, 1), column.type)
        case sql.Boolean():
            return literal(True, column.type)
        case sql.Integer():
            return literal(0, column.type)
        case sql.LargeBinary():
            return literal(b"", column.type)
        case _:
            return literal("", column.type)


def _fill(store: Store, table: Table, rows: int) -> None:
    own = {name: text(sql_text.format(hospitals=HOSPITALS)) for name, sql_text in OWN[table.name].items()}
    first = select(literal(1).label("n")).cte("g", recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < rows))
    values = select(*(own.get(column.name, _value(column)) for column in table.columns)).select_from(numbers)
    with store.write() as uow:
        uow.ledger._connection.execute(table.insert().from_select([column.name for column in table.columns], values))


def _walked(connection: Any, statement: str, parameters: Any, dialect: str) -> set[str]:
    """The tables that the database walks through for ``statement``."""
    cursor = connection.connection.driver_connection.cursor()
    if dialect == "sqlite":
        plans = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()]
        return {plan.split()[1] for plan in plans if plan.startswith("SCAN ") and " USING " not in plan}
    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    found, nodes = set(), [cursor.fetchone()[0][0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node["Node Type"] in ("Seq Scan", "Parallel Seq Scan"):
            found.add(node["Relation Name"])
    return found


@pytest.mark.parametrize(
    "transactions",
    [
        pytest.param(25_000, marks=pytest.mark.proof),
        pytest.param(1_000_000, marks=pytest.mark.soak),
    ],
)
def test_over_many_transactions_every_list_is_read_by_an_index(store, transactions: int) -> None:
    populate(store)
    dialect, walked, slow = store.engine.dialect.name, {}, {}
    for table in (ledger, hid_use, member_case, member_number, settlement, payer_share, audit):
        if dialect == "postgresql":  # what is only for looking at needs no log
            with store.write() as uow:
                uow.ledger._connection.execute(text(f"ALTER TABLE {table.name} SET UNLOGGED"))
        _fill(store, table, transactions if table is ledger else transactions // 5)
    with store.write() as uow:
        uow.ledger._connection.execute(text("ANALYZE"))

    def explained(connection, cursor, statement, parameters, context, executemany) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            walked.setdefault(name, set()).update(_walked(connection, statement, parameters, dialect))

    event.listen(store.engine, "before_cursor_execute", explained)
    for name, look in PLANS.items():
        began_s = time.monotonic()
        with store.read() as uow:
            look(uow)
        took_s = time.monotonic() - began_s
        if took_s > ANSWER_S_MAX:
            slow[name] = took_s
    assert set(walked) == set(PLANS)
    assert not {name: tables & set(OWN) for name, tables in walked.items() if tables & set(OWN)}
    assert not slow
