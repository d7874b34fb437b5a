"""The fifth step, on both databases: members of before have no families, accounts and approvals, and cases no marks."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0005_marks_families_parts as step
from central_sync.store.store import Store


def test_members_of_the_step_before_are_kept_and_vouched_for_in_nothing(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        connection.execute(
            text(
                "INSERT INTO member (id, kind, number, name, birth_date, sex, group_name, region, as_of)"
                " VALUES ('m', 'k', '1', 'n', '1980-01-01', 'male', 'g', 'cn', '2026-03-01 08:00:00.000000')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO cover (member, place, layer, scheme, contract, from_day)"
                " VALUES ('m', 0, 'base', 's', 'c', '2025-01-01')"
            )
        )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        kept = uow.members.get("m")
    store.close()
    assert kept is not None
    assert kept.approvals == ()
    assert [(cover.family, cover.deposited, cover.own_group) for cover in kept.covers] == [("", 0, "")]


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
