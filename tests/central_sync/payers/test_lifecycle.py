"""The life of a deferred share, and when its payer is asked again."""

from datetime import timedelta

from central_sync.payers.lifecycle import OPEN, SHARE, ShareEvent, ShareState, after, again_at, claim_id, probe_at
from central_sync.payers.limits import PAYER_TRIES_MAX
from tests.central_sync.hospital import NOW


def test_every_answer_has_its_place_in_every_state():
    told = {(state, ShareEvent.TOLD) for state in (ShareState.ASKING, ShareState.ACCEPTED, ShareState.DECLINED)}
    assert set(SHARE) == {(state, event) for state in ShareState for event in ShareEvent} - told


def test_what_a_payer_said_first_stands():
    assert after("accepted", ShareEvent.DECLINE) is ShareState.ACCEPTED
    assert after("declined", ShareEvent.ACCEPT) is ShareState.DECLINED


def test_whoever_may_have_heard_of_a_share_is_told_that_it_was_taken_back():
    assert after("asking", ShareEvent.UNDO) in OPEN
    assert after("accepted", ShareEvent.UNDO) in OPEN
    assert after("declined", ShareEvent.UNDO) not in OPEN


def test_the_waits_grow_and_end():
    waits = [again_at(tries, NOW) for tries in range(1, PAYER_TRIES_MAX + 1)]
    assert waits[0] == NOW + timedelta(seconds=2)
    assert waits[-1] is None
    assert waits[:-1] == sorted(waits[:-1])
    assert sum((at - NOW for at in waits[:-1]), timedelta()) < timedelta(days=1)


def test_a_payer_that_was_given_up_is_tried_after_a_while_that_is_chance():
    waits = [probe_at(NOW, part) - NOW for part in (0, 0.5, 1)]
    assert waits == [timedelta(minutes=30), timedelta(minutes=45), timedelta(minutes=60)]


def test_each_round_of_each_share_has_its_own_claim():
    assert len({claim_id("S1", 0, 1), claim_id("S1", 0, 2), claim_id("S1", 1, 1), claim_id("S2", 0, 1)}) == 4
