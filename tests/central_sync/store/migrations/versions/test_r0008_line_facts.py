"""The eighth step, on both databases: lines of before say nothing besides."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0008_line_facts as step


def test_lines_of_the_step_before_are_kept_and_say_nothing_besides(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        connection.execute(
            text(
                "INSERT INTO fee_line (member, hid, place, serial, item, name, quantity, unit_price, amount, service_date,"
                " charged_by, cancelled_by) VALUES ('m', 'h', 0, '1', 'i', '', '1', '1', 100, '2026-03-01', 'x', '')"
            )
        )
    engine.dispose()
    migrate(empty_url)
    engine = new_engine(empty_url, create=False)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT serial, amount, facts FROM fee_line")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("1", 100, None)]


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
