"""Every message of the console, found in its templates and programs."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages import pofile
from jinja2.ext import babel_extract

import edge.console
from edge.readers.troubles import TROUBLES

FOLDER = Path(edge.console.__file__).parent
CALLS = {"_", "N_", "text", "gettext"}
OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}


def of_templates() -> Iterator[str]:
    for path in sorted((FOLDER / "templates").glob("*.html")):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_", "gettext"), (), OPTIONS):
                first = message[0] if isinstance(message, tuple) else message
                if isinstance(first, str):  # else a message that comes from a program
                    yield first


def of_programs() -> Iterator[str]:
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
                value = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
                if isinstance(value, str):
                    yield value


def of_troubles() -> Iterator[str]:
    for trouble in TROUBLES.values():
        yield from trouble


def every() -> list[str]:
    """All of them, in the order in which they are met."""
    return list(dict.fromkeys([*of_templates(), *of_programs(), *of_troubles()]))


def catalogue(language: str) -> dict[str, str]:
    """The messages of ``language`` as its file has them; those marked fuzzy are not there."""
    content = (FOLDER / "locale" / f"{language}.po").read_bytes()
    return {
        one.id: one.string for one in pofile.read_po(io.BytesIO(content), locale=language) if one.id and not one.fuzzy
    }
