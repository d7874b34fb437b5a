"""The templates: strict about what they are not told, and nothing that is told them becomes markup."""

from __future__ import annotations

import jinja2
import pytest

from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from edge.console.languages import Tongue
from edge.console.pages import STATIC, Pages, environment, static, version

EN = Tongue(Language.EN, "Asia/Tehran", Calendar.GREGORIAN)


def test_a_value_that_is_missing_is_a_fault_and_not_a_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        Pages("/console", "H").render("message.html", EN, {"session": None, "here": "/", "heading": "x"})


def test_markup_in_a_value_is_shown_as_it_is_written() -> None:
    values = {"session": None, "here": "/", "heading": "<b>x</b>", "text": "\u202e<i>"}
    page = Pages("/console", "<u>").render("message.html", EN, values)
    assert "<b>" not in page
    assert "<i>" not in page
    assert "<u>" not in page
    assert "&lt;b&gt;x" in page


def test_every_template_compiles() -> None:
    found = environment().list_templates()
    assert len(found) >= 5
    for name in found:
        environment().get_template(name) if name.endswith(".html") else None


def test_the_address_of_a_file_changes_with_its_content() -> None:
    assert len({version(name) for name in STATIC}) == len(STATIC)
    assert sum(len(static(name)) for name in STATIC) < 150 * 1024, "a page weighs at most so much"
