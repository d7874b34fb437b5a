"""Every refusal is told in one shape, and each has a status."""

from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import make_mocked_request

from central_sync.api.bodies import STATUS, dictionary, number, refused
from central_sync.wire.codec import ACCEPT, CONTENT_TYPE, unpack
from central_sync.wire.compression import DICTIONARY, OLDEST
from central_sync.wire.messages import BatchAnswer
from central_sync.wire.refusals import REFUSALS, Refused

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("code", ["packet_invalid", *STATUS])
def test_a_refusal_is_a_batch_answer_without_answers(code):
    response = refused(Refused(code, "where"), NOW)
    answer = unpack(response.body, BatchAnswer)
    assert (answer.code, answer.detail, answer.answers, answer.hub_time) == (code, "where", [], NOW)
    assert response.status == STATUS.get(code, 400)


def test_every_status_is_of_a_refusal_that_exists():
    assert set(STATUS) <= set(REFUSALS)


@pytest.mark.parametrize(("text", "value"), [("", None), ("?n=0", 0), ("?n=7", 7), ("?n=99", 10)])
def test_a_number_of_the_query_is_held_to_its_bounds(text, value):
    assert number(make_mocked_request("GET", f"/{text}"), "n", 0, 10) == value


@pytest.mark.parametrize("text", ["x", "-1", "1.0", "", "٣", "9" * 19])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(Refused):
        number(make_mocked_request("GET", f"/?n={text}"), "n", 0, 10)


@pytest.mark.parametrize(
    ("accept", "number"),
    [
        ("", 0),
        ("*/*", 0),
        (CONTENT_TYPE, 0),
        (ACCEPT, DICTIONARY),
        (f"text/plain, {ACCEPT}", DICTIONARY),
        (ACCEPT.replace(";", "; "), DICTIONARY),
        (f"{CONTENT_TYPE};dictionary=40001", OLDEST),
        (f"{CONTENT_TYPE};dictionary=40003, {CONTENT_TYPE};dictionary=40001", OLDEST),
        (f"{CONTENT_TYPE};dictionary=40003", 0),
        (f"{CONTENT_TYPE};dictionary=400019", 0),
    ],
)
def test_the_dictionary_is_written_to_those_alone_that_say_they_have_it(accept, number):
    assert dictionary(make_mocked_request("GET", "/", {"Accept": accept} if accept else {})) == number
