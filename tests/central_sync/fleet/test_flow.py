"""The flow of transactions: counted by legs, forgotten after half an hour, and never larger than its ring."""

from datetime import timedelta

import msgspec

from central_sync.fleet.flow import BOUNDS_MS, PASSED_MAX, STEP_S, STEPS, Flow, Leg
from central_sync.wire.messages import Ask, ItemAnswer, Verdict
from tests.central_sync.api.conftest import batch, sign_in


def sent(waited_ms=40, items=1):
    whole = batch(*(sign_in(f"m-{n}") for n in range(items)))
    recorded = whole.sent_at - timedelta(milliseconds=waited_ms)
    return msgspec.structs.replace(
        whole, items=[msgspec.structs.replace(item, recorded_at=recorded) for item in whole.items]
    )


def took(flow, whole, *, line_ms=25, hub_s=0.004, skew_ms=0, now_s=100.0, urgent=True):
    arrived = whole.sent_at + timedelta(milliseconds=line_ms - (skew_ms or 0))
    flow.took(whole, arrived, hub_s, skew_ms, now_s, urgent=urgent)


def test_each_leg_is_told_by_what_half_and_nearly_all_took():
    flow = Flow()
    for _ in range(19):
        took(flow, sent())
    took(flow, sent(waited_ms=4000), line_ms=900, hub_s=1.0)
    assert flow.summary(100.0).legs == [Leg("edge", 50, 50), Leg("line", 30, 30), Leg("hub", 5, 5)]
    for _ in range(5):
        took(flow, sent(waited_ms=4000), line_ms=900, hub_s=1.0)
    assert flow.summary(100.0).legs == [Leg("edge", 50, 5000), Leg("line", 30, 1200), Leg("hub", 5, 1200)]


def test_a_clock_that_is_wrong_is_reckoned_with_and_one_that_is_not_known_says_nothing_of_the_line():
    flow = Flow()
    took(flow, sent(), skew_ms=90_000)
    took(flow, sent(), skew_ms=None)
    legs = {leg.name: leg for leg in flow.summary(100.0).legs}
    assert legs["line"].median_ms == 30


def test_a_backlog_counts_and_waits_for_nobody():
    flow = Flow()
    took(flow, sent(waited_ms=10**7, items=500), urgent=False)
    took(flow, sent(items=3))
    summary = flow.summary(100.0)
    assert (summary.people[-1], summary.backlog[-1]) == (3, 500)
    assert summary.legs[0].most_ms == 50


def test_questions_and_empty_batches_are_no_transactions():
    flow = Flow()
    took(flow, batch(Ask(msgid="m", number="2207", lane="x", digest=b"d" * 32)))
    took(flow, batch())
    assert sum(flow.summary(100.0).people) == 0
    assert flow.summary(100.0).legs == [Leg(name, None, None) for name in ("edge", "line", "hub")]


def test_what_was_refused_for_its_instant_or_is_called_at_length_keeps_no_answer_back():
    flow, whole = Flow(), sent()
    item = msgspec.structs.replace(whole.items[0], recorded_at=whole.sent_at.replace(tzinfo=None), msgid="m" * 100_000)
    refused = ItemAnswer(msgid=item.msgid, verdict=Verdict.REFUSED, code="packet_invalid")
    for urgent in (True, False):
        flow.took(
            msgspec.structs.replace(whole, items=[item]), whole.sent_at, 0.1, 0, 100.0, urgent=urgent, answers=[refused]
        )
    assert [(one.edge_ms, len(one.msgid)) for one in flow.summary(100.0).passed] == [(0.0, 80)] * 2


def test_what_is_old_is_forgotten_and_the_ring_keeps_its_size():
    flow = Flow()
    for step in range(3 * STEPS):
        took(flow, sent(), now_s=step * STEP_S)
    now_s = (3 * STEPS - 1) * STEP_S
    assert flow.summary(now_s).people == [1] * STEPS
    assert flow.summary(now_s + STEPS * STEP_S).people == [0] * STEPS
    assert len(flow._ring) == STEPS


def test_what_took_longer_than_any_step_is_told_as_the_longest():
    flow = Flow()
    took(flow, sent(waited_ms=10**9))
    assert flow.summary(100.0).legs[0].most_ms == BOUNDS_MS[-1]


def answered(whole, **more):
    return [
        ItemAnswer(**{"msgid": item.msgid, "verdict": Verdict.FINAL, "digest": b"d" * 32, **more})
        for item in whole.items
    ]


def test_the_last_transactions_are_told_with_their_legs_the_newest_first():
    flow, first, second = Flow(), sent(), sent(waited_ms=700)
    for whole, verdict in ((first, Verdict.FINAL), (second, Verdict.REFUSED)):
        arrived = whole.sent_at + timedelta(milliseconds=25)
        flow.took(whole, arrived, 0.004, 0, 100.0, urgent=True, answers=answered(whole, verdict=verdict))
    refused, final = flow.summary(100.0).passed
    assert (refused.verdict, round(refused.edge_ms), refused.institution) == ("refused", 700, "H01")
    assert (final.verdict, round(final.edge_ms), round(final.line_ms), round(final.hub_ms)) == ("final", 40, 25, 4)
    assert (final.kept, final.backlog) == (True, False)


def test_what_was_not_decided_or_said_before_did_not_pass_and_a_backlog_leaves_room():
    flow, people, backlog = Flow(), sent(items=3), sent(items=500)
    for more in ({"verdict": Verdict.AGAIN}, {"repeated": True}):
        flow.took(people, people.sent_at, 0.004, 0, 100.0, urgent=True, answers=answered(people, **more))
    assert flow.summary(100.0).passed == []
    flow.took(people, people.sent_at, 0.004, None, 100.0, urgent=True, answers=answered(people, digest=b""))
    for _ in range(3):
        flow.took(backlog, backlog.sent_at, 0.004, 0, 100.0, urgent=False, answers=answered(backlog))
    passed = flow.summary(100.0).passed
    assert [one.backlog for one in passed] == [True] * 30 + [False] * 3
    assert (passed[-1].line_ms, passed[-1].kept) == (None, False)
    for _ in range(10):
        flow.took(backlog, backlog.sent_at, 0.004, 0, 100.0, urgent=False, answers=answered(backlog))
    assert len(flow.summary(100.0).passed) == PASSED_MAX
