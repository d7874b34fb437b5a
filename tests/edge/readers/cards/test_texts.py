"""Text fields: padding, encodings, what is not text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers.cards import texts
from edge.readers.cards.conversation import CardFault


@pytest.mark.parametrize("padding", [b"", b"\0\0", b"   ", b"\xff\xff", b" \0\xff"])
def test_padding_is_taken_off(padding: bytes) -> None:
    assert texts.text("张三".encode("gb18030") + padding, "gb18030") == "张三"
    assert texts.text(padding) == ""


def test_blanks_and_control_characters_are_single_spaces() -> None:
    assert texts.text(b" A\0\0B \n\tC ") == "A B C"
    assert texts.parts("นาย#สมชาย##ใจดี") == "นาย สมชาย ใจดี"


def test_what_is_not_of_the_encoding_is_a_fault_that_does_not_quote_it() -> None:
    with pytest.raises(CardFault) as caught:
        texts.text(b"SECRET\x81", "ascii")
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


@given(st.binary(max_size=100), st.sampled_from(["ascii", "utf-8", "gb18030", "cp950", "iso8859-11", "iso8859-15"]))
def test_any_bytes_are_text_or_a_fault(field: bytes, encoding: str) -> None:
    try:
        found = texts.text(field, encoding)
    except CardFault:
        return
    assert found == texts.tidy(found)
    assert found.isprintable() or not found.isascii()
