"""Hot tables can be distributed by their leading key without a redesign."""

import pytest

from central_sync.store import fleet_tables as ft
from central_sync.store import review_tables as rt
from central_sync.store import tables as t

LEADING = {
    t.ledger: "institution",
    t.cycle: "institution",
    t.journal_life: "institution",
    t.day_root: "institution",
    t.hid_use: "institution",
    ft.edge_report: "institution",
    ft.edge_history: "institution",
    ft.edge_outage: "institution",
    t.member_case: "member",
    t.fee_line: "member",
    t.settlement: "member",
    t.settlement_turn: "member",
    rt.payer_share: "member",
    rt.settled_audit: "member",
    t.cover: "member",
    t.accumulator: "owner",
    t.accumulator_owner: "owner",
}


@pytest.mark.parametrize("table", LEADING, ids=lambda table: table.name)
def test_hot_tables_lead_with_their_key_in_every_unique_key(table):
    keys = [list(table.primary_key)] + [list(index.columns) for index in table.indexes if index.unique]
    assert {key[0].name for key in keys} == {LEADING[table]}


def test_money_is_whole_and_wide():
    money = {"amount", "total", "funds", "patient", "deduction"}
    columns = [c for table in t.metadata.tables.values() for c in table.columns if c.name in money]
    assert columns
    assert {type(c.type).__name__ for c in columns} == {"BigInteger"}
