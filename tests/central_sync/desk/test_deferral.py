"""Shares of payers that are asked apart: deferred with a signature, in the settlement's own commit."""

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_sync.store import Store
from central_sync.wire import packets as p
from central_sync.wire.deferrals import signed_text, statement_of
from tests.central_sync.hospital import books_agree
from tests.central_sync.payers.deferring import PAYER, Never, deferring, entries, shares


@pytest.fixture
def asking(hospital):
    return deferring(hospital, Never())


def test_the_share_of_a_payer_that_is_asked_apart_is_deferred_and_the_rest_settles(asking, store):
    answer = asking.settled(1_000_00)
    assert [share.deferred for share in answer.shares] == [True, False]
    assert answer.shares[0].amount > 0
    assert answer.total == answer.patient + sum(share.amount for share in answer.shares)
    (row,) = shares(store, answer)
    assert (row.payer, row.amount, row.state, row.round) == (PAYER, answer.shares[0].amount, "asking", 1)
    assert entries(store) == []
    books_agree(store)


def test_the_hub_signs_what_it_computed_and_anybody_can_check_it(hospital):
    key = Ed25519PrivateKey.generate()
    answer = deferring(hospital, Never(), lambda text: ("s", key.sign(text))).settled(1_000_00)
    statement = statement_of("H1", answer, 0)
    assert statement_of("H1", answer, 1) is None
    signature = answer.shares[0].deferral.signature
    key.public_key().verify(signature, signed_text(statement))
    for change in ({"amount": statement.amount + 1}, {"payer": "x"}, {"institution": "H2"}, {"settlement_id": "S"}):
        with pytest.raises(InvalidSignature):
            key.public_key().verify(signature, signed_text(msgspec.structs.replace(statement, **change)))


def test_a_pre_settlement_defers_the_same_shares_signs_nothing_and_writes_nothing(asking, store):
    hid = asking.charged(1_000_00)
    before = dump(store)
    pre = asking.done("2206", p.PreSettle(hid=hid, currency="CNY", total=1_000_00))
    assert dump(store) == before
    answer = asking.done("2207", asking.settle_request(hid, 1_000_00))
    bare = [msgspec.structs.replace(share, deferral=None) for share in answer.shares]
    assert pre.shares == bare
    assert pre.shares[0].deferral is None


def dump(store: Store):
    from central_sync.store.tables import metadata

    with store.read() as uow:
        return {t.name: uow._connection.execute(t.select()).all() for t in metadata.sorted_tables}


def test_a_settlement_that_is_taken_back_takes_its_deferred_shares_along_and_back_again(asking, store):
    answer = asking.settled(1_000_00)
    (row,) = shares(store, answer)
    cancel = p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id)
    sent = asking.transaction("2208", cancel)
    assert asking.take(sent).answers[0].code == ""
    with store.read() as uow:
        (now,) = uow.payer_shares.of(row.member, answer.settlement_id)
    assert (now.state, now.next_at is not None) == ("taking_back", True)
    asking.done("2601", p.Reversal(original_msgid=sent.msgid, original_number="2208", hid=answer.hid))
    assert [(row.round, row.state) for row in shares(store, answer)] == [(1, "taking_back"), (2, "asking")]
    books_agree(store)


def test_a_share_of_nothing_is_not_deferred(asking):
    answer = asking.settled(1)
    assert [share.deferred for share in answer.shares if not share.amount] == [False] * sum(
        not share.amount for share in answer.shares
    )
