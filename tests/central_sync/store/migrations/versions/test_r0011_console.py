"""The eleventh step, on both databases: nobody may sign in yet, and what people page through has its indexes."""

import pytest
from alembic.util import CommandError
from sqlalchemy import inspect, text

from central_sync.store.engine import new_engine
from central_sync.store.migrations.versions import r0011_console as step


def test_there_is_no_account_and_every_list_has_its_index(url):
    engine = new_engine(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM console_account")).scalar_one() == 0
        found = {
            row["name"]
            for table in ("audit", "settlement", "payer_share", "ledger")
            for row in inspect(connection).get_indexes(table)
        }
    engine.dispose()
    assert {
        "ix_audit_subject",
        "ix_audit_actor",
        "ix_settlement_open",
        "ix_payer_share_open",
        "ix_ledger_case",
    } <= found


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
