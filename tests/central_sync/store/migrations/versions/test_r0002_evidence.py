"""The second step, on both databases: what the first had is kept."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0002_evidence
from central_sync.store.store import Store


def test_certificates_of_the_first_step_are_kept_and_count_from_their_issue(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0001")
        connection.execute(
            text(
                "INSERT INTO certificate (serial, institution, not_after, issued_at)"
                " VALUES ('aa', 'H1', '2027-03-01 08:00:00.000000', '2026-03-01 08:00:00.000000')"
            )
        )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        kept = uow.certificates.get("aa")
    store.close()
    assert kept is not None
    assert kept.public_key is None
    assert kept.since == kept.issued_at


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        r0002_evidence.downgrade()
