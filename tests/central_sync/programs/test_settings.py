"""Texts of a settings file that no system takes."""

from __future__ import annotations

from central_sync.programs.settings import place_of_nul


def test_the_first_text_with_a_nul_is_named_by_its_place() -> None:
    assert place_of_nul({"a": 1, "b": [{"c": ["x", "y\0"]}], "d": "\0"}) == "$.b[0].c[1]"


def test_where_there_is_none_nothing_is_named() -> None:
    assert place_of_nul({"a": ["x", {"b": ""}], "c": 1.5, "d": True}) == ""
