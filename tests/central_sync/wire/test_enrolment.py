"""The enrolment code survives a telephone call, and nothing else passes for one."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.enrolment import CodeMistyped, fingerprint, make_code, read_code, renewal_text, secret_text

AUTHORITY = b"an authority's certificate"


@given(st.binary(min_size=10, max_size=10), st.binary(max_size=64))
def test_a_code_reads_back_as_what_it_was_made_of(secret, authority):
    assert read_code(make_code(secret, authority)) == (secret, fingerprint(authority))


@given(st.binary(min_size=10, max_size=10))
def test_case_spaces_dashes_and_lookalikes_do_not_matter(secret):
    code = make_code(secret, AUTHORITY)
    typed = "  " + code.lower().replace("-", " ").replace("0", "o").replace("1", "l") + "\n"
    assert read_code(typed) == (secret, fingerprint(AUTHORITY))
    assert read_code(code.replace("-", "")) == read_code(code)


def test_a_code_is_nine_groups_of_five():
    code = make_code(os.urandom(10), AUTHORITY)
    assert [len(group) for group in code.split("-")] == [5] * 9


def test_one_wrong_character_anywhere_is_noticed_nearly_always():
    code = make_code(b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23", AUTHORITY)
    passed = 0
    for place, letter in enumerate(code):
        if letter == "-":
            continue
        for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ".replace(letter, ""):
            try:
                read_code(code[:place] + other + code[place + 1 :])
                passed += 1
            except CodeMistyped:
                pass
    assert passed <= 1  # a check of 16 bits over 1395 mistypings


@pytest.mark.parametrize("text", ["", "ABCDE", "U" * 45, "é" * 45, "0" * 5000, "0" * 44, "Z" * 45])
def test_what_is_no_code_is_refused_without_repeating_it(text):
    with pytest.raises(CodeMistyped) as caught:
        read_code(text)
    assert len(text) < 6 or text not in str(caught.value)


def test_the_secret_travels_as_lower_case_hexadecimal():
    assert secret_text(b"\xab" * 10) == "ab" * 10


def test_the_text_of_a_renewal_is_bound_to_its_signing_request():
    assert renewal_text("request") == b"pishkhan renewal 3\x00" + hashlib.sha256(b"request").digest()
    assert renewal_text("request") != renewal_text("request ")
