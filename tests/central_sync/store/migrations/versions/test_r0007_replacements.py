"""The seventh step, on both databases: settlements of before replace nothing."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0007_replacements as step
from central_sync.store.store import Store


def test_settlements_of_the_step_before_are_kept_and_replace_nothing(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        connection.execute(
            text(
                "INSERT INTO settlement (member, id, hid, institution, msgid, number, business_day, currency, total, funds,"
                " patient, confirmation, confirmation_before, answer, deltas, invoice, settled_at, undone_by)"
                " VALUES ('m', 'S1', 'h', 'H1', 'x', '2207', '2026-03-01', 'CNY', 3, 2, 1, 'awaited', '', :none, :none, '',"
                " '2026-03-01 08:00:00.000000', '')"
            ),
            {"none": b""},
        )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        kept = uow.settlements.named("S1")
    store.close()
    assert kept is not None
    assert (kept.replaces, kept.replaced_by, kept.patient_due) == ("", "", 0)


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
