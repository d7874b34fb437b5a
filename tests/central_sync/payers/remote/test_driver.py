"""The driver against a payer's real server in each of its moods: in time, and never believing what is not said and signed."""

import time

import msgspec
import pytest

from central_sync.errors import PayerAway, PayerUnavailable
from simulator.insurer import Insurer, Mood, certificates
from tests.central_sync.payers.conftest import claim, driver_of
from tests.patience import HUNG_S


def test_a_payer_accepts_declines_and_says_the_same_when_asked_again(insurer):
    driver = driver_of(insurer)
    for _ in range(2):
        answer = driver.settle(claim())
        assert answer.accepted
    insurer.mood = Mood.DECLINE
    assert driver.settle(claim()).accepted, "what it said first stands"
    answer = driver.settle(claim("S2.0.1"))
    assert (answer.accepted, answer.reason) == (False, "not_covered")
    body, signature = msgspec.msgpack.decode(answer.evidence)
    insurer.key.public_key().verify(signature, b"pishkhan payer answer 1\x00" + body)


def test_taking_back_is_heard_also_of_a_claim_that_never_came(insurer):
    driver = driver_of(insurer)
    driver.settle(claim())
    driver.take_back(claim())
    driver.take_back(claim())
    driver.take_back(claim("S9.0.1"))
    assert insurer.decided == {"S1.0.1": "taken_back", "S9.0.1": "taken_back"}
    with pytest.raises(PayerUnavailable, match="wrong_answer"):
        driver.settle(claim("S9.0.1"))


WRONG = {
    Mood.OTHER_AMOUNT: "wrong_amount",
    Mood.OTHER_CURRENCY: "wrong_currency",
    Mood.OTHER_CLAIM: "wrong_claim",
    Mood.OTHER_KIND: "wrong_answer",
    Mood.GARBAGE: "no_answer",
    Mood.ENDLESS: "answer_too_large",
    Mood.WRONG_SIGNATURE: "wrong_signature",
    Mood.UNSIGNED: "wrong_signature",
    Mood.REFUSE: "http_422",
}


@pytest.mark.parametrize("mood", WRONG)
@pytest.mark.parametrize("what", ["settle", "take_back"])
def test_a_wrong_answer_is_no_answer(insurer, mood, what):
    insurer.mood = mood
    with pytest.raises(PayerUnavailable) as told:
        getattr(driver_of(insurer), what)(claim())
    assert not isinstance(told.value, PayerAway)
    wanted = "wrong_answer" if what == "take_back" and mood is Mood.OTHER_AMOUNT else WRONG[mood]
    assert str(told.value) == wanted


@pytest.mark.parametrize("mood", [Mood.NEVER, Mood.LATE, Mood.DRIP])
def test_no_payer_is_waited_for_beyond_the_deadline(insurer, mood):
    insurer.mood = mood
    began = time.monotonic()
    with pytest.raises(PayerAway, match="late"):
        driver_of(insurer, deadline_ms=300).settle(claim())
    assert 0.25 < time.monotonic() - began < HUNG_S


def test_a_payer_that_cannot_be_reached_is_away(insurer, papers):
    driver = driver_of(insurer)
    insurer.mood = Mood.BROKEN
    with pytest.raises(PayerAway, match="http_503"):
        driver.settle(claim())
    insurer.stop()
    with pytest.raises(PayerAway, match="unreachable"):
        driver.settle(claim())
    insurer.port = 0
    insurer.start()


def test_neither_end_speaks_with_a_stranger(insurer, tmp_path):
    certificates(tmp_path)
    with pytest.raises(PayerAway, match="unreachable"):
        driver_of(insurer, certificate=None).settle(claim())
    with pytest.raises(PayerAway, match="unreachable"):
        driver_of(insurer, certificate=tmp_path / "client.pem").settle(claim())
    with pytest.raises(PayerAway, match="unreachable"):
        driver_of(insurer, authority=tmp_path / "authority.pem").settle(claim())
    assert insurer.heard == []
    stranger = Insurer(insurer.folder)
    stranger.start()
    with pytest.raises(PayerUnavailable, match="wrong_signature"):
        driver_of(insurer).__class__(
            stranger.url,
            insurer.key.public_key(),
            insurer.folder / "authority.pem",
            insurer.folder / "client.pem",
            60_000,
        ).settle(claim())
    stranger.stop()
