"""The fourteenth step, on both databases: whoever could sign in before it can afterwards, with a password of their own."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0014_first_passwords as step
from central_sync.store.store import Store


def test_accounts_of_before_are_good_and_have_passwords_of_their_own(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        connection.execute(
            text(
                "INSERT INTO console_account (name, role, bound, password_hash, changed_at, factor_step)"
                " VALUES ('anna', 'operator', :bound, 'x', '2026-03-01 08:00:00.000000', 0)"
            ),
            {"bound": False},
        )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        anna = uow.console_accounts.get("anna")
    store.close()
    assert anna is not None
    assert (anna.once_until, anna.disabled_at) == (None, None)


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
