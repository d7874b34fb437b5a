"""Rows of the tables of deferred shares and of the review queue, for tests."""

from central_sync.store.review_records import PayerShare, ReviewEntry
from tests.central_sync.hospital import DAY, NOW


def share(settlement="S1", place=0, **more) -> PayerShare:
    base = {
        "member": "m1",
        "settlement_id": settlement,
        "place": place,
        "round": 1,
        "institution": "H1",
        "layer": "base",
        "scheme": "cn_employee",
        "payer": "fund",
        "amount": 100,
        "currency": "CNY",
        "day": DAY,
        "rulebook": "v1",
        "signed_at": NOW,
        "signer": "s",
        "signature": b"sig",
        "state": "asking",
        "tries": 0,
        "next_at": NOW,
    }
    return PayerShare(**{**base, **more})


def entry(key="R1", **more) -> ReviewEntry:
    base = {
        "id": key,
        "institution": "H1",
        "member": "m1",
        "settlement_id": "S1",
        "hid": "0000000000000001",
        "reason": "payer_declined",
        "subject": "share 0",
        "detail": "",
        "amount": 100,
        "currency": "CNY",
        "waits_for": "person",
        "state": "needs_person",
        "reruns": 0,
        "opened_at": NOW,
        "changed_at": NOW,
    }
    return ReviewEntry(**{**base, **more})
