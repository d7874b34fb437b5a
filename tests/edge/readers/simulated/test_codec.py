"""The simulated card's bytes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.refusals import Refused
from edge.readers.simulated.codec import CARD_BYTES_MAX, identity


def test_a_card_in_persian_digits_is_read_in_normal_form() -> None:
    card = '{"kind": "ir_national_code", "number": "۰۴۹۹۳۷۰۸۹۹", "name": " مريم ", "birth_date": "1990-05-04", "sex": "female"}'
    found = identity(card.encode())
    assert (found.number, found.name, found.birth_date) == ("0499370899", "مریم", date(1990, 5, 4))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"kind": "ir_national_code"}',
        b'{"kind": "ir_national_code", "number": "0499370898"}',
        b'{"kind": "passport", "number": "0499370899"}',
        b'{"kind": "ir_national_code", "number": 499370899}',
        b'{"kind": "ir_national_code", "number": "0499370899", "extra": 1}',
        b"[" * 3000,
        b" " * (CARD_BYTES_MAX + 1),
    ],
)
def test_a_bad_card_is_unreadable_and_never_quoted(content: bytes) -> None:
    with pytest.raises(Refused, match="card_unreadable") as caught:
        identity(content)
    assert "499370" not in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(content: bytes) -> None:
    with pytest.raises(Refused):
        identity(content)
