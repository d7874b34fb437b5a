"""Who was looked up lately, and what was told about a form that was sent: in memory, bounded, each under a random name that stands in an address instead of a
person's number. What is lost with a restart is looked up again; nothing of a case is here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from edge.console.desk.person import UNKNOWN, Answers
from edge.readers.cards.identity import CardIdentity

KEPT_MAX = 2_000
KEPT_FOR = timedelta(hours=2)
REMEMBERED_FOR = timedelta(hours=12)
NAME_BYTES = 10


class Look(NamedTuple):
    """Somebody at the desk ``workstation``. ``read_id``: of the card that names them; empty: the number was typed."""

    workstation: str
    kind: str
    number: str
    card: CardIdentity | None = None
    read_id: str = ""
    answers: Answers | None = None


class Said(NamedTuple):
    """What became of a form: a refusal's ``code`` with its ``detail``, or the ``field`` that was mistyped; ``typed``: what else was in it; ``form``: which
    it was, where a page has several.
    """

    workstation: str
    code: str = ""
    detail: str = ""
    field: str = ""
    typed: Mapping[str, str] = MappingProxyType({})
    form: str = ""

    def typed_in(self, form: str) -> Mapping[str, str]:
        """What was typed into that form; nothing of another: a day that is meant for one field is wrong in any other."""
        return self.typed if form == self.form else {}


T = TypeVar("T", Look, Said)


class Shelf(Generic[T]):
    """Things under random names."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, T]] = {}

    def put(self, thing: T, now: datetime, name: str = "") -> str:
        """Keep ``thing``, in the place of ``name`` if there is one; its name."""
        name = name or secrets.token_hex(NAME_BYTES)
        self._kept.pop(name, None)
        self._kept[name] = (now, thing)
        while len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        return name

    def find(self, name: str, workstation: str, now: datetime) -> T | None:
        """What was kept under ``name`` for ``workstation``, if it is still there."""
        kept = self._kept.get(name)
        if kept is None or kept[1].workstation != workstation:
            return None
        if now - kept[0] >= KEPT_FOR:
            del self._kept[name]
            return None
        return kept[1]


class Memory:
    """What the insurer last said of people, for when it cannot be asked: shown with its age, and never taken for an answer of now."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], Answers] = {}

    def remembered(self, kind: str, number: str, answers: Answers) -> Answers:
        """``answers``, or if the insurer could not be asked the last ones, with why it could not."""
        who = (kind, number)
        last = self._last.get(who)
        if answers.person is not None or answers.code in UNKNOWN:
            self._last.pop(who, None)
            if answers.person is not None:
                self._last[who] = answers
                while len(self._last) > KEPT_MAX:
                    del self._last[next(iter(self._last))]
            return answers
        if last is None or answers.at - last.at >= REMEMBERED_FOR:
            return answers
        return last._replace(code=answers.code, check_code=answers.check_code)
