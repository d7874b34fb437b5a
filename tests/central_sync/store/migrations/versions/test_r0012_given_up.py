"""The twelfth step, on both databases: what was given up before is found."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0012_given_up as step
from central_sync.store.store import Store


def test_what_was_given_up_before_the_step_is_found(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        for place, state in enumerate(("accepted", "asking")):
            connection.execute(
                text(
                    "INSERT INTO payer_share (member, settlement_id, place, round, institution, layer, scheme, payer, amount, currency,"
                    " day, rulebook, signed_at, signer, signature, state, tries, reason, answer) VALUES ('m', 'S', :place, 1, 'H1', 'base',"
                    " 's', 'p', 1, 'CNY', '2026-03-01', 'r', '2026-03-01 08:00:00.000000', 'x', :none, :state, 16, '', :none)"
                ),
                {"place": place, "state": state, "none": b""},
            )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        assert uow.payer_shares.given_up("p")
        assert not uow.payer_shares.given_up("q")
    store.close()


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
