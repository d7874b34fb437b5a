"""The templates: strict about what they are not told, and nothing that is told them becomes markup."""

from __future__ import annotations

import jinja2
import pytest
from markupsafe import Markup

from central_sync.pages.languages import Tongue
from central_sync.pages.rendering import Pages, commands, environment, unforced
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language

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


def test_no_value_turns_round_what_is_written_after_it() -> None:
    values = {
        "session": None,
        "here": "/",
        "heading": "\u202elive\u202c",
        "text": commands("\u202d`a`\u2068۱\u2069\u200c"),
    }
    page = Pages("/console", "\u202bH").render("message.html", EN, values)
    assert not set("\u202a\u202b\u202c\u202d\u202e") & set(page)
    assert "live" in page
    assert '<bdi class="code command" dir="ltr">a</bdi>\u2068۱\u2069\u200c' in page, (
        "markup stays so, and what isolates"
    )


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("א\u2067", "א"), ("א\u2066b\u2068", "אb"), ("א\u2069\u2067b", "אb"), ("\u2068א\u2067b\u2069", "א\u2067b\u2069"),
        ("\u2068א\u2066b\u2069\u2069", "\u2068א\u2066b\u2069\u2069"), ("\u2068א\u2069 \u2068۱\u2069", "\u2068א\u2069 \u2068۱\u2069"),
    ],
)  # fmt: skip
def test_an_isolate_that_is_not_ended_opens_no_element_around_it(named: str, shown: str) -> None:
    assert unforced(named) == shown
    told = unforced(Markup("<b>{}</b>").format(named))
    assert (told, type(told)) == (Markup(f"<b>{shown}</b>"), Markup)


@pytest.mark.parametrize("rooms", [(), ("edge.console",)])
def test_every_template_compiles(rooms: tuple[str, ...]) -> None:
    found = [name for name in environment(rooms).list_templates() if name.endswith(".html")]
    assert {"base.html", "macros.html", "message.html"} <= set(found)
    for name in found:
        environment(rooms).get_template(name)


def test_a_command_in_a_sentence_runs_from_left_to_right_and_what_stands_around_it_is_escaped() -> None:
    told = commands("در درگاه: `pishkhan-edge doctor <x>` & …")
    assert (
        told
        == 'در درگاه: <bdi class="code command" dir="ltr"><span>pishkhan-edge</span> doctor &lt;x&gt;</bdi> &amp; …'
    )


def test_what_ends_a_sentence_stays_with_its_command_and_a_backquote_too_few_loses_nothing() -> None:
    told = commands("`a b`. `c`, `<d>` e `f")
    stopped = '<span class="stopped"><bdi class="code command" dir="ltr">{}</bdi>{}</span>'
    plain = '<bdi class="code command" dir="ltr">{}</bdi>'
    assert told == (
        f"{stopped.format('a b', '.')} {stopped.format('c', ',')} {plain.format('&lt;d&gt;')} e {plain.format('f')}"
    )
    assert commands("") == ""
