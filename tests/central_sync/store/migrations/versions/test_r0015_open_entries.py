"""The fifteenth step, on both databases: what was pended before is listed after it, the oldest first."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0015_open_entries as step
from central_sync.store.store import Store

COLUMNS = "id, institution, member, settlement_id, hid, reason, subject, detail, amount, currency, waits_for, state, reruns, opened_at, changed_at, decision, decided_by"


def test_what_was_pended_before_the_step_is_listed_after_it(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        for key, day in (("E1", "2"), ("E2", "1")):
            at = f"2026-03-0{day} 08:00:00.000000"
            values = (
                f"'{key}', 'H1', 'm', 'S', 'h', 'finding', '', '', 1, 'IRR', '', 'waiting', 0, '{at}', '{at}', '', ''"
            )
            connection.execute(text(f"INSERT INTO review_entry ({COLUMNS}) VALUES ({values})"))
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        assert [one.id for one in uow.lookups.entries(None, "waiting", None, 9)] == ["E2", "E1"]
    store.close()


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
