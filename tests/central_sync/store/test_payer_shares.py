"""Deferred shares in the store, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from central_sync.store.payer_shares import PayerShares
from central_sync.store.review_records import Unanswered
from tests.central_sync.hospital import NOW
from tests.central_sync.store.deferred import share

MINUTE = timedelta(minutes=1)


def kept(store, *rows):
    with store.write() as uow:
        for row in rows:
            uow.payer_shares.add(row)


def test_what_is_due_is_taken_once_and_again_when_its_time_is_over(store):
    kept(store, share(), share("S2", next_at=NOW + MINUTE), share("S3", payer="other"), share("S4", next_at=None))
    for at, wanted in ((NOW, ["S1"]), (NOW, []), (NOW + MINUTE, ["S2"]), (NOW + 5 * MINUTE, ["S1", "S2"])):
        with store.write() as uow:
            assert isinstance(uow.payer_shares, PayerShares)
            assert uow.payer_shares.due("fund", at) is bool(wanted)
            rows = uow.payer_shares.take("fund", at, at + 5 * MINUTE if at == NOW else at + 4 * MINUTE, 10)
            assert sorted(row.settlement_id for row in rows) == wanted


def test_what_was_taken_can_be_given_back_unless_it_was_answered_meanwhile(store):
    kept(store, share(), share(place=1))
    until = NOW + MINUTE
    with store.write() as uow:
        rows = uow.payer_shares.take("fund", NOW, until, 10)
        uow.payer_shares.change(uow.payer_shares.locked(rows[0]), state="accepted", next_at=None)
        uow.payer_shares.put_off(rows, until, NOW + 2 * MINUTE)
        uow.payer_shares.put_off([], until, NOW)
    with store.read() as uow:
        assert [row.next_at for row in uow.payer_shares.of("m1", "S1")] == [None, NOW + 2 * MINUTE]


def test_of_a_payer_that_was_given_up_one_share_is_to_be_tried_whoever_asks_and_the_least_often_tried(store):
    kept(
        store,
        share("S1", tries=17, next_at=None),
        share("S2", tries=16, next_at=None),
        share("S3", tries=1, next_at=None, state="accepted"),
        share("S4", tries=16, payer="asked"),
        share("S5", tries=16, next_at=None, payer="asked"),
    )

    def probed(payer: str):
        with store.write() as uow:
            assert uow.payer_shares.given_up(payer) is (payer != "none")
            return uow.payer_shares.probe(payer, NOW + MINUTE)

    assert probed("asked") is None, "S4 has its time"
    assert probed("none") is None
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(probed, ["fund"] * 8))
    (row,) = [one for one in found if one]
    assert (row.settlement_id, row.next_at) == ("S2", NOW + MINUTE)
    with store.read() as uow:
        assert uow.payer_shares.of("m1", "S2") == [row]
        assert uow.payer_shares.of("m1", "S1")[0].next_at is None


def test_who_waits_for_a_payer_after_a_failed_try_is_woken(store):
    later = NOW + MINUTE
    kept(
        store,
        share("S1", tries=1, next_at=None),
        share("S2", tries=3, next_at=later),
        share("S3", tries=0, next_at=later),
        share("S4", tries=1, next_at=None, state="accepted"),
        share("S5", tries=1, next_at=None, payer="other"),
    )
    with store.write() as uow:
        assert [uow.payer_shares.wake("fund", NOW, ["asking"], 1) for _ in range(3)] == [1, 1, 0]
    with store.read() as uow:
        assert [uow.payer_shares.of("m1", f"S{n}")[0].next_at for n in range(1, 6)] == [NOW, NOW, later, None, None]


def test_what_is_open_at_a_payer_is_told_by_institution_and_what_failed_since_its_latest_answer_by_claims(store):
    minute, end = timedelta(minutes=1), NOW + timedelta(hours=1)
    with store.write() as uow:
        uow.payer_shares.add(share("S1", tries=9))
        uow.payer_shares.add(share("S2", state="accepted", next_at=None, signed_at=NOW, answered_at=NOW + minute))
        uow.payer_shares.add(share("S3", tries=2, signed_at=NOW + 2 * minute))
        uow.payer_shares.add(share("S4", tries=14, next_at=None, signed_at=NOW + 3 * minute))
        uow.payer_shares.add(share("S5", tries=0, signed_at=NOW + 4 * minute))
        uow.payer_shares.add(share("S6", institution="H2", tries=1, signed_at=NOW + 5 * minute))
        uow.payer_shares.add(share("S7", payer="other", tries=1))
        uow.payer_shares.add(share("S8", tries=1, signed_at=end + minute))
    with store.read() as uow:
        rows = {row.institution: row for row in uow.payer_shares.unanswered("fund", end)}
        assert rows == {
            "H1": Unanswered("H1", NOW, 4, 2, 16, NOW + 2 * minute),
            "H2": Unanswered("H2", NOW + 5 * minute, 1, 1, 1, NOW + 5 * minute),
        }
        (other,) = uow.payer_shares.unanswered("other", end)
        assert other == Unanswered("H1", NOW, 1, 1, 1, NOW)
        assert uow.payer_shares.unanswered("third", end) == []
        assert uow.payer_shares.payers() == ["fund", "other"]
