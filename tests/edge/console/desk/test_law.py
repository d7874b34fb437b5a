"""What the rulebook says to a desk, and what is said before there is one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from central_sync.benefits.parameters import Rulebook
from central_sync.rulebook import load
from central_sync.terms import identifiers
from central_sync.terms.languages import Language
from edge.console.desk.law import Law


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load.load()


def law(book: Rulebook | None, region: str = "ir", currency: str = "IRR") -> Law:
    inside = SimpleNamespace(told=SimpleNamespace(region=region), whole=SimpleNamespace(rulebook=book))
    return Law(lambda: inside if book else None, currency)


def test_the_places_own_kind_of_number_comes_first_and_none_is_left_out(book: Rulebook) -> None:
    for one in (law(book), law(None)):
        assert one.kinds()[0] == "ir_national_code"
        assert sorted(one.kinds()) == sorted(identifiers.KINDS)
    assert law(None, currency="CNY").kinds()[0] == "cn_resident_number"


def test_schemes_ceilings_and_items_have_names_in_the_readers_language(book: Rulebook) -> None:
    known = law(book)
    assert "تأمین اجتماعی" in known.scheme("ir_social_security", Language.FA)
    assert known.ceiling("dental", ["ir_social_security", "ir_supplementary"], Language.FA) != "dental"
    assert known.ceiling("dental", ["ir_supplementary"], Language.ZH) != known.ceiling(
        "dental", ["ir_supplementary"], Language.FA
    )
    assert known.item("V0001", date(2026, 3, 21))
    assert known.item("V0001", date(1900, 1, 1)) == ""
    assert known.item("no such", date(2026, 3, 21)) == ""


def test_what_is_not_named_is_shown_by_its_code(book: Rulebook) -> None:
    bare = law(replace(book, texts={}))
    assert bare.scheme("ir_social_security", Language.FA)
    assert bare.scheme("x", Language.FA) == "x"
    for nothing in (law(None), bare):
        assert nothing.ceiling("two_diseases", ["s"], Language.ZH) == "two diseases"
    assert law(None).scheme("s", Language.EN) == "s"
    assert law(None).item("V0001", date(2026, 3, 21)) == ""
