"""The tenth step, on both databases: nothing is known of any edge, and what alarms is open once."""

import pytest
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from central_sync.store.engine import new_engine
from central_sync.store.migrations.versions import r0010_fleet as step

ALERT = (
    "INSERT INTO alert (rule, subject, institution, severity, value, raised_at, untold, cleared_at)"
    " VALUES ('silent', 'H1', 'H1', 'urgent', 1, '2026-03-01', true, {})"
)


def test_one_rule_and_subject_is_open_once_and_closed_often(url):
    engine = new_engine(url)
    with engine.begin() as connection:
        for cleared in ("'2026-03-02'", "'2026-03-03'", "NULL"):
            connection.execute(text(ALERT.format(cleared)))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(ALERT.format("NULL")))
    engine.dispose()


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
