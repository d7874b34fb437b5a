"""What the rulebook says to a desk, and what is said before there is one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from central_sync.benefits.compiled import cut
from central_sync.benefits.parameters import Rulebook
from central_sync.rulebook import load
from central_sync.terms import identifiers
from central_sync.terms.languages import Language
from edge.console.desk import choices
from edge.console.desk.choices import Choice, Ready
from edge.console.desk.law import Law
from tests.edge.rulebook_hub import whole


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load.load()


def law(book: Rulebook | None, region: str = "ir", currency: str = "IRR") -> Law:
    audit = SimpleNamespace(places={})
    inside = SimpleNamespace(told=SimpleNamespace(region=region), whole=SimpleNamespace(rulebook=book, audit=audit))
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


def test_a_hospital_knows_its_tier_from_what_was_cut_for_it_alone(book: Rulebook) -> None:
    assert law(None).tier == ""
    assert law(book).tier == "", "all of them: nobody says which"
    inside = SimpleNamespace(told=SimpleNamespace(region="ir"), whole=cut(whole(), "ir", "charity"))
    assert Law(lambda: inside, "IRR").tier == "charity"


def test_codes_are_those_of_an_item_that_is_in_force(book: Rulebook) -> None:
    day = date(2026, 3, 21)
    assert law(book).codes("A0001", day) == {"relative_value_code": "A0001"}
    for nothing in (
        law(book).codes("D0001", day),  # the audit's rules do not know the region
        law(book).codes("A0001", date(1900, 1, 1)),
        law(book).codes("none", day),
        law(None).codes("A0001", day),
    ):
        assert nothing == {}


async def test_items_are_made_ready_beside_the_loop_once_and_before_they_are_asked_for(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, known, threads = date(2026, 3, 21), law(book), list[str]()
    ready = choices.ready

    def noted(among: Iterable[Choice]) -> tuple[Ready, ...]:
        threads.append(threading.current_thread().name)
        return ready(among)

    monkeypatch.setattr(choices, "ready", noted)
    known.prepare(day)
    first, second = await asyncio.gather(known.choices(day), known.choices(day))
    assert first is second
    assert first
    assert len(threads) == 1
    assert threads[0] != threading.current_thread().name
    known.prepare(day)
    await known.stop()
    await known.stop()
    assert await law(None).choices(day) == ()
