"""Items share commits: what one of them meets is its own, and nobody is answered before the commit that holds the answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from central_sync import limits
from central_sync.errors import StoreBusy, StoreUnavailable
from central_sync.intake import Intake
from central_sync.payers import Payers
from central_sync.store import Store
from central_sync.wire import packets as p
from central_sync.wire.messages import Verdict
from tests.central_sync.hospital import DAY, RULEBOOK, Hospital, books_agree
from tests.central_sync.test_intake import Breaking

SIGN_IN = p.SignIn(business_day=DAY)


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch):
    """A group ends by its count here, however slow the machine."""
    monkeypatch.setattr(limits, "GROUP_MS_MAX", 60_000)


def commits(store):
    """A list that grows by one with each commit of units of work that write."""
    found = []
    engine = store._writing._engine if store._writing else store.engine
    event.listen(engine, "commit", found.append)
    return found


def fees_in_many_cases(hospital, cases=20):
    hids = [hospital.register() for _ in range(cases)]
    return [hospital.transaction("2204", hospital.fees(hid, hospital.line("1", 1_00))) for hid in hids]


def test_a_batch_is_one_commit_and_its_copy_too(hospital, store):
    items = fees_in_many_cases(hospital)
    counted = commits(store)
    for repeated in (False, True):
        assert [a.repeated for a in hospital.take(*items).answers] == [repeated] * len(items)
    assert len(counted) == 2


def test_a_group_is_bounded_by_count_and_by_time(hospital, store, monkeypatch):
    monkeypatch.setattr(limits, "GROUP_ITEMS_MAX", 7)
    counted = commits(store)
    hospital.take(*(hospital.transaction("9001", SIGN_IN) for _ in range(20)))
    assert len(counted) == 3
    monkeypatch.setattr(limits, "GROUP_MS_MAX", -1)
    hospital.take(*(hospital.transaction("9001", SIGN_IN) for _ in range(5)))
    assert len(counted) == 8


def test_a_read_sees_what_stands_before_it_in_the_batch_and_not_what_comes_after(hospital):
    hid = hospital.register()
    fees = [hospital.transaction("2204", hospital.fees(hid, hospital.line(str(n), 10_00))) for n in range(2)]
    look = hospital.transaction("2206", p.PreSettle(hid=hid, currency="CNY", total=10_00))
    assert [a.verdict for a in hospital.take(fees[0], look, fees[1]).answers] == [Verdict.FINAL] * 3


def test_a_fault_or_a_refusal_in_the_middle_undoes_itself_alone(hospital, store):
    broken = Hospital(store, Intake(store, RULEBOOK, Payers(here=Breaking(ZeroDivisionError(), 1))), "H1")
    hids = [hospital.charged(10_00) for _ in range(5)]
    items = [hospital.transaction("2207", hospital.settle_request(hid, 10_00)) for hid in hids]
    items[2] = hospital.transaction("2207", hospital.settle_request(hids[2], 11_00))
    found = [(a.verdict, a.code) for a in broken.take(*items).answers]
    final = (Verdict.FINAL, "")
    assert found == [
        (Verdict.AGAIN, "hub_fault"), final, (Verdict.REFUSED, "amounts_do_not_add_up"), final, final,
    ]  # fmt: skip
    assert [a.repeated for a in broken.take(*items).answers] == [False, True, True, True, True]
    books_agree(store)


class Faltering(Store):
    """A store whose next commits fail: before they happen, or after (nobody can know which)."""

    failing: tuple[type[Exception], ...] = ()
    after = False

    @contextmanager
    def write(self, **more):
        error = self.failing[0] if self.failing else None
        self.failing = self.failing[1:]
        with super().write(**more) as uow:
            yield uow
            if error and not self.after:
                raise error("planted")
        if error:
            raise error("planted")


@pytest.fixture
def faltering(url, hub):
    opened = Faltering(url)
    opened.open()
    yield Hospital(opened, Intake(opened, RULEBOOK), "H1")
    opened.close()


@pytest.mark.parametrize("after", [False, True], ids=["not committed", "committed and not told"])
@pytest.mark.parametrize("error", [StoreBusy, StoreUnavailable])
def test_a_group_whose_commit_failed_is_taken_one_by_one_and_nothing_happens_twice(
    hospital, faltering, store, error, after
):
    hids = [hospital.charged(10_00) for _ in range(4)]
    items = [hospital.transaction("2207", hospital.settle_request(hid, 10_00)) for hid in hids]
    faltering.store.failing, faltering.store.after = (error,), after
    assert [(a.verdict, a.repeated) for a in faltering.take(*items).answers] == [(Verdict.FINAL, after)] * 4
    books_agree(store)


def test_a_database_that_is_away_is_asked_twice_for_a_batch_and_not_for_every_item(hospital, faltering, store):
    items = [hospital.transaction("9001", SIGN_IN, lane=str(n)) for n in range(20)]
    faltering.store.failing = (StoreUnavailable,) * 5
    assert {(a.verdict, a.code) for a in faltering.take(*items).answers} == {(Verdict.AGAIN, "hub_fault")}
    assert len(faltering.store.failing) == 3
    faltering.store.failing = ()
    assert [a.repeated for a in faltering.take(*items).answers] == [False] * 20


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_groups_that_want_each_others_rows_part_and_both_finish(hospital, store):
    """Two edges' batches with the same two patients' accumulators, the other way round: a deadlock, if groups would wait for ever."""
    hids = [hospital.register() for _ in range(2)]
    gate = threading.Barrier(2)
    batches = [
        [
            hospital.transaction("2204", hospital.fees(hid, hospital.line(f"{name}{n}", 1_00)))
            for n, hid in enumerate(order * 10)
        ]
        for name, order in (("a", hids), ("b", hids[::-1]))
    ]

    def take(items):
        gate.wait()
        return hospital.take(*items).answers

    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            for answers in pool.map(take, batches):
                assert {a.verdict for a in answers} == {Verdict.FINAL}
    with store.read() as uow:
        assert [uow.fees.places(uow.cases.get("H1", hid)) for hid in hids] == [20, 20]


def test_the_read_of_a_card_that_a_transaction_quotes_stands_in_the_ledger(hospital, store):
    quoted, plain = (hospital.transaction("9001", SIGN_IN, card_read=read) for read in ("read-1", None))
    hospital.take(quoted, plain)
    with store.read() as uow:
        assert [uow.ledger.get("H1", item.msgid).card_read for item in (quoted, plain)] == ["read-1", ""]


@pytest.mark.parametrize("card_read", ["x" * 65, "a\0b"])
def test_a_name_of_a_read_that_cannot_be_kept_is_refused(hospital, card_read):
    answer = hospital.send("9001", SIGN_IN, card_read=card_read)
    assert (answer.verdict, answer.code) == (Verdict.REFUSED, "packet_invalid")


def test_what_an_edge_answers_itself_is_refused_here(hospital):
    draft = p.Forecast(care="outpatient", currency="CNY", from_day=DAY, lines=[])

    assert hospital.refused("3101", draft) == "number_unknown"
