"""Identifiers: written in any script, checked by their own digit, never shown whole."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from central_sync.terms.identifiers import KINDS, checked, masked, normalised

PERSIAN, ARABIC, FULL_WIDTH = "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"
SCRIPTS = [PERSIAN, ARABIC, FULL_WIDTH, "०१२३४५६७८९", "๐๑๒๓๔๕๖๗๘๙"]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u00ad"


def in_script(text, digits):
    return "".join(digits[int(c)] if c in "0123456789" else c for c in text)


@st.composite
def ir_codes(draw):
    body = draw(st.text("0123456789", min_size=9, max_size=9))
    total = sum(int(d) * w for d, w in zip(body, range(10, 1, -1), strict=True)) % 11
    code = body + str(total if total < 2 else 11 - total)
    assume(len(set(code)) > 1)
    return code


@st.composite
def cn_numbers(draw):
    day = draw(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
    body = f"{draw(st.integers(110000, 829999))}{day:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


@given(ir_codes())
def test_a_national_code_with_its_own_check_digit_passes(code):
    assert checked("ir_national_code", code) == code


@given(ir_codes(), st.integers(1, 9))
def test_a_national_code_with_another_check_digit_fails(code, shift):
    assert checked("ir_national_code", code[:9] + str((int(code[9]) + shift) % 10)) is None


@pytest.mark.parametrize(
    "code", ["1234567890", *(d * 10 for d in "0123456789"), "", "12345678911", "12345678A1", "1234567"]
)
def test_what_is_no_national_code_fails(code):
    assert checked("ir_national_code", code) is None


@pytest.mark.parametrize("code", ["1234567891", "0084575948"])
def test_known_national_codes_pass(code):
    assert checked("ir_national_code", code) == code


@given(ir_codes())
def test_a_national_code_without_its_leading_zeros_is_completed(code):
    short = code.lstrip("0")
    assert (checked("ir_national_code", short) == code) == (len(short) >= 8)


@given(ir_codes(), st.sampled_from(["-", " ", "\u2010", "\u2011", "\u2013"]))
def test_a_national_code_is_read_as_it_is_printed_in_groups(code, between):
    assert checked("ir_national_code", between.join((code[:3], code[3:9], code[9]))) == code


@pytest.mark.parametrize("code", ["049937089.9", "0499370899.0", "049/937089/9", "049,937,089,9"])
def test_a_national_code_with_a_point_or_a_stroke_in_it_is_none(code):
    assert checked("ir_national_code", code) is None


@given(cn_numbers())
def test_a_resident_number_with_its_own_check_character_passes_in_either_case(number):
    assert checked("cn_resident_number", number) == number
    assert checked("cn_resident_number", number.lower()) == number


@pytest.mark.parametrize("number", ["KAZ110090123105", "kaz110090123105", "911840198506150011"])
def test_a_foreign_residents_number_passes_in_its_old_and_its_new_form(number):
    assert checked("cn_foreign_resident_number", number) == number.upper()


@pytest.mark.parametrize(
    "number",
    [
        "",
        "KAZ110090123106",
        "KAZ110090133105",
        "KA1110090123105",
        "KAZ11009012310",
        "11010519491231002X",
        "911840198506150010",
        "KAZ1100９0123106",
    ],
)
def test_what_is_no_foreign_residents_number_fails(number):
    assert checked("cn_foreign_resident_number", number) is None


@given(cn_numbers(), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_of_a_resident_number_is_found(number, place, shift):
    assume(number[place] != "X")
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert checked("cn_resident_number", wrong) is None


@given(cn_numbers(), st.integers(0, 16))
def test_two_swapped_characters_of_a_resident_number_are_found(number, place):
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert checked("cn_resident_number", swapped) is None


@pytest.mark.parametrize(
    "number", ["11010519491331002X", "110105194912310021", "", "X" * 18, "1101051949123100", "11010519000229001X"]
)
def test_what_is_no_resident_number_fails(number):
    assert checked("cn_resident_number", number) is None


def test_the_standards_own_example_passes():
    assert checked("cn_resident_number", "11010519491231002x") == "11010519491231002X"


@pytest.mark.parametrize("digits", SCRIPTS)
@given(ir=ir_codes(), cn=cn_numbers())
def test_digits_of_any_script_are_the_same_number(digits, ir, cn):
    assert checked("ir_national_code", in_script(ir, digits)) == ir
    assert checked("cn_resident_number", in_script(cn, digits).replace("X", "Ｘ")) == cn


@given(ir_codes(), st.lists(st.tuples(st.integers(0, 10), st.sampled_from(INVISIBLE)), max_size=6))
def test_invisible_marks_that_a_copied_number_carries_do_not_matter(code, marks):
    text = code
    for place, mark in marks:
        text = text[:place] + mark + text[place:]
    assert checked("ir_national_code", f" {text}\u00a0") == code


@given(st.text())
def test_normalising_twice_is_normalising_once(text):
    once = normalised(text)
    assert normalised(once) == once


@given(st.text())
def test_a_normal_form_has_no_foreign_digit_and_no_invisible_mark(text):
    form = normalised(text)
    assert not any(c.isdecimal() and not c.isascii() for c in form)
    assert not set(form) & set(INVISIBLE)
    assert not set(form) & set("يىك")


def test_names_typed_on_an_arabic_keyboard_equal_those_typed_on_a_persian_one():
    assert normalised("علي كريمي") == normalised("علی کریمی") == unicodedata.normalize("NFKC", "علی کریمی")


@given(st.text(max_size=80), st.sampled_from(sorted(KINDS)))
def test_no_text_at_all_makes_the_check_fall_over(text, kind):
    found = checked(kind, text)
    assert found is None or ((kind in FORM_ONLY or found.isascii()) and len(found) in (10, 11, 13, 15, 18))


KNOWN = {
    "th_pin": ["1234567890121", "1-2345-45678-78-1", "๑๒๓๔๕๖๗๘๙๐๑๒๑", "0100600445631"],
    "tw_national_id": ["A123456789", "a123456789", "A800000014", "AC01234567"],
    "de_kvnr": ["A123456780", "a123456780"],
    "be_national_number": ["85073003328", "85.07.30-033.28", "17073003384"],
    "ee_personal_code": ["36805280109"],
    "mn_registration_number": ["УБ90123101", "уб90123101", "ӨҮ00210199"],
}
"""The first of each is from the standard's or the library's own examples."""
FORM_ONLY = {"mn_registration_number"}
"""Kinds whose check digit has no published rule."""


@pytest.mark.parametrize(("kind", "number"), [(kind, number) for kind, some in KNOWN.items() for number in some])
def test_known_numbers_of_other_countries_pass_and_their_check_digit_is_the_only_one(kind, number):
    found = checked(kind, number)
    assert found is not None
    assert checked(kind, found) == found
    if kind in FORM_ONLY:
        return
    assert [d for d in "0123456789" if checked(kind, found[:-1] + d)] == [found[-1]]
    wrong = [found[:i] + d + found[i + 1 :] for i, c in enumerate(found) if c.isdigit() for d in "0123456789" if d != c]
    missed = [one for one in wrong if checked(kind, one)]
    assert len(missed) <= len(wrong) // 5, "these schemes find most single errors, not all"


WRONG = {
    "th_pin": ["1234567890122", "123456789012", "12345678901211", "123456789012A", "²234567890121"],
    "tw_national_id": ["A123456788", "1123456789", "AE23456789", "A12345678", "Ａ12345678８", "ÄC01234567"],
    "de_kvnr": ["A123456781", "1123456780", "AA23456780", "Ä123456780", "A12345678"],
    "be_national_number": ["85073003329", "8507300332", "00000000097", "850730033XX"],
    "mn_registration_number": ["UB90123101", "УБ9012310", "У890123101", "УБ9012310А", "УБ901231011", "УБ9012310²А"],
    "ee_personal_code": ["36805280108", "36813280109", "96805280109", "3680528010", "3680 5280109"],
}


@pytest.mark.parametrize(("kind", "number"), [(kind, number) for kind, some in WRONG.items() for number in some])
def test_what_is_no_number_of_another_country_fails(kind, number):
    assert checked(kind, number) is None


def test_every_kind_is_shown_by_an_example():
    assert (
        set(KNOWN)
        == set(WRONG)
        == set(KINDS) - {"ir_national_code", "cn_resident_number", "cn_foreign_resident_number"}
    )


def test_a_letter_of_taiwan_counts_as_its_place():
    """A table of its own, from 10 to 35: I, O, W and Z are out of order."""
    places = dict(zip("ABCDEFGHJKLMNPQRSTUVXYWZIO", range(10, 36), strict=True))
    for letter, place in places.items():
        body = [place // 10, place % 10 * 9, *(int(d) * w for d, w in zip("12345678", range(8, 0, -1), strict=True))]
        assert checked("tw_national_id", f"{letter}12345678{-sum(body) % 10}") is not None


def test_an_unknown_kind_has_no_numbers_and_an_endless_text_is_not_read():
    assert checked("xx_number", "1234567891") is None
    assert checked("ir_national_code", " " * 100_000 + "1234567891") is None


@given(st.text(min_size=1, max_size=30))
def test_a_masked_number_keeps_its_length_and_shows_three_characters_at_most(number):
    shown = masked(number)
    assert len(shown) == len(number)
    assert len(number) <= 3 or shown == "•" * (len(number) - 3) + number[-3:]
    assert len(number) > 3 or shown == "•" * len(number)
