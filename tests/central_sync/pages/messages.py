"""Every message of a room of pages, found in its templates and programs, and what its catalogues say."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages import pofile
from jinja2.ext import babel_extract

import central_sync.pages
from central_sync.terms.languages import Language

OURS = Path(central_sync.pages.__file__).parent
CALLS = {"_", "N_", "text", "gettext"}
OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
OTHERS = [language.value for language in Language if language is not Language.EN]
VALUES = re.compile(r"%\((\w+)\)s|%(.)")
LATIN_WORD = re.compile(r"[A-Za-z]{3,}")
COMMAND = re.compile(r"`[^`]*`")


def of_templates(room: Path) -> Iterator[str]:
    for path in sorted((room / "templates").glob("**/*.html")):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_", "gettext"), (), OPTIONS):
                first = message[0] if isinstance(message, tuple) else message
                if isinstance(first, str):  # else a message that comes from a program
                    yield first


def of_programs(room: Path) -> Iterator[str]:
    for path in sorted(room.glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            value = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
            if called in CALLS and isinstance(value, str):
                yield value


def every(room: Path, *more: Iterable[str]) -> list[str]:
    """All of a room, and ``more``, in the order in which they are met."""
    return list(dict.fromkeys([*of_templates(room), *of_programs(room), *(one for some in more for one in some)]))


def catalogue(room: Path, language: str) -> dict[str, str]:
    """The messages of ``language`` as the room's file has them; those marked fuzzy are not there."""
    content = (room / "locale" / f"{language}.po").read_bytes()
    return {
        one.id: one.string for one in pofile.read_po(io.BytesIO(content), locale=language) if one.id and not one.fuzzy
    }


def check_complete(room: Path, language: str, messages: list[str]) -> None:
    """None is missing (here, or in what both consoles share), none is left over, none is empty."""
    known, shared = catalogue(room, language), catalogue(OURS, language)
    assert not set(messages) - set(known) - set(shared), "missing"
    assert not set(known) - set(messages), "left over"
    assert all(known.values()), [message for message, text in known.items() if not text]


def check_values(room: Path, language: str) -> None:
    """Each text has the values of its message."""
    for message, text in catalogue(room, language).items():
        assert sorted(VALUES.findall(message)) == sorted(VALUES.findall(text)), message


def check_translated(room: Path, language: str, may_stay: set[str]) -> None:
    """No English is left in a text; a command in it is one that its message names, too."""
    for message, text in catalogue(room, language).items():
        bare = COMMAND.sub("", VALUES.sub("", text))
        assert not set(LATIN_WORD.findall(bare)) - may_stay, message
        named = LATIN_WORD.findall(" ".join(COMMAND.findall(text)))
        assert set(named) <= set(LATIN_WORD.findall(message)), message
