"""How databases are opened."""

import pytest
from sqlalchemy import text

from central_sync import limits
from central_sync.errors import StoreError, StoreTooOld, StoreUnavailable
from central_sync.store import Store, migrate
from central_sync.store.engine import new_engine


def test_sqlite_is_opened_in_the_safe_way(tmp_path):
    engine = new_engine(f"sqlite:///{tmp_path}/a.db", create=True)
    with engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous")
        }
        version = connection.execute(text("select sqlite_version()")).scalar_one()
    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2}
    assert tuple(int(part) for part in version.split(".")) >= limits.SQLITE_VERSION_MIN


def test_an_unsafe_sqlite_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SQLITE_VERSION_MIN", (99, 0, 0))
    with pytest.raises(StoreTooOld):
        Store(f"sqlite:///{tmp_path}/a.db").open()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "oracle://x"])
def test_other_databases_are_refused(url):
    with pytest.raises(StoreUnavailable):
        migrate(url)


def test_a_database_that_is_not_there_is_said_to_be_unavailable(tmp_path):
    for url in (f"postgresql://app@/x?host={tmp_path}", f"sqlite:///{tmp_path}"):
        with pytest.raises(StoreUnavailable) as caught:
            Store(url).open()
        assert str(tmp_path) not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreError):
        Store(f"sqlite:///{path}").open()


def test_a_damaged_url_is_refused_without_its_text():
    with pytest.raises(StoreUnavailable) as caught:
        Store("secret-words-no-url").open()
    assert "secret" not in str(caught.value)


def test_postgresql_gives_up_on_dead_peers_and_frozen_work(postgres):
    engine = new_engine(postgres.url("postgres"))
    with engine.connect() as connection:
        found = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout")
        }
    engine.dispose()
    assert found == {"lock_timeout": "3s", "idle_in_transaction_session_timeout": "1min"}


def test_a_lost_database_is_not_made_anew_and_loses_nothing_more(tmp_path):
    (tmp_path / "a.db-wal").write_bytes(b"committed last")
    for create in (False, True):
        with pytest.raises(StoreUnavailable, match="restore"):
            new_engine(f"sqlite:///{tmp_path}/a.db", create=create)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.db-wal", b"committed last")]


def test_a_file_with_odd_characters_in_its_name_opens_again(tmp_path):
    url = f"sqlite:///{tmp_path}/a b#c.db"
    migrate(url)
    store = Store(url)
    store.open()
    store.close()
    assert (tmp_path / "a b#c.db").exists()
