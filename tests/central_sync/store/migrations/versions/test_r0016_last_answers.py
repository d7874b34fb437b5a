"""The sixteenth step, on both databases: what was answered before the step counts after it, and an invitation that was open is open."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0016_last_answers as step
from central_sync.store.store import Store


def test_what_was_answered_and_invited_before_the_step_is_found_after_it(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        for place, state, answered in ((0, "accepted", "2026-03-01 08:00:00.000000"), (1, "asking", None)):
            values = {
                "place": place,
                "state": state,
                "answered": answered,
                "next": None if answered else "2026-03-01 08:00:00.000000",
            }
            connection.execute(
                text(
                    "INSERT INTO payer_share (member, settlement_id, place, round, institution, layer, scheme, payer, amount, currency, day,"
                    " rulebook, signed_at, signer, signature, state, tries, reason, answer, answered_at, next_at) VALUES ('m', 'S', :place, 1, 'H1',"
                    " 'base', 's', 'p', 1, 'CNY', '2026-03-01', 'r', '2026-03-01 07:00:00.000000', 'x', :none, :state, 5, '', :none, :answered, :next)"
                ),
                {**values, "none": b""},
            )
        connection.execute(
            text(
                "INSERT INTO invitation (secret_hash, institution, expires_at) VALUES (:hash, 'H1', '2026-03-02 08:00:00.000000')"
            ),
            {"hash": b"h" * 32},
        )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    with store.read() as uow:
        (open_,) = uow.payer_shares.unanswered("p", now)
        assert (open_.shares, open_.claims) == (1, 0)
        assert [one.institution for one in uow.lookups.invitations(None, now, 9)] == ["H1"]
    store.close()


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
