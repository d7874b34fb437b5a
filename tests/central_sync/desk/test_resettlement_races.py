"""Settling again while the hospital says something of the same settlement: nothing said is lost or refused, and nobody waits for the other's lock."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from central_sync.desk.resettlement import resettle
from central_sync.payers import Payers
from central_sync.wire import packets as p
from tests.central_sync.desk.provinces import LAW, provinces, told
from tests.central_sync.desk.test_resettlement import RETIREE
from tests.central_sync.desk.test_stays import confirmed
from tests.central_sync.hospital import NOW, books_agree

WORDS = {"actor": "officer", "reason": "", "now": NOW}


@pytest.mark.parametrize("result", [0, 1])
def test_what_a_hospital_says_while_its_settlement_is_made_again_holds_for_the_new_one(store, result):
    east, _ = provinces(store)
    answer = east.stayed(11_000_00)
    word = confirmed(east, answer, result)
    told(store, RETIREE)
    with ThreadPoolExecutor(1) as pool:
        with store.write() as uow:
            done = resettle(uow, LAW, Payers(), answer.settlement_id, **WORDS)
            said = pool.submit(east.done, "49", word)
            time.sleep(0.1)
        found = said.result(20)
    assert (found.confirmation, found.replaced_by) == (("confirmed", "annulled")[result], done.replaced_by)
    books_agree(store)


def test_a_reversal_and_settling_again_wait_for_each_other_in_one_order(store):
    """A reversal holds the transaction that it takes back, then wants its case."""
    east, _ = provinces(store)
    answer = east.stayed(11_000_00)
    msgid = confirmed(east, answer).original_msgid
    told(store, RETIREE)
    begun = threading.Event()

    def again() -> str:
        begun.set()
        with store.write() as uow:
            return resettle(uow, LAW, Payers(), answer.settlement_id, **WORDS).replaced_by

    with ThreadPoolExecutor(1) as pool:
        with store.write() as uow:
            assert uow.ledger.get("E1", msgid, lock=True)
            done = pool.submit(again)
            assert begun.wait(5)
            time.sleep(0.3)
            assert uow.cases.get("E1", answer.hid, lock=True)
        assert done.result(20)
    east.done("2601", p.Reversal(original_msgid=msgid, original_number="2304"))
    assert east.accumulators() == {}
