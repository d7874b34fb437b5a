"""The sixth step, on both databases: what was there is kept, and no rulebook was published yet."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0006_rulebooks
from central_sync.store.store import Store


def test_a_database_of_the_fifth_step_is_kept_and_has_no_publication(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0005")
        connection.execute(text("INSERT INTO counter (name, value) VALUES ('hid', 7)"))
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        assert uow._connection.execute(text("SELECT value FROM counter WHERE name = 'hid'")).scalar_one() == 7
        assert uow.rulebooks.publications() == []
        assert uow.rulebooks.newest() is None
    store.close()


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        r0006_rulebooks.downgrade()
