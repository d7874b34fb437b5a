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


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\u202eannA\u202c \u2066B\u2069", "annA B"),
        ("A\u200b\u200bn\u00adn\ufeffa", "Anna"),
        ("An\r\nna\u2028\u2029\x85X\x1b[31m", "An na X [31m"),
        ("\u061cمريم\u200f", "مريم"),
        ("Anna\U000e0041\U000e0042", "Anna"),
        ("A\u3164\u115f\u2800", "A"),
        ("A\ufffe\uffff\U0010ffff", "A"),
        ("A\ud800", "A"),
        ("\u3000张\u3000三\u00a0", "张 三"),
        ("Ann\u0061\u0308", "Annä"),
        ("e\u200b\u0301", "é"),
        ("a" + "\u0336" * 500 + "b", "a" + "\u0336" * texts.MARKS_MAX + "b"),
        ("\u200c\u200dA\u200d\u200d \u200cB1\u200c2", "A B12"),
    ],
)
def test_what_is_not_seen_and_changes_what_is_seen_is_taken_out(hostile: str, harmless: str) -> None:
    assert texts.tidy(hostile) == harmless


@pytest.mark.parametrize(
    "name",
    [
        "علی\u200cرضا",
        "ක්\u200dෂ",
        "ทองคำ น้ำ",
        "\ue000三",
        "葛\U000e0100",
        "Nguyễn Thị Hồng",
        "O'Brien-Müller, jr.",
        "𠮷野家",
        "<b>",
        "۱۲۳",
    ],
)
def test_what_names_are_written_with_stays(name: str) -> None:
    assert texts.tidy(name) == name


@given(st.text(max_size=40), st.text("\u200c\u200d\u0301\u0336\u202e\u1100\u1161 aا", max_size=40))
def test_a_tidy_text_stays_as_it_is(one: str, other: str) -> None:
    tidied = texts.tidy(one + other)
    assert texts.tidy(tidied) == tidied
    tidied.encode()


@given(st.binary(max_size=100), st.sampled_from(["ascii", "utf-8", "gb18030", "cp950", "iso8859-11", "iso8859-15"]))
def test_any_bytes_are_text_or_a_fault(field: bytes, encoding: str) -> None:
    try:
        found = texts.text(field, encoding)
    except CardFault:
        return
    assert found == texts.tidy(found)
    assert found.isprintable() or not found.isascii()
