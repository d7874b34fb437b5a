"""The marks and results of the hub's own audit, on both databases."""

from datetime import timedelta

from tests.central_sync.hospital import NOW

LATER = NOW + timedelta(minutes=1)


def test_a_mark_is_taken_away_by_what_was_judged_after_it_and_by_nothing_older(store):
    with store.write() as uow:
        uow.audits.want("m1", "S1", "H1", "h", NOW)
    with store.write() as uow:
        (row,) = uow.audits.due(NOW, 10)
        uow.audits.want("m1", "S1", "H1", "h", LATER)
        assert not uow.audits.judged(row, "r1", NOW, 100, 10, b"old")
        (row,) = uow.audits.due(LATER, 10)
        assert uow.audits.judged(row, "r1", LATER, 100, 10, b"new")
        assert not uow.audits.judged(row, "r1", LATER, 100, 10, b"twice")
        assert uow.audits.due(LATER, 10) == []
    with store.read() as uow:
        found = uow.audits.get("m1", "S1")
        assert (found.findings, found.deduction, found.rules, found.due_at) == (b"new", 10, "r1", None)
        assert uow.audits.get("m1", "S2") is None


def test_a_member_and_other_rules_bring_the_mark_back(store):
    with store.write() as uow:
        for key in ("S1", "S2"):
            uow.audits.want("m1", key, "H1", "h", NOW)
        uow.audits.want("m2", "S3", "H1", "h", NOW)
        for row in uow.audits.due(NOW, 10):
            assert uow.audits.judged(row, "r1", NOW, 0, 0, b"")
        assert uow.audits.want_of_member("m1", LATER) == 2
        assert uow.audits.want_other_rules("r1", NOW, LATER, 10) == 0
        assert uow.audits.want_other_rules("r2", LATER, LATER, 10) == 0
        uow.audits.want("m3", "S4", "H1", "h", NOW)
        assert [uow.audits.judged(row, "r1", NOW, 0, 0, b"") for row in uow.audits.due(NOW, 10)] == [True]
        assert [uow.audits.want_other_rules("r2", NOW, LATER, 1) for _ in range(3)] == [1, 1, 0]
        assert len(uow.audits.due(LATER, 10)) == 4


def test_a_try_that_fails_is_counted_and_put_off(store):
    with store.write() as uow:
        uow.audits.want("m1", "S1", "H1", "h", NOW)
        (row,) = uow.audits.due(NOW, 10)
        uow.audits.failed(row, LATER)
        assert uow.audits.due(NOW, 10) == []
        assert uow.audits.due(LATER, 10)[0].tries == 1
        uow.audits.failed(row, None)
        assert uow.audits.due(LATER, 10) == []


def test_what_was_marked_last_is_judged_first(store):
    with store.write() as uow:
        for key, at in (("S1", NOW), ("S2", LATER), ("S3", NOW)):
            uow.audits.want("m1", key, "H1", "h", at)
        assert [row.settlement_id for row in uow.audits.due(LATER, 1)] == ["S2"]
        assert len(uow.audits.due(NOW, 10)) == 2


def test_what_is_taken_is_nobody_elses_for_a_while_and_its_mark_stays(store):
    with store.write() as uow:
        uow.audits.want("m1", "S1", "H1", "h", NOW)
    with store.write() as uow:
        (row,) = uow.audits.take(NOW, LATER, 10)
        assert uow.audits.take(NOW, LATER, 10) == []
    with store.write() as uow:
        assert len(uow.audits.due(LATER, 10)) == 1
        assert uow.audits.judged(row, "r", NOW, 0, 0, b"")
        assert uow.audits.due(LATER, 10) == []
