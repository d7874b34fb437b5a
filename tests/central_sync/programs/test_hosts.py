"""What a host is called."""

from __future__ import annotations

import pytest

from central_sync.programs.hosts import is_host, is_origin, on_the_line


@pytest.mark.parametrize("text", ["hub.example", "EDGE_PC", "a-b.c9", "10.0.0.5", "::1", "xn--mgbah1a3hjkrd", "a" * 63])
def test_names_and_addresses_are_hosts(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "bad name",
        "بیمه",
        "hub.example:7443",
        "https://hub",
        "hub/",
        "a..b",
        ".a",
        "-a",
        "a\n",
        "*",
        "a" * 64,
        "a." * 130,
    ],
)
def test_nothing_else_is_one(text: str) -> None:
    assert not is_host(text)


@pytest.mark.parametrize(
    ("text", "well"),
    [
        ("https://his.hospital", True),
        ("http://10.0.0.5:8080", True),
        ("https://[::1]:1", True),
        ("his.hospital", False),
        ("https://his.hospital/", False),
        ("https://his.hospital/page", False),
        ("*", False),
        ("null", False),
        ("https://بیمه", False),
    ],
)
def test_an_origin_is_what_a_browser_writes(text: str, well: bool) -> None:
    assert is_origin(text) is well


def test_a_name_in_other_letters_has_its_form_on_the_line() -> None:
    assert on_the_line("بیمارستان.ir").startswith("xn--")
    assert on_the_line("a" * 70) == on_the_line("bad name") == ""
