"""The settlements of all worked cases, for whoever tells or audits them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from central_sync.benefits.document import Settled, settled_of
from central_sync.benefits.facts import CaseFacts
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.settlement import settle
from central_sync.rulebook.cases import read, told
from central_sync.rulebook.load import load

FOLDER = Path(__file__).parents[2] / "rulebook_cases"
COUNTRIES = FOLDER / "countries"


class Worked(NamedTuple):
    """One settlement, and what it was computed from."""

    name: str
    rulebook: Rulebook
    facts: CaseFacts
    settled: Settled


@lru_cache(1)
def worked() -> tuple[Worked, ...]:
    """All of them."""
    found = []
    published, shipped = FOLDER / "published", load()
    folders = [
        (shipped, FOLDER),
        (shipped, published / "ir"),
        (load(published / "cn" / "rulebook"), published / "cn"),
        (load(published / "other" / "rulebook"), published / "other"),
        (load(COUNTRIES / "rulebook"), COUNTRIES / "cases"),
    ]
    for rulebook, folder in folders:
        for file in sorted(folder.glob("*.yaml")):
            for case in read(file):
                given = told(rulebook, case)
                done = settle(rulebook, given.facts, given.lines, given.before)
                found.append(Worked(case.name, rulebook, given.facts, settled_of(done, rulebook, case.region)))
    return tuple(found)
