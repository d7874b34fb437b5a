"""The ledger: of many who come with one msgid, one claims it and the others find what was decided; on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from central_sync.store.records import Cycle, LedgerRow

NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
DAY = date(2025, 6, 2)


def row(**changes) -> LedgerRow:
    base = {
        "institution": "H1", "msgid": "M1", "number": "2207", "digest": b"d" * 32, "verdict": "refused", "packet": b"",
        "code": "x", "detail": "", "member": "", "hid": "", "settlement_id": "", "undone_by": "", "business_day": DAY,
        "operator": "", "workstation": "", "recorded_at": NOW, "decided_at": NOW,
    }  # fmt: skip
    return LedgerRow(**{**base, **changes})


def test_one_of_many_claims_and_the_others_find_its_decision(store):
    gate = threading.Barrier(6)

    def take(number):
        gate.wait()
        with store.write() as uow:
            if uow.ledger.claim(row()):
                uow.ledger.decide(row(verdict="final", packet=str(number).encode(), code=""))
                return None
            return uow.ledger.get("H1", "M1")

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(take, range(6)))
    assert found.count(None) == 1
    winner = found.index(None)
    assert {f.packet for f in found if f} == {str(winner).encode()}
    with store.read() as uow:
        assert uow.ledger.count("H1") == 1


def test_a_claim_that_is_undone_leaves_the_msgid_free(store):
    def failing():
        with store.write() as uow:
            assert uow.ledger.claim(row())
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    with store.write() as uow:
        assert uow.ledger.claim(row())
        assert not uow.ledger.claim(row(digest=None))
        assert uow.ledger.claim(row(institution="H2", digest=None, business_day=None, recorded_at=None))
        assert uow.ledger.get("H2", "M1").digest is None
        assert uow.ledger.get("H3", "M1") is None
        assert uow.ledger.get("H1", "M1", lock=True) == row()


def test_a_cycle_is_closed_once(store):
    with store.write() as uow:
        uow.cycles.open(Cycle("H1", "C1", DAY, "ws", "op", NOW))
        assert uow.cycles.close("H1", DAY, "other", "op", NOW) == 0
        assert uow.cycles.close("H1", DAY, "ws", "op", NOW) == 1
        assert uow.cycles.close("H1", DAY, "ws", "op", NOW + timedelta(hours=1)) == 0
        assert [c.closed_at for c in uow.cycles.of("H1", DAY)] == [NOW]
