"""The review queue in the store, on both databases."""

from datetime import timedelta

from tests.central_sync.hospital import NOW
from tests.central_sync.store.deferred import entry

ALL = ("waiting", "needs_person")


def test_an_entry_is_added_once_changed_and_found_again(store):
    with store.write() as uow:
        assert uow.reviews.add(entry())
        assert not uow.reviews.add(entry(amount=7))
        assert uow.reviews.get("R1", lock=True) == entry()
        uow.reviews.change("R1", state="waiting", waits_for="payer:fund")
        assert uow.reviews.get("R2") is None
    with store.read() as uow:
        assert [row.id for row in uow.reviews.waiting_for("payer:fund", ["waiting"], 10)] == ["R1"]
        assert uow.reviews.waiting_for("payer:fund", ["needs_person"], 10) == []
        assert [row.id for row in uow.reviews.of_settlement("S1")] == ["R1"]


def test_entries_are_listed_by_state_reason_and_hospital_oldest_first(store):
    rows = [
        entry("R1", opened_at=NOW + timedelta(minutes=1)),
        entry("R2", reason="finding"),
        entry("R3", institution="H2", opened_at=NOW + timedelta(minutes=2)),
        entry("R4", state="decided"),
    ]
    with store.write() as uow:
        for row in rows:
            uow.reviews.add(row)
        assert uow.reviews.count(ALL) == 3
        assert [row.id for row in uow.reviews.listed(ALL, "", "", 10)] == ["R2", "R1", "R3"]
        assert [row.id for row in uow.reviews.listed(ALL, "finding", "", 10)] == ["R2"]
        assert [row.id for row in uow.reviews.listed(ALL, "", "H2", 10)] == ["R3"]
        assert [row.id for row in uow.reviews.listed(ALL, "", "", 2)] == ["R2", "R1"]


def test_the_history_of_an_entry_is_numbered(store):
    with store.write() as uow:
        for event in ("opened", "decide"):
            uow.reviews.stepped("R1", NOW, event, "waiting", "hub", "")
        uow.reviews.stepped("R2", NOW, "opened", "waiting", "hub", "")
    with store.read() as uow:
        assert [(step.number, step.event) for step in uow.reviews.history("R1")] == [(1, "opened"), (2, "decide")]
