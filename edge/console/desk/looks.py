"""Who was looked up lately, and what was told about a form that was sent: in memory, bounded, each under a random name that stands in an address instead of a
person's number. What is lost with a restart is looked up again; nothing of a case is here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from edge.console.desk.person import Answers
from edge.readers.cards.identity import CardIdentity

KEPT_MAX = 2_000
KEPT_FOR = timedelta(hours=2)
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
    """What became of a form: a refusal's ``code`` with its ``detail``, or the ``field`` that was mistyped; ``typed``: what else was in it."""

    workstation: str
    code: str = ""
    detail: str = ""
    field: str = ""
    typed: Mapping[str, str] = MappingProxyType({})


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
