"""The hub's side of a comparison: its own hospital's final transactions, found exactly, from one look at the database."""

import random
from datetime import timedelta

import msgspec
import pytest

from central_sync import limits
from central_sync.comparison import Comparisons
from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.compare import Comparison, Items, fingerprint_of, key_of
from central_sync.wire.limits import COMPARE_RANGES_MAX, WIRE_VERSION
from central_sync.wire.messages import CompareRequest
from central_sync.wire.refusals import Refused
from tests.central_sync.hospital import DAY, NOW

HOUR = timedelta(hours=1)


def compared(comparisons, ours, institution="H1", since=NOW - HOUR, until=NOW + HOUR):
    """The differences between ``ours`` (msgid → fingerprint) and the hub, as an edge finds them."""
    found = Comparison(Items((key_of(msgid), mark) for msgid, mark in ours.items()))
    while (asked := found.questions()) is not None:
        found.receive(ask(comparisons, institution, since, until, splits=asked[0], lists=asked[1]))
    return found.differences


def ask(comparisons, institution="H1", since=NOW - HOUR, until=NOW + HOUR, **asked):
    request = CompareRequest(version=WIRE_VERSION, from_at=since, to_at=until, **asked)
    return comparisons.answer(institution, request, NOW)


def held(hospital, items):
    """What the edge holds of ``items`` once the hub has answered them."""
    answers = hospital.take(*items).answers
    return {
        a.msgid: fingerprint_of(a.digest, final=True, confirmation=a.confirmation)
        for a in answers
        if a.verdict == "final"
    }


@pytest.fixture
def comparisons(store):
    return Comparisons(store)


def test_what_both_hold_shows_no_difference_and_what_one_lacks_is_found_exactly(hospital, comparisons):
    day = [hospital.transaction("9001", p.SignIn(business_day=DAY)) for _ in range(300)]
    ours = held(hospital, day)
    nothing = compared(comparisons, ours)
    assert not any(nothing)
    chance = random.Random(7)
    lost, changed = chance.sample(sorted(ours), 2)
    altered = {**ours, changed: b"otherone", "only-here": b"12345678"}
    del altered[lost]
    found = compared(comparisons, altered)
    assert found == ([key_of("only-here")], [key_of(lost)], [key_of(changed)])
    (named,) = ask(comparisons, names=found.there).names
    assert (named.key, named.msgid, named.number, named.recorded_at) == (key_of(lost), lost, "9001", NOW)


def test_a_settlements_confirmation_counts_and_its_confirm_and_cancel_have_none_of_their_own(hospital, comparisons):
    hids = [hospital.charged(10_00) for _ in range(2)]
    settles = [hospital.transaction("2207", hospital.settle_request(hid, 10_00)) for hid in hids]
    since, until = NOW + 5 * HOUR, NOW + 6 * HOUR
    hospital.now = since
    settles = [msgspec.structs.replace(item, recorded_at=since) for item in settles]
    ours = held(hospital, settles)
    confirm = hospital.transaction("49", p.Confirm(original_msgid=settles[0].msgid, his_result=0), hid=hids[0])
    told = held(hospital, [confirm])
    found = compared(comparisons, {**ours, **told}, since=since, until=until)
    assert found == ([], [], [key_of(settles[0].msgid)]), "the edge has not heard of the confirmation"
    ours = {**held(hospital, settles), **told}
    assert not any(compared(comparisons, ours, since=since, until=until))


def test_a_window_is_half_open_and_strangers_and_refusals_are_not_in_it(hospital, other, comparisons):
    sign_in = p.SignIn(business_day=DAY)
    inside = [hospital.transaction("9001", sign_in, recorded_at=NOW - HOUR)]
    outside = [hospital.transaction("9001", sign_in, recorded_at=NOW + HOUR)]
    refused = hospital.transaction("2207", hospital.settle_request(hospital.register(recorded_at=NOW - 3 * HOUR), 1_00))
    ours = held(hospital, [*inside, refused])
    held(hospital, outside)
    held(other, [other.transaction("9001", sign_in)])
    assert not any(compared(comparisons, ours))
    assert ask(comparisons, names=[key_of(refused.msgid), key_of(outside[0].msgid)]).names == []


def test_rounds_share_one_look_and_a_new_comparison_looks_anew(hospital, store, monkeypatch):
    now_s = [0.0]
    comparisons = Comparisons(store, lambda: now_s[0])
    item = hospital.transaction("9001", p.SignIn(business_day=DAY))
    held(hospital, [item])
    first = ask(comparisons, splits=[""])
    held(hospital, [hospital.transaction("9001", p.SignIn(business_day=DAY))])
    digit = key_of(item.msgid).hex()[0]
    assert ask(comparisons, lists=[digit]).lists == [ask(comparisons, lists=[digit]).lists[0]]
    assert sum(len(listed) for d in "0123456789abcdef" for listed in ask(comparisons, lists=[d]).lists) == 16
    assert ask(comparisons, splits=[""]).splits != first.splits
    monkeypatch.setattr(limits, "COMPARE_ROWS_KEPT_MAX", 1)
    ask(comparisons, splits=[""], until=NOW + 2 * HOUR)
    assert len(comparisons._kept) == 1
    now_s[0] += limits.COMPARE_KEPT_S + 1
    ask(comparisons, lists=["0"], until=NOW + 3 * HOUR)
    assert len(comparisons._kept) == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"splits": ["x"]}, "packet_invalid"),
        ({"splits": ["0"] * (COMPARE_RANGES_MAX + 1)}, "packet_invalid"),
        ({"since": NOW + 2 * HOUR}, "packet_invalid"),
        ({"since": NOW.replace(tzinfo=None)}, "packet_invalid"),
        ({"since": NOW.replace(year=1)}, "packet_invalid"),
        ({"splits": [""]}, "packet_too_large"),
    ],
)
def test_what_cannot_be_answered_is_refused(hospital, comparisons, asked, code, monkeypatch):
    held(hospital, [hospital.transaction("9001", p.SignIn(business_day=DAY)) for _ in range(2)])
    monkeypatch.setattr(limits, "COMPARE_ROWS_MAX", 1 if code == "packet_too_large" else 9)
    with pytest.raises(Refused) as caught:
        ask(comparisons, **asked)
    assert caught.value.code == code


def test_the_window_is_found_by_its_index(hospital, store):
    with store.read() as uow:
        if store.engine.dialect.name == "sqlite":
            plan = uow._connection.exec_driver_sql(
                "explain query plan select msgid from ledger where institution = 'H1' and recorded_at >= '2025'"
            ).all()
            assert "ix_ledger_recorded" in str(plan)


def test_a_digest_is_the_hubs_own(hospital, comparisons):
    item = hospital.transaction("9001", p.SignIn(business_day=DAY))
    hospital.take(item)
    mark = fingerprint_of(codec.digest("9001", p.SignIn(business_day=DAY)), final=True, confirmation="none")
    assert not any(compared(comparisons, {item.msgid: mark}))
