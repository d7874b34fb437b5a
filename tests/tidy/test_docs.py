"""The documents: links lead somewhere, commands exist, what is generated is fresh, words are explained."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from edge.readers.cards.kinds import KINDS
from tests.tidy import generate_docs, tree

PAGES = [path for path in tree.files() if path.suffix == ".md"]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
WORDS = (
    "transaction", "journal", "entry", "face", "reader", "outcome", "final", "provisional", "refused", "in_doubt", "case", "HID",
    "dossier", "deduction", "settlement", "clearing", "payment", "member", "scheme", "layer", "share", "desk", "stand-in",
    "capsule", "lease", "parked", "confirmation", "fence", "lane", "tombstone", "digest", "receipt", "batch", "feed",
)  # fmt: skip
"""What the glossary must explain."""


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(path: Path) -> set[str]:
    return {_anchor(line.lstrip("#")) for line in tree.text(path).splitlines() if line.startswith("#")}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(CODE.sub("", tree.text(page))):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        goal = (tree.ROOT / page.parent / target).resolve() if target else tree.ROOT / page
        if not goal.exists() or (
            anchor and goal.suffix == ".md" and anchor not in _anchors(goal.relative_to(tree.ROOT))
        ):
            dead.append(link)
    assert not dead


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_command_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", tree.text(Path("Makefile")), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", tree.text(page))) <= targets
    assert set(re.findall(r"^\s*(?:\$ )?make ([a-z]+)", tree.text(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", generate_docs.GENERATED)
def test_a_generated_page_says_what_the_code_does(name: str) -> None:
    page = generate_docs.DOCS / name
    assert page.is_file(), "run: make docs"
    assert page.read_text(encoding="utf-8") == generate_docs.GENERATED[name](), "run: make docs"


def test_every_refusal_stands_in_the_docs() -> None:
    from central_sync.wire.refusals import REFUSALS

    page = tree.text(Path("docs/errors.md"))
    assert not [code for code in REFUSALS if f"`{code}`" not in page]


def test_the_glossary_explains_every_word_of_the_house() -> None:
    page = tree.text(Path("docs/glossary.md")).lower()
    explained = {
        word.strip() for cell in re.findall(r"^\| \*\*(.+?)\*\*", page, re.MULTILINE) for word in cell.split(",")
    }
    assert not [word for word in WORDS if word.lower() not in explained]


def test_the_changelog_begins_with_what_is_not_released_and_names_each_release() -> None:
    page = tree.text(Path("docs/CHANGELOG.md"))
    sections = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert page.startswith("# Changelog\n")
    assert sections
    assert sections[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ – \d{4}-\d{2}-\d{2}", section) for section in sections[1:])
    version = tomllib.loads(tree.text(Path("pyproject.toml")))["project"]["version"]
    assert version == "0.1.0" or any(section.startswith(version) for section in sections[1:])


def test_decisions_are_numbered_without_gaps_and_say_what_they_cost() -> None:
    records = sorted(path for path in PAGES if path.parts[:2] == ("docs", "adr") and path.name[0].isdigit())
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for record in records:
        for heading in ("## Why", "## Decision", "## What it costs"):
            assert heading in tree.text(record), f"{record}: {heading}"


def test_the_architecture_page_names_every_room() -> None:
    page = tree.text(Path("docs/architecture.md"))
    rooms = {path.parts[:2] for path in tree.modules(*tree.PRODUCT) if len(path.parts) > 2}
    assert not [
        name for name in ("/".join(room) + "/" for room in sorted(rooms)) if name.split("/")[1] + "/" not in page
    ]


def test_every_kind_of_card_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", tree.text(Path("docs/cards.md")), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == {*(kind.name for kind in KINDS), "cn_resident"}, "cn_resident is read from frames"
