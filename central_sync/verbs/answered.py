"""Which rulebook an answer is held against, and how that one differs from the one that the answer names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from central_sync.benefits.document import Settled
from central_sync.benefits.explain import Step
from central_sync.benefits.parameters import Rulebook
from central_sync.place import Place, needed
from central_sync.publications import PublicationError
from central_sync.rulebook.answers import answer
from central_sync.rulebook.changes import Change, changes, in_force
from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.strict import RulebookError
from central_sync.verbs import printing


def book_of(place: Place | None, folder: Path | None, version: str, file: Path) -> Rulebook:
    """The rulebook that was asked for: by its version, or a folder; else, of an answer, the one that it names, if the hub has published
    it; else the shipped one.

    Raises:
        Wrong: the folder or the answer is wrong.
        PublicationError: no such version was published.
    """
    if version:
        return needed(place).published(version).rulebook
    if folder is None and place is not None and file.suffix == ".json":
        named = _published(place, settlement(file).rulebook)
        if named:
            return named
    return loaded(folder or PACKAGED)


def loaded(folder: Path) -> Rulebook:
    """The rulebook in ``folder``.

    Raises:
        Wrong: something in it is wrong.
    """
    try:
        return load(folder)
    except RulebookError as error:
        raise printing.Wrong(str(error)) from error


def settlement(file: Path) -> Settled:
    """The settlement in ``file``.

    Raises:
        Wrong: it is none.
    """
    try:
        return answer(file)
    except RulebookError as error:
        raise printing.Wrong(str(error)) from error


def compared(place: Place | None, book: Rulebook, settled: Settled) -> list[str]:
    """What to say where an answer is held against another version than it names: both versions, and which of the rules that it rests on
    say something else there; nothing where they are one.
    """
    named = settled.rulebook
    if named == book.version:
        return []
    short, here = named[: printing.VERSION_CHARACTERS] or "none", printing.short(book)
    told = [f"The answer names version {short}; it is held here against version {here}."]
    before = _published(place, named)
    if before is None:
        return [*told, f"Version {short} is not at hand (--data DIR: what that hub has published)."]
    found = list(_changed(before, book, settled))
    if not found:
        return [*told, "All rules that the answer rests on say the same in both."]
    return [*told, *(f"  {_whom(one)}: {one.before} in {short}, {one.after} in {here}" for one in found)]


def _changed(before: Rulebook, after: Rulebook, settled: Settled) -> Iterator[Change]:
    steps = [*settled.patient_trace, *(step for share in settled.shares for step in share.trace)]
    rules, day = {one.rule for step in steps for one in (step, *step.less)}, _day(settled, steps)
    yield from (one for one in changes(in_force(before, day), in_force(after, day)) if one.rule in rules)


def _day(settled: Settled, steps: Sequence[Step]) -> date:
    """The day of the settlement, or, where it does not say, of the latest value in it."""
    return settled.settled_on or max((step.from_day for step in steps if step.from_day), default=date.max)


def _whom(one: Change) -> str:
    return f"{one.rule} ({one.who})" if one.who else one.rule


def _published(place: Place | None, version: str) -> Rulebook | None:
    if place is None or not version:
        return None
    try:
        return place.published(version).rulebook
    except PublicationError:
        return None  # another hub's, or of before this one kept them: then there is nothing to compare with
