"""One settlement read in three languages, from the hub to the HIS, over real processes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.town import PERSON, Town, settle


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        made.handle("1101", {"person": PERSON})  # the line is up
        yield made


def test_a_settlement_is_read_in_the_language_of_whoever_asks(town: Town) -> None:
    hid, msgid = town.case(), town.msgid()
    packet = settle(hid)
    english = town.handle("2207", packet, msgid)
    persian = town.handle("2207", packet, msgid, language="fa")
    _, chinese = town.post(
        "query",
        {"context": town.context, "original_msgid": msgid},
        **{"Authorization": f"Bearer {town.token}", "Accept-Language": "zh-CN, en;q=0.5"},
    )

    assert english["outcome"] == persian["outcome"] == "final", "a resend in another language is the same transaction"
    trace = english["answer"]["shares"][0]["trace"]
    told = persian["answer"]["shares"][0]["trace"]
    assert [{**step, "text": ""} for step in trace] == [{**step, "text": ""} for step in told]
    assert all(re.search("[A-Za-z]", step["text"]) for step in trace)
    assert all(re.search("[\u0600-\u06ff]", step["text"]) for step in told)
    assert any("سهم سازمان" in step["text"] for step in told)
    texts = re.findall(r'"text": "([^"]+)"', repr(chinese["answer"]).replace("'", '"'))
    assert texts
    assert all(re.search("[\u4e00-\u9fff]", text) for text in texts)
    assert english["answer"]["patient"] == persian["answer"]["patient"]
