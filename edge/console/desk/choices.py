"""PURE: items of the catalogue and diagnoses, found by what a clerk types of their code or their name.

A code's beginning goes before a part of a name, and shorter codes before longer ones. Letters are compared as a reader sees them: without case, Arabic and Persian
forms of a letter as one, digits of any script as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from central_sync.benefits.parameters import Item
from central_sync.terms import identifiers

SHOWN_MAX = 12
TYPED_CHARACTERS_MAX = 80
NOTED_MAX = 500
NOTED_SHOWN_MAX = 100


class Choice(NamedTuple):
    """One of them."""

    code: str
    name: str


class Ready(NamedTuple):
    """One of them with its code and name as they are compared: made once, for a catalogue has tens of thousands."""

    choice: Choice
    code: str
    name: str


def folded(text: str) -> str:
    """``text`` as it is compared."""
    return " ".join(identifiers.normalised(text[:TYPED_CHARACTERS_MAX].replace("\u200c", " ")).casefold().split())


def ready(among: Iterable[Choice]) -> tuple[Ready, ...]:
    """``among``, to be looked through often."""
    return tuple(Ready(one, folded(one.code), folded(one.name)) for one in among)


def found(typed: str, among: Iterable[Ready], most: int = SHOWN_MAX) -> list[Choice]:
    """The best of ``among`` for what was ``typed``; nothing for nothing."""
    words = folded(typed).split()
    if not words:
        return []
    ranked = []
    for one, code, name in among:
        if code.startswith(words[0]) and len(words) == 1:
            ranked.append((0, len(code), code, one))
        elif all(word in name or word in code for word in words):
            begins = any(part.startswith(words[0]) for part in name.split())
            ranked.append((1 if begins else 2, len(name), code, one))
    return [one for *_, one in sorted(ranked)[:most]]


class Catalogue:
    """What may stand on a bill here on a day: made ready once for each day and catalogue, for a clerk types quickly."""

    def __init__(self) -> None:
        self._made: tuple[Mapping[str, Item], date, tuple[Ready, ...]] | None = None

    def known(self, items: Mapping[str, Item], day: date) -> tuple[Ready, ...] | None:
        """Those in force, if they are ready."""
        made = self._made
        return made[2] if made is not None and made[0] is items and made[1] == day else None

    def on(self, items: Mapping[str, Item], day: date) -> tuple[Ready, ...]:
        """Those in force; a third of a second for twenty thousand the first time, in whatever thread."""
        known = self.known(items, day)
        if known is None:
            known = ready(Choice(item.code, item.name) for item in items.values() if item.at(day) is not None)
            self._made = (items, day, known)  # held, so that no other one is ever taken for it
        return known


class Noted:
    """Diagnoses that were written here of late, the last ones first: no list of them with names is at a gateway."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def note(self, code: str, name: str) -> None:
        """``code`` was written, with a name or without."""
        known = self._names.pop(code, "")
        self._names[code] = name or known
        while len(self._names) > NOTED_MAX:
            del self._names[next(iter(self._names))]

    def latest(self, most: int) -> list[Choice]:
        """The last ones."""
        return [Choice(code, name) for code, name in list(self._names.items())[::-1][:most]]
