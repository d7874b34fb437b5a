"""Every command of the two programs that a page tells somebody to type exists, with its options."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from central_sync.__main__ import main as hub
from edge.__main__ import main as edge
from tests.tidy import tree

PROGRAMS = {"pishkhan-edge": edge, "pishkhan-hub": hub}
IN_TICKS = re.compile(r"`(pishkhan-(?:edge|hub) [^`\n]+)`")
ON_A_LINE = re.compile(r"^ *(?:\$ )?(pishkhan-(?:edge|hub) .+)$", re.MULTILINE)
ELSEWHERE = re.compile(r"^ssh \S+ ")
PAGES = [
    tree.ROOT / "README.md",
    *sorted(tree.ROOT.glob("docs/**/*.md")),
    *sorted(tree.ROOT.glob("firmware_cfg/**/*.md")),
]
TYPED = sorted(
    {
        typed
        for page in PAGES
        for pattern in (IN_TICKS, ON_A_LINE)
        for found in pattern.findall(page.read_text(encoding="utf-8"))
        for part in found.split(" | ")
        if (typed := ELSEWHERE.sub("", part)).startswith("pishkhan-")
    }
)


def _unknown(command: click.Command, words: list[str]) -> str:
    """The first word that ``command`` does not know, or nothing; values of options and arguments may be anything."""
    flags = {name: option for option in command.params if isinstance(option, click.Option) for name in option.opts}
    words = list(words)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            if word not in flags:
                return word
            if not flags[word].is_flag and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            return word if found is None else _unknown(found, words)
    return ""


def test_the_pages_tell_what_to_type() -> None:
    assert len(TYPED) > 10


@pytest.mark.parametrize("typed", TYPED)
def test_a_command_on_a_page_exists(typed: str) -> None:
    program, *words = shlex.split(typed, comments=True)
    assert _unknown(PROGRAMS[program], words) == ""


@pytest.mark.parametrize("typed", ["pishkhan-edge destroy", "pishkhan-hub hospital burn", "pishkhan-hub run --fast"])
def test_a_command_that_does_not_exist_is_found(typed: str) -> None:
    program, *words = typed.split()
    assert _unknown(PROGRAMS[program], words) == words[-1]
