"""The migrations arrive at the tables of this version, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from central_sync.errors import StoreNotMigrated
from central_sync.store import Store, migrate
from central_sync.store.engine import new_engine
from central_sync.store.tables import metadata


def test_migrated_tables_are_exactly_the_tables_of_this_version(url):
    engine = new_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(url):
    migrate(url)
    store = Store(url)
    store.open()
    store.close()


def test_a_store_on_an_unmigrated_database_does_not_open(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.connect():  # SQLite makes the file here
        pass
    engine.dispose()
    with pytest.raises(StoreNotMigrated):
        Store(empty_url).open()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    store.close()
