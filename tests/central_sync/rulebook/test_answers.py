"""A settlement that was answered, read back from a file."""

from __future__ import annotations

import msgspec
import pytest

from central_sync.rulebook.answers import FILE_BYTES_MAX, answer
from central_sync.rulebook.strict import RulebookError
from tests.central_sync.benefits.worked import worked


def test_a_reply_of_the_edge_and_an_answer_alone_are_read_alike(tmp_path):
    settled = worked()[0].settled
    plain = msgspec.to_builtins(settled)
    for body in (plain, {"return_code": 0, "answer": plain}, {"answer": {"outcome": "final", "answer": plain}}):
        (tmp_path / "a.json").write_bytes(msgspec.json.encode(body))
        assert answer(tmp_path / "a.json") == settled


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", "document"),
        (b"[" * 9_000, "document"),
        (b"\xff", "document"),
        (b"[]", "document"),
        (b'{"answer": null}', "document"),
        (b'{"currency": "XXX", "total": 1, "patient": 1, "shares": [], "patient_trace": []}', "currency"),
        (b'{"currency": "CNY", "total": "0499370899", "patient": 1, "shares": [], "patient_trace": []}', "$.total"),
        (b" " * (FILE_BYTES_MAX + 1), "document"),
    ],
    ids=["empty", "deep", "no_text", "list", "no_answer", "currency", "number", "large"],
)
def test_what_is_no_settlement_is_told_by_its_place_and_never_quoted(tmp_path, body, key):
    (tmp_path / "a.json").write_bytes(body)

    with pytest.raises(RulebookError) as caught:
        answer(tmp_path / "a.json")

    assert caught.value.key == key
    assert "0499370899" not in str(caught.value)
