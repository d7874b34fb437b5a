"""What is sent to a payer, and what is believed of what comes back."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.errors import PayerUnavailable
from central_sync.payers.remote import codec
from tests.central_sync.payers.conftest import claim

SIGNED = base64.b64encode(b"s").decode()


def answer(**more) -> bytes:
    return json.dumps({"claim": "S1.0.1", "answer": "accepted", "amount": 1234, "currency": "CNY", **more}).encode()


def test_a_claim_is_sent_whole_and_names_nobody():
    assert json.loads(codec.packed(claim())) == {
        "version": 1,
        "claim": "S1.0.1",
        "settlement_id": "S1",
        "institution": "H1",
        "member": "m",
        "layer": "base",
        "scheme": "cn_employee",
        "day": "2025-06-02",
        "currency": "CNY",
        "amount": 1234,
        "rulebook": "v1",
    }


def test_what_is_signed_is_the_body_as_it_came():
    heard = []
    codec.settled(claim(), 200, answer(), SIGNED, lambda signature, text: not heard.append((signature, text)))
    assert heard == [(b"s", b"pishkhan payer answer 1\0" + answer())]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"amount": 0}, "wrong_amount"),
        ({"amount": 1233}, "wrong_amount"),
        ({"answer": "declined"}, "wrong_amount"),
        ({"answer": "maybe"}, "no_answer"),
        ({"answer": "taken_back", "amount": 0}, "wrong_answer"),
        ({"reason": "x" * 81}, "no_answer"),
        ({"reason": "a sentence about a person"}, "no_answer"),
    ],
)
def test_an_answer_that_says_something_else_is_not_believed(more, code):
    with pytest.raises(PayerUnavailable, match=code):
        codec.settled(claim(), 200, answer(**more), SIGNED, lambda *_: True)


def test_more_fields_than_we_know_are_passed_over():
    assert codec.settled(claim(), 200, answer(policy="x"), SIGNED, lambda *_: True).accepted


@given(st.integers(100, 599), st.binary(max_size=200), st.text(max_size=40))
def test_whatever_a_payer_sends_is_an_answer_or_one_kind_of_error(status, body, signature):
    with pytest.raises(PayerUnavailable):
        codec.settled(claim(), status, body, signature, lambda *_: True)
