"""The looks over all institutions at once."""

from datetime import UTC, datetime, timedelta

from central_sync.store.records import Certificate

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def certificate(serial, institution="H01", issued=0, days=30):
    return Certificate(serial, institution, NOW + timedelta(days=days), NOW + timedelta(hours=issued))


def test_heads_are_told_for_each_institution_asked_for(store):
    with store.write() as uow:
        uow.feed.add("H01", b"x", NOW)
        uow.feed.add("H01", b"y", NOW)
        uow.feed.add("H02", b"z", NOW)
    with store.read() as uow:
        assert uow.upkeep.feed_heads(["H01", "H02", "H03"]) == {"H01": 2, "H02": 1, "H03": 0}
        assert uow.upkeep.feed_heads([]) == {}


def test_good_certificates_that_end_are_listed_next_first(store):
    with store.write() as uow:
        for serial, days in (("a", 20), ("b", 10), ("c", 50), ("d", -1), ("e", 5)):
            uow.certificates.add(certificate(serial, f"H0{serial}", days=days))
        uow.certificates.revoke("H0e", NOW)
        found = uow.upkeep.certificates_ending(NOW, NOW + timedelta(days=30))
    assert [row.serial for row in found] == ["b", "a"]


def test_counts_are_of_rows(store):
    with store.read() as uow:
        assert uow.upkeep.counts() == {"hospitals": 0, "members": 0, "transactions": 0, "cases": 0}
