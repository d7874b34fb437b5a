"""Every refusal: two sentences that can be read at a desk, and nothing that the table does not know."""

from __future__ import annotations

import re

import pytest

from central_sync.wire.refusals import REFUSALS, Refused


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_has_a_plain_code_and_two_whole_sentences(code: str) -> None:
    row = REFUSALS[code]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
    for sentence in (row.desk, row.technician):
        assert sentence[0].isupper() or sentence.startswith(("pishkhan", "quantity", "deadline_ms"))
        assert sentence.endswith(".")
    assert len(row.desk) <= 100, "a clerk reads it while a patient waits"


def test_what_the_desk_reads_has_no_words_of_technicians() -> None:
    jargon = re.compile(r"\b(msgid|token|packet|schema|digest|HID|journal|tombstone|certificate)\b")
    assert not [code for code, row in REFUSALS.items() if jargon.search(row.desk)]


def test_a_refusal_that_is_not_in_the_table_cannot_be_raised() -> None:
    with pytest.raises(AssertionError):
        Refused("no_such_code")


def test_a_refusal_reads_as_its_code_and_detail() -> None:
    assert str(Refused("line_down")) == "line_down"
    assert str(Refused("packet_invalid", "$.total")) == "packet_invalid: $.total"
