"""The third step, on both databases: transactions of before quote no card."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0003_card_reads
from central_sync.store.store import Store


def test_transactions_of_the_second_step_are_kept_and_quote_no_card(empty_url):
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0002")
        connection.execute(
            text(
                "INSERT INTO ledger (institution, msgid, number, verdict, packet, code, detail, member, hid, settlement_id,"
                " undone_by, operator, workstation, decided_at) VALUES ('H1', 'm1', '2201', 'final', :packet, '', '', '', '', '',"
                " '', 'op', 'ws', '2026-03-01 08:00:00.000000')"
            ),
            {"packet": b""},
        )
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.read() as uow:
        kept = uow.ledger.get("H1", "m1")
    store.close()
    assert kept is not None
    assert kept.card_read == ""


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        r0003_card_reads.downgrade()
