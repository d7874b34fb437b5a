"""What the audit trail says, in the reader's words: every code has one, remarks of our programs are told, what strangers caused is shown as it is."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import central_sync
from central_sync.api.enrol import ACTIONS as REFUSED_THERE
from central_sync.console import trail_words
from central_sync.console.access import Role
from central_sync.pages.languages import Tongue
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language

ROOMS = ("central_sync.console",)
PERSIAN = Tongue(Language.FA, "Asia/Tehran", Calendar.JALALI, ROOMS)
ENGLISH = Tongue(Language.EN, "UTC", Calendar.GREGORIAN, ROOMS)
ISOLATES = dict.fromkeys((0x2068, 0x2069))
WRITERS = ("audit.add", "_audit", "trail.note")
"""How calls end that write a row; the action is their first text that stands there whole and is a code, never the first or second argument."""


def written() -> Iterator[tuple[str, str, list[ast.expr]]]:
    """Where a row is written, its action, and what is written after it; an action that is no text there is told from outside."""
    for path in sorted(Path(central_sync.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            ends = [one for one in WRITERS if called == one or called.endswith((f".{one}", f"_{one}"))]
            if isinstance(node, ast.Call) and ends:
                place = {"audit.add": 2, "trail.note": 1, "_audit": 1}[ends[0]]
                action = node.args[place]
                if isinstance(action, ast.Constant):
                    yield path.name, str(action.value), node.args[place + 1 :]


def test_every_action_that_is_written_has_a_word_and_no_word_is_left_over() -> None:
    actions = {action for _, action, _ in written()} | set(REFUSED_THERE.values()) | {"audit_suppressed"}
    assert actions == set(trail_words.ACTIONS)


def test_every_remark_that_a_program_makes_has_a_shape() -> None:
    """What stands in braces is a code or a number; a remark that nothing fits would be English in every language."""
    by_hand = {("resettlement.py", "settlement replaced"), ("tunnel.py", "tunnel_announced"), ("authority.py", "authority_retired")}  # fmt: skip
    unknown = []
    for where, action, texts in written():
        for text in texts:
            if isinstance(text, ast.JoinedStr) and (where, action) not in by_hand:
                made = "".join(part.value if isinstance(part, ast.Constant) else "7" for part in text.values)
                tries = (
                    made,
                    made.replace("7, 7", "operator, all hospitals"),
                    made.replace("7: 7", "change: It is so."),
                )
                if all(trail_words.told(one, ENGLISH) == f'<bdi class="code">{one}</bdi>' for one in tries):
                    unknown.append((where, action, made))
    assert not unknown


@pytest.mark.parametrize(
    ("remark", "said"),
    [
        ("valid 24 hours", "اعتبار: ۲۴ ساعت"),
        ("operator, hospitals: 2", "متصدی، بیمارستان‌ها: ۲"),
        ("valid 24 hours repeated 3 times", "اعتبار: ۲۴ ساعت، ۳ بار دیگر"),
        ("day 2026-11-28", "روز ۱۴۰۵/۰۹/۰۷"),
        ("nobody", "هیچ‌کس"),
        ("change: The code is not right, or was used before. Wait for the next one.", None),
    ],
)
def test_a_remark_of_a_program_is_told_in_the_readers_language(remark: str, said: str | None) -> None:
    told = str(trail_words.told(remark, PERSIAN))
    if said is not None:
        assert told.translate(ISOLATES) == said
    assert not set(told.partition("</bdi>")[2] or told) & set(string.ascii_letters) - set("bdicloase=")


def test_codes_within_a_remark_stay_codes() -> None:
    told = str(trail_words.told("certificate ab12 after cd34", PERSIAN))
    assert '<bdi class="code">ab12</bdi>' in told
    assert '<bdi class="code">cd34</bdi>' in told


@pytest.mark.parametrize(
    "hostile",
    ["<script>x</script>", "from <b>", "valid " + "9" * 4000 + " hours", "day 2026-99-99", "%(count)s %", "a: <i>x.", "\u202e\0", ""],
)  # fmt: skip
def test_what_a_stranger_caused_is_shown_harmlessly(hostile: str) -> None:
    told = str(trail_words.told(hostile, PERSIAN))
    assert "<" not in told.replace('<bdi class="code">', "").replace("</bdi>", "")


def test_every_role_is_told_in_a_remark() -> None:
    assert set(trail_words.ROLES) == {str(role) for role in Role}


def test_why_a_message_was_given_up_is_told_with_its_code() -> None:
    remark = "message 7f: recipients_refused_550"
    assert "it takes none of the addresses: it answered 550" in trail_words.told(remark, ENGLISH)
    assert "هیچ یک از نشانی‌ها را نمی‌پذیرد" in trail_words.told(remark, PERSIAN)
    assert "recipients_refused_550" in trail_words.told(remark, PERSIAN)
    assert "&lt;b&gt;" in trail_words.told("message 7f: <b>", PERSIAN)


def test_anchors_that_are_not_proven_are_told_with_their_reasons() -> None:
    remark = "authority drill_wrong_name, update expired"
    assert trail_words.told(remark, ENGLISH).startswith(
        "the hub&#39;s authority: the hub&#39;s next certificate is not for"
    )
    told = trail_words.told(remark, PERSIAN)
    assert not re.search("[a-z]{3}", re.sub("<[^>]*>", "", told)), told
    assert "، " in told
    assert "from_a_newer_one" in trail_words.told("tunnel from_a_newer_one", PERSIAN)
    assert trail_words.told("tunnel, authority", ENGLISH) == '<bdi class="code">tunnel, authority</bdi>'
