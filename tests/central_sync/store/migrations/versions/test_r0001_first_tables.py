"""The first step, on both databases."""

import pytest
from alembic.util import CommandError
from sqlalchemy import inspect

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrations.versions import r0001_first_tables


def test_the_first_step_makes_the_tables_from_nothing(empty_url):
    migrate(empty_url)
    engine = new_engine(empty_url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    assert {"institution", "ledger", "member_case", "fee_line", "settlement", "accumulator", "feed"} <= names


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        r0001_first_tables.downgrade()
