"""Items and diagnoses found by what is typed of a code or a name."""

from __future__ import annotations

from datetime import date

import pytest

from edge.console.desk import choices
from edge.console.desk.choices import Catalogue, Choice, Noted, found, ready
from tests.edge.rulebook_hub import whole

ITEMS = (
    Choice("V0001", "ویزیت پزشک عمومی"),
    Choice("V0002", "ویزیت متخصص"),
    Choice("L0001", "آزمایش خون"),
    Choice("L00010", "Blood count, V0001 before"),
)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("", []),
        ("   ", []),
        ("v", ["V0001", "V0002"]),
        ("L0001", ["L0001", "L00010"]),
        ("l۰۰۰۱", ["L0001", "L00010"]),
        ("ويزيت", ["V0002", "V0001"]),
        ("ویزیت عمومی", ["V0001"]),
        ("عمومی ویزیت", ["V0001"]),
        ("COUNT blood", ["L00010"]),
        ("nothing of this", []),
        ("\u202e", []),
        ("%_'\"<", []),
    ],
)
def test_a_code_or_a_part_of_a_name_finds_it_as_a_reader_would(typed: str, codes: list[str]) -> None:
    shown = [one.code for one in found(typed, ready(ITEMS))]
    assert shown[: len(codes)] == codes
    assert codes or not shown


def test_no_more_are_shown_than_a_list_holds_and_nothing_typed_is_too_long() -> None:
    many = ready(Choice(f"A{number}", "name") for number in range(500))
    assert len(found("a", many)) == choices.SHOWN_MAX
    assert found("a" * 100_000, many) == []


def test_the_catalogue_of_a_day_is_made_once() -> None:
    items, catalogue, day = whole().rulebook.regions["ir"].items, Catalogue(), date(2026, 3, 25)
    first = catalogue.on(items, day)
    assert catalogue.on(items, day) is first
    assert {one.choice.code for one in first} <= items.keys()
    assert catalogue.on(items, date(1900, 1, 1)) == ()


def test_a_key_that_is_typed_makes_no_letter_of_the_catalogue_ready_again(monkeypatch: pytest.MonkeyPatch) -> None:
    many, asked = ready(Choice(f"A{number}", "name") for number in range(500)), []
    monkeypatch.setattr(choices, "folded", lambda text: asked.append(text) or text)
    assert found("name", many)
    assert asked == ["name"]


def test_another_catalogue_is_never_taken_for_the_one_before() -> None:
    items, catalogue, day = whole().rulebook.regions["ir"].items, Catalogue(), date(2026, 3, 25)
    for _ in range(20):  # a rulebook that goes leaves its place in memory to the next one
        assert [one.choice.code for one in catalogue.on(dict(items), day)]
        assert catalogue.on({}, day) == ()


def test_diagnoses_that_were_written_are_offered_the_last_first_with_the_name_that_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted = Noted()
    for code, name in (("J06.9", "a cold"), ("I10", ""), ("J06.9", "")):
        noted.note(code, name)
    assert noted.latest(5) == [Choice("J06.9", "a cold"), Choice("I10", "")]
    monkeypatch.setattr(choices, "NOTED_MAX", 2)
    noted.note("A00", "")
    assert [one.code for one in noted.latest(5)] == ["A00", "J06.9"]
