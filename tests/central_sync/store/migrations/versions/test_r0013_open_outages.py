"""The thirteenth step, on both databases: who is silent is known as before."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0013_open_outages as step
from central_sync.store.store import Store


def test_who_was_silent_before_the_step_is_silent_after_it(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        for institution, ended in (("H1", None), ("H2", "2026-03-01 09:00:00.000000")):
            connection.execute(
                text(
                    "INSERT INTO edge_outage (institution, from_at, to_at) VALUES (:code, '2026-03-01 08:00:00.000000', :ended)"
                ),
                {"code": institution, "ended": ended},
            )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        assert list(uow.reports.silent()) == ["H1"]
        assert uow.reports.silent()["H1"].date() == datetime(2026, 3, 1, tzinfo=UTC).date()
    store.close()


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
