"""The ninth step, on both databases: settlements of before have come to the owners of their accumulators in the order of their instants."""

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import text

from central_sync.benefits.facts import AccumulatorKey
from central_sync.store import migrate
from central_sync.store.engine import new_engine
from central_sync.store.migrate import config
from central_sync.store.migrations.versions import r0009_turns as step
from central_sync.store.settlements import pack_deltas
from central_sync.store.store import Store

MEMBER, FAMILY = (AccumulatorKey(owner, "base", "s", "pool", 2026) for owner in ("member:m", "family:f"))


def test_settlements_of_the_step_before_have_their_turns_and_the_next_come_after_them(empty_url, monkeypatch):
    monkeypatch.setattr(step, "_AT_ONCE", 2)
    kept = [
        ("S1", "08:00", {}),
        ("S3", "10:00", {MEMBER: 3, FAMILY: 3}),
        ("S2", "09:00", {MEMBER: 1}),
        ("S4", "11:00", {FAMILY: -2}),
    ]
    engine = new_engine(empty_url, create=True)
    with engine.begin() as connection:
        command.upgrade(config(connection), step.down_revision)
        for key, at, deltas in kept:
            connection.execute(
                text(
                    "INSERT INTO settlement (member, id, hid, institution, msgid, number, business_day, currency, total, funds,"
                    " patient, confirmation, confirmation_before, answer, deltas, invoice, settled_at, undone_by)"
                    " VALUES ('m', :id, :id, 'H1', 'x', '2207', '2026-03-01', 'CNY', 3, 2, 1, 'awaited', '', :deltas, :deltas, '',"
                    f" '2026-03-01 {at}:00.000000', '')"
                ),
                {"id": key, "deltas": pack_deltas(deltas)},
            )
        for owner in ("member:m", "family:f", "contract:idle"):
            connection.execute(text("INSERT INTO accumulator_owner (owner) VALUES (:owner)"), {"owner": owner})
    engine.dispose()
    migrate(empty_url)
    store = Store(empty_url)
    store.open()
    with store.write() as uow:
        turns = {
            key: uow.settlements.turns_of(uow.settlements.named(key), ["member:m", "family:f"]) for key, _, _ in kept
        }
        assert uow.accumulators.lock(["member:m", "family:f", "contract:idle"]) == {
            "member:m": 3,
            "family:f": 3,
            "contract:idle": 1,
        }
    store.close()
    assert [turns[key]["member:m"] for key in ("S1", "S2", "S3", "S4")] == [0, 1, 2, 2]
    assert [turns[key]["family:f"] for key in ("S1", "S2", "S3", "S4")] == [0, 0, 1, 2]


def test_a_released_step_is_not_taken_back():
    with pytest.raises(CommandError, match="backup"):
        step.downgrade()
