"""What scanners type: cut into lines however it comes, unwrapped, and never guessed at."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.terms.identifiers import KINDS
from central_sync.wire.refusals import Refused
from edge.readers.serial_line.codec import LINE_BYTES_MAX, TOO_LONG, Lines, identity

EXPECTS = ("ir_national_code", "cn_resident_number")
CODE = "0499370899"


@pytest.mark.parametrize(
    "line",
    [
        CODE,
        " 0499370899 ",
        "۰۴۹۹۳۷۰۸۹۹",
        "]C10499370899",
        "]Q30499370899",
        "]A0*0499370899*",
        "*0499370899*",
        "\x020499370899\x03",
        "(91)0499370899",
        "]C1910499370899",
        "]d28018123456789012345675\x1d910499370899",
        "\x1d910499370899",
        "\ufeff0499370899",
    ],
)
def test_a_national_code_is_found_in_what_scanners_put_around_it(line: str) -> None:
    found = identity(line.encode(), EXPECTS)
    assert (found.kind, found.number, found.card, found.card_number) == ("ir_national_code", CODE, "scanned", "")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "0499370898",
        "x0499370899",
        "http://example.org/?id=0499370899",
        "0499370899 0499370899",
        "910499370899",
        "499370899",
        "(910499370899",
        "]C1",
        "x\x1d" * 50 + CODE,
        "9" * 2000,
    ],
)
def test_a_line_that_holds_no_number_or_more_than_one_is_unreadable_and_never_quoted(line: str) -> None:
    with pytest.raises(Refused, match="card_unreadable") as caught:
        identity(line.encode(), EXPECTS)
    assert "0499" not in str(caught.value) + caught.value.detail


def test_what_is_not_expected_here_is_unreadable() -> None:
    with pytest.raises(Refused, match="card_unreadable"):
        identity(CODE.encode(), ("cn_resident_number",))
    assert identity(b"11010519491231002x", EXPECTS).number == "11010519491231002X"


def test_a_token_is_one_word_and_only_where_tokens_are_expected() -> None:
    found = identity(b"]Q1eyJhbGciOi.J9_tok-en", ("ir_national_code", "token"))
    assert (found.kind, found.number, found.card_number) == ("", "", "eyJhbGciOi.J9_tok-en")
    assert identity(CODE.encode(), ("ir_national_code", "token")).number == CODE
    for bad in (b"short", b"two words", "übertoken".encode(), b"x" * 600):
        with pytest.raises(Refused, match="card_unreadable"):
            identity(bad, ("token",))


@pytest.mark.parametrize("line", [b"\xff\xfe0499370899", b"\xed\xa0\x80", TOO_LONG])
def test_a_line_that_is_no_text_or_too_long_is_unreadable(line: bytes) -> None:
    with pytest.raises(Refused, match="card_unreadable"):
        identity(line, EXPECTS)


words = st.binary(min_size=1, max_size=30).map(lambda some: re.sub(rb"[\r\n\t \0]", b"x", some))


@given(
    st.lists(st.tuples(words, st.sampled_from([b"\r", b"\n", b"\r\n", b"\n\n\r"])), max_size=8),
    st.lists(st.integers(1, 20), min_size=1, max_size=20),
)
def test_lines_are_the_same_however_the_bytes_are_cut(said: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    sent = b"".join(word + end for word, end in said)
    lines, found, at, turn = Lines(), [], 0, 0
    while at < len(sent):
        cut = cuts[turn % len(cuts)]
        found += lines.feed(sent[at : at + cut])
        at, turn = at + cut, turn + 1
    assert found == [word for word, _ in said]
    assert not lines.begun


def test_a_line_without_an_end_ends_by_a_pause() -> None:
    lines = Lines()
    assert lines.feed(b"0499") == []
    assert lines.feed(b"370899") == []
    assert lines.begun
    assert lines.end() == [b"0499370899"]
    assert lines.end() == []


def test_an_endless_line_is_one_bad_line_in_little_room() -> None:
    lines = Lines()
    for _ in range(1000):
        assert lines.feed(b"7" * 97) == []
        assert len(lines._line) <= LINE_BYTES_MAX
    assert lines.feed(b"7\r\n" + CODE.encode() + b"\r\n") == [TOO_LONG, CODE.encode()]


@given(st.binary(max_size=300), st.lists(st.sampled_from([*KINDS, "token"]), min_size=1))
def test_no_bytes_bring_it_down(some: bytes, expects: list[str]) -> None:
    lines = Lines()
    for line in [*lines.feed(some), *lines.end()]:
        try:
            identity(line, expects)
        except Refused:
            continue
