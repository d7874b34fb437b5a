"""The hub's door: exactly once, whatever comes twice, late, together, broken or from a stranger."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec
import pytest
import structlog

from central_sync import limits
from central_sync.errors import StoreBusy
from central_sync.intake import Intake
from central_sync.payers import Payers
from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.limits import BATCH_ITEMS_MAX, CLOCK_SKEW_S_MAX
from central_sync.wire.messages import Ask, Batch, Verdict
from tests.central_sync.hospital import DAY, NOW, RULEBOOK, Hospital, books_agree

SIGN_IN = p.SignIn(business_day=DAY)


def test_a_copy_gets_the_stored_answer_and_nothing_happens_twice(hospital, store):
    hid = hospital.charged(100_00)
    item = hospital.transaction("2207", hospital.settle_request(hid, 100_00))
    first, second = hospital.take(item).answers[0], hospital.take(item).answers[0]
    assert (first.repeated, second.repeated) == (False, True)
    assert msgspec.structs.replace(second, repeated=False) == first
    assert first.confirmation == "awaited"
    books_agree(store)


def test_a_copy_after_the_confirmation_tells_the_present_confirmation(hospital):
    hid = hospital.charged(100_00)
    item = hospital.transaction("2207", hospital.settle_request(hid, 100_00))
    hospital.take(item)
    hospital.done("49", p.Confirm(original_msgid=item.msgid, his_result=0))
    assert hospital.take(item).answers[0].confirmation == "confirmed"


def test_a_registration_sent_again_with_another_lease_keeps_its_first_hid(hospital):
    request = p.Registration(person=hospital.person, service_date=DAY, department="internal")
    first = hospital.done("2201", request, hid=hospital.hid(), msgid="R1")
    assert hospital.done("2201", request, hid=hospital.hid(), msgid="R1") == first


def test_a_refusal_is_kept_and_repeated(hospital):
    hid = hospital.register()
    assert hospital.refused("2207", hospital.settle_request(hid, 1_00), msgid="S1") == "no_fees"
    hospital.done("2204", hospital.fees(hid, hospital.line("1", 1_00)))
    again = hospital.send("2207", hospital.settle_request(hid, 1_00), msgid="S1")
    assert (again.verdict, again.code, again.repeated) == (Verdict.REFUSED, "no_fees", True)
    hospital.done("2207", hospital.settle_request(hid, 1_00), msgid="S2")


def test_the_same_msgid_for_something_else_is_refused(hospital):
    hospital.done("9001", SIGN_IN, msgid="M1")
    assert hospital.refused("9002", p.SignOut(business_day=DAY), msgid="M1") == "msgid_reused"
    assert hospital.refused("9001", p.SignIn(business_day=DAY - timedelta(days=1)), msgid="M1") == "msgid_reused"


def test_the_operator_is_no_part_of_the_identity(hospital):
    hospital.done("9001", SIGN_IN, msgid="M1", operator="one")
    assert hospital.send("9001", SIGN_IN, msgid="M1", operator="two").repeated


def test_two_institutions_may_use_the_same_msgid(hospital, other):
    assert not hospital.send("9001", SIGN_IN, msgid="M1").repeated
    assert not other.send("9001", SIGN_IN, msgid="M1").repeated


def test_an_ask_returns_what_was_applied(hospital):
    hid = hospital.charged(100_00)
    request = hospital.settle_request(hid, 100_00)
    sent = hospital.send("2207", request, msgid="S1")
    answer = hospital.ask("S1", "2207", request)
    assert (answer.verdict, answer.packet, answer.repeated) == (Verdict.FINAL, sent.packet, True)


def test_an_ask_for_what_never_came_stops_the_late_copy(hospital, store):
    hid = hospital.charged(100_00)
    request = hospital.settle_request(hid, 100_00)
    assert hospital.ask("S1", "2207", request).code == "never_applied"
    assert hospital.ask("S1", "2207", request).code == "never_applied"
    assert hospital.refused("2207", request, msgid="S1") == "never_applied"
    assert hospital.accumulators() == {}
    hospital.done("2207", request, msgid="S2")


def test_an_ask_with_another_digest_learns_nothing(hospital):
    hid = hospital.charged(100_00)
    hospital.done("2207", hospital.settle_request(hid, 100_00), msgid="S1")
    answer = hospital.ask("S1", "2207", hospital.settle_request(hid, 99_00))
    assert (answer.verdict, answer.code, answer.packet) == (Verdict.REFUSED, "msgid_reused", b"")


def test_an_ask_racing_the_settlement_has_exactly_one_winner(hospital, store):
    hids = [hospital.charged(10_00) for _ in range(20)]
    with ThreadPoolExecutor(2) as pool:
        for number, hid in enumerate(hids):
            request = hospital.settle_request(hid, 10_00)
            item = hospital.transaction("2207", request, msgid=f"S{number}")
            ask = Ask(msgid=f"S{number}", number="2207", lane="x", digest=codec.digest("2207", request))
            gate = threading.Barrier(2)

            def take(thing, gate=gate):
                gate.wait()
                return hospital.take(thing).answers[0]

            settled, asked = pool.map(take, (item, ask))
            assert (settled.verdict, settled.packet, settled.code) == (asked.verdict, asked.packet, asked.code)
            assert settled.repeated != asked.repeated
    books_agree(store)


def test_copies_racing_each_other_are_applied_once(hospital, store):
    hid = hospital.charged(10_00)
    item = hospital.transaction("2207", hospital.settle_request(hid, 10_00))
    with ThreadPoolExecutor(8) as pool:
        answers = [found.answers[0] for found in pool.map(lambda _: hospital.take(item), range(16))]
    assert Counter(a.repeated for a in answers) == {False: 1, True: 15}
    assert len({a.packet for a in answers}) == 1
    books_agree(store)


# -- whole batches ------------------------------------------------------------------------------------------------


def test_a_batch_is_answered_in_its_order(hospital):
    items = [hospital.transaction("9001", SIGN_IN) for _ in range(5)]
    assert [a.msgid for a in hospital.take(*items).answers] == [i.msgid for i in items]


def test_a_wrong_clock_refuses_the_whole_batch_and_nothing_is_applied(hospital):
    item = hospital.transaction("9001", SIGN_IN)
    for days in (-1, 1):
        found = hospital.take(item, sent_at=NOW + timedelta(days=days))
        assert (found.code, found.answers) == ("clock_wrong", [])
    near = NOW + timedelta(seconds=CLOCK_SKEW_S_MAX)
    assert not hospital.take(item, sent_at=near).answers[0].repeated


def test_a_strangers_name_on_a_batch_refuses_it(hospital, store, hub):
    item = hospital.transaction("9001", SIGN_IN)
    batch = Batch(version=2, institution="H2", sent_at=NOW, items=[item])
    assert hub.take("H1", batch, NOW).code == "institution_wrong"
    nobody = Hospital(store, hub, "H9")
    assert nobody.take(item).answers[0].code == "institution_wrong"
    with store.read() as uow:
        assert uow.ledger.count("H1") == uow.ledger.count("H9") == 0


def test_a_batch_is_answered_in_the_version_it_came_in(hospital):
    for version in (2, 3):
        assert hospital.take(hospital.transaction("9001", SIGN_IN), version=version).version == version
    for version in (0, 1, 4, -1):
        assert hospital.take(version=version).code == "version_unsupported"


def test_too_many_items_are_refused_together(hospital):
    items = [hospital.transaction("9001", SIGN_IN)] * (BATCH_ITEMS_MAX + 1)
    assert hospital.take(*items).code == "packet_too_large"


def test_a_naive_clock_is_refused(hospital):
    assert hospital.take(sent_at=datetime(2025, 6, 2, 8)).code == "packet_invalid"  # noqa: DTZ001


# -- broken items -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "9999"}, "number_unknown"),
        ({"number": "9001\0"}, "number_unknown"),
        ({"msgid": ""}, "msgid_invalid"),
        ({"msgid": "x" * 65}, "msgid_invalid"),
        ({"msgid": "a b"}, "msgid_invalid"),
        ({"msgid": "a\n"}, "msgid_invalid"),
        ({"packet": b""}, "packet_invalid"),
        ({"packet": b"\xc1"}, "packet_invalid"),
        ({"packet": msgspec.msgpack.encode({"business_day": "2025-02-30"})}, "packet_invalid"),
        ({"packet": msgspec.msgpack.encode({"business_day": "2025-06-02", "more": 1})}, "packet_invalid"),
        ({"packet": b"\x00" * 300_000}, "packet_too_large"),
        ({"operator": "a\0b"}, "packet_invalid"),
        ({"operator": "x" * 10_000}, "packet_invalid"),
        ({"recorded_at": datetime(2025, 6, 2)}, "packet_invalid"),  # noqa: DTZ001
        ({"recorded_at": datetime.min.replace(tzinfo=NOW.tzinfo)}, "packet_invalid"),
        ({"recorded_at": datetime.max.replace(tzinfo=NOW.tzinfo)}, "packet_invalid"),
        ({"business_day": DAY + timedelta(days=2)}, "date_out_of_range"),
        ({"hid": "x" * 500}, ""),
    ],
)
def test_a_broken_item_is_refused_and_its_neighbours_are_taken(hospital, changes, code):
    broken = msgspec.structs.replace(hospital.transaction("9001", SIGN_IN), **changes)
    answers = hospital.take(broken, hospital.transaction("9001", SIGN_IN)).answers
    assert [a.verdict for a in answers] == [Verdict.REFUSED if code else Verdict.FINAL, Verdict.FINAL]
    assert answers[0].code == code


def test_a_nul_in_a_text_is_no_packet(hospital):
    hid = hospital.register()
    visit = p.Visit(hid=hid, diagnoses=[hospital.diagnosis()], complaint="a\0b")
    assert hospital.refused("2203", visit) == "packet_invalid"


def test_a_text_that_spells_a_nul_is_taken(hospital):
    hid = hospital.register()
    visit = p.Visit(hid=hid, diagnoses=[hospital.diagnosis()], complaint=r"a\u0000b".ljust(512))
    assert b"\0" in msgspec.msgpack.encode(visit)
    assert hospital.done("2203", visit)


def test_a_clock_in_the_future_opens_no_future_days(hospital):
    tomorrow = DAY + timedelta(days=1)
    request = p.Registration(person=hospital.person, service_date=tomorrow, department="d")
    late = {"hid": hospital.hid(), "recorded_at": NOW + timedelta(days=1)}
    assert hospital.refused("2201", request, **late) == "date_out_of_range"


# -- faults inside ------------------------------------------------------------------------------------------------


class Breaking:
    """A payer whose driver has a fault."""

    def __init__(self, error: Exception, times: int = 10**9) -> None:
        self.error, self.times = error, times

    def settle(self, claim):
        if self.times:
            self.times -= 1
            raise self.error


def test_a_fault_inside_undoes_the_item_and_holds_its_lane(hospital, store):
    hid, free = hospital.charged(100_00), hospital.charged(50_00)
    broken = Hospital(store, Intake(store, RULEBOOK, Payers(here=Breaking(ZeroDivisionError("Planted Name")))), "H1")
    items = [
        hospital.transaction("2207", hospital.settle_request(hid, 100_00)),
        hospital.transaction("2203", p.Visit(hid=hid, diagnoses=[hospital.diagnosis()])),
        hospital.transaction("2203", p.Visit(hid=free, diagnoses=[hospital.diagnosis()])),
    ]
    with structlog.testing.capture_logs() as lines:
        answers = broken.take(*items).answers
    assert [(a.verdict, a.code) for a in answers] == [
        (Verdict.AGAIN, "hub_fault"),
        (Verdict.AGAIN, "hub_fault"),
        (Verdict.FINAL, ""),
    ]
    assert [line["fault"] for line in lines] == ["ZeroDivisionError"]
    assert "Planted" not in repr(lines)
    assert hospital.accumulators() == {}
    assert [a.verdict for a in hospital.take(*items).answers] == [Verdict.FINAL, Verdict.REFUSED, Verdict.FINAL]
    books_agree(store)


def test_a_busy_database_is_tried_again_and_then_given_back(hospital, store):
    request = hospital.settle_request(hospital.charged(100_00), 100_00)
    shy = Hospital(store, Intake(store, RULEBOOK, Payers(here=Breaking(StoreBusy("x"), 2))), "H1")
    shy.done("2207", request, msgid="S1")
    request = hospital.settle_request(hospital.charged(100_00), 100_00)
    busy = Hospital(store, Intake(store, RULEBOOK, Payers(here=Breaking(StoreBusy("x")))), "H1")
    answer = busy.send("2207", request, msgid="S2")
    assert (answer.verdict, answer.code) == (Verdict.AGAIN, "hub_busy")
    hospital.done("2207", request, msgid="S2")
    books_agree(store)


def test_answers_that_would_not_fit_are_given_back(hospital, monkeypatch):
    monkeypatch.setattr(limits, "ANSWER_BYTES_MAX", 10)
    items = [hospital.transaction("9001", SIGN_IN, lane=str(n)) for n in range(3)]
    answers = hospital.take(*items).answers
    assert [a.verdict for a in answers] == [Verdict.FINAL, Verdict.AGAIN, Verdict.AGAIN]
    assert [a.verdict for a in hospital.take(*items[1:2]).answers] == [Verdict.FINAL]


def test_reads_leave_no_trace(hospital, store):
    hospital.done("1101", p.PersonRequest(person=hospital.person))
    hid = hospital.charged(10_00)
    with store.read() as uow:
        before = uow.ledger.count("H1")
    hospital.done("2206", p.PreSettle(hid=hid, currency="CNY", total=10_00), msgid="R1")
    hospital.refused("2206", p.PreSettle(hid=hid, currency="CNY", total=11_00), msgid="R1")
    assert hospital.ask("R1", "2206", p.PreSettle(hid=hid, currency="CNY", total=10_00)).code == "number_unknown"
    with store.read() as uow:
        assert uow.ledger.count("H1") == before


def test_a_row_that_somebody_holds_costs_its_own_lane_only(hospital, store, monkeypatch):
    monkeypatch.setattr(limits, "ITEM_RETRY_S_MAX", 0)
    held, free = hospital.charged(100_00), hospital.charged(50_00)
    slow = Hospital(store, Intake(store, RULEBOOK, Payers(here=Breaking(StoreBusy("x")))), "H1")
    items = [
        hospital.transaction("2207", hospital.settle_request(held, 100_00)),
        hospital.transaction("2203", p.Visit(hid=held, diagnoses=[hospital.diagnosis()])),
        hospital.transaction("2203", p.Visit(hid=free, diagnoses=[hospital.diagnosis()])),
    ]
    with structlog.testing.capture_logs() as lines:
        verdicts = [a.verdict for a in slow.take(*items).answers]
    assert verdicts == [Verdict.AGAIN, Verdict.AGAIN, Verdict.FINAL]
    assert [line["event"] for line in lines] == ["the database stayed busy"]


def test_a_batch_that_takes_too_long_is_answered_as_far_as_it_came(hospital, monkeypatch):
    monkeypatch.setattr(limits, "BATCH_S_MAX", -1)
    items = [hospital.transaction("9001", SIGN_IN, lane=str(n)) for n in range(2)]
    answers = hospital.take(*items).answers
    assert [(a.verdict, a.code) for a in answers] == [(Verdict.AGAIN, "hub_busy")] * 2
    monkeypatch.undo()
    assert [a.repeated for a in hospital.take(*items).answers] == [False, False]


def test_an_ask_with_no_digest_is_refused_and_leaves_no_tombstone(hospital, store):
    ask = Ask(msgid="A1", number="2207", lane="x", digest=b"x" * 100_000)
    assert hospital.take(ask).answers[0].code == "packet_invalid"
    with store.read() as uow:
        assert uow.ledger.get("H1", "A1") is None
