"""Lists for people: within the scope, page by page, by an index."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import event

from central_sync.payers import lifecycle as shares
from central_sync.review import lifecycle as entries
from central_sync.store import Store
from central_sync.store.tables import metadata
from tests.central_sync.hospital import NOW


def test_what_wants_to_be_seen_to_is_counted_within_the_scope_and_up_to_a_bound(store, hospital, other) -> None:
    for _ in range(3):
        hospital.settled(100_00)
    other.settled(100_00)

    def awaited(scope, counted_max=100) -> int:
        with store.read() as uow:
            return uow.lookups.counts(scope, NOW, shares.OPEN, entries.OPEN, counted_max)["awaited"]

    assert awaited(None) == 4
    assert awaited(frozenset({"H1"})) == 3
    assert awaited(frozenset({"H3"})) == awaited(frozenset()) == 0
    assert awaited(None, 2) == 2


PLANS = {
    "awaited": lambda uow: uow.lookups.awaited(None, (NOW, "S"), 51),
    "shares": lambda uow: uow.lookups.shares(None, "asking", (NOW, "S", 1, 1), 51),
    "entries": lambda uow: uow.lookups.entries(None, "waiting", (NOW, "E"), 51),
    "latest": lambda uow: uow.finding.latest(["H1", "H2"], 51),
    "hospitals": lambda uow: uow.lookups.hospitals(None, "H1", 51),
    "trail": lambda uow: uow.lookups.trail(None, 7, "", "", "", 51),
    "trail of an actor": lambda uow: uow.lookups.trail(None, 7, "cli", "", "", 51),
    "trail of an action": lambda uow: uow.lookups.trail(None, 7, "", "invited", "", 51),
    "trail of a scope": lambda uow: uow.lookups.trail(frozenset({"H1", "H2"}), 7, "", "", "", 51),
    "msgid": lambda uow: uow.finding.transactions("m", None, 51),
    "msgid in a scope": lambda uow: uow.finding.transactions("m", frozenset({"H1"}), 51),
    "hid": lambda uow: uow.finding.cases("0" * 16, None, 51),
    "case": lambda uow: uow.finding.of_case("H1", "0" * 16, (NOW, "m"), 51),
    "settlement": lambda uow: uow.finding.settlement("S", None),
    "person": lambda uow: uow.finding.members("1", ["ir_national_code"]),
    "person's cases": lambda uow: uow.finding.cases_of("m", None, (NOW.date(), "h"), 51),
    "who is silent": lambda uow: uow.reports.silent(),
    "days awaited": lambda uow: uow.alerts.awaited_since(),
    "payers": lambda uow: uow.payer_shares.payers(),
    "shares unanswered": lambda uow: uow.payer_shares.unanswered("fund1", NOW),
    "a payer given up": lambda uow: uow.payer_shares.given_up("fund1"),
    "counts": lambda uow: uow.lookups.counts(None, NOW, shares.OPEN, entries.OPEN, 1_000),
    "an edge's week": lambda uow: uow.reports.history("H1", NOW),
    "alerts counted": lambda uow: uow.alerts.counts(None),
    "invitations": lambda uow: uow.lookups.invitations(None, NOW, 51),
    "certificates": lambda uow: uow.lookups.certificates("H1", 51),
    "alerts open": lambda uow: uow.alerts.open_keys(),
    "newest alert": lambda uow: uow.alerts.newest_open(None),
    "alerts untold": lambda uow: uow.alerts.any_untold(),
    "alerts over": lambda uow: uow.alerts.page(still_open=False, scope=None, before=(NOW, 7), rows_max=51),
    "alerts of some": lambda uow: uow.alerts.page(
        still_open=True, scope=frozenset({"H1"}), before=None, rows_max=51, institution="H1"
    ),
    "outages": lambda uow: uow.reports.outages(NOW, NOW, rows_max=51),
    "outages of one": lambda uow: uow.reports.outages(NOW, NOW, "H1", 51),
    "one day's root": lambda uow: uow.roots.of_day("H1", NOW.date()),
}
MAY_BE_SCANNED = {"institution"}
"""Tables that a list may walk through, as many rows as hospitals."""


@pytest.mark.parametrize("name", PLANS)
def test_every_list_is_read_by_an_index_and_no_table_is_walked_through(sqlite_template, tmp_path, name) -> None:
    path = tmp_path / "hub.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    store.open()
    plans: list[str] = []

    def explained(connection, cursor, statement, parameters, context, executemany) -> None:
        if not statement.startswith("EXPLAIN"):
            found = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in found.fetchall())

    event.listen(store.engine, "before_cursor_execute", explained)
    with store.read() as uow:
        PLANS[name](uow)
    store.close()
    walked = {plan.split()[1] for plan in plans if plan.startswith("SCAN ") and " USING " not in plan}
    tables = {table.name for table in metadata.tables.values()}
    assert plans
    assert not (walked & tables) - MAY_BE_SCANNED, plans
