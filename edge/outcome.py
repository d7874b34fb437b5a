"""PURE: the life of a transaction, and the life of a settlement's confirmation, each as one table.

A transaction is born open, and what an open one is told as is its resolution's: a ``replay`` is provisional, a ``fence`` in doubt. Rules
    * What is not in the table is illegal and an error; nothing is guessed.
    * ``final`` and ``refused`` never change. The same answer arriving again is allowed there and changes nothing.
    * ``refused`` is definite: it was never applied and never will be.
"""

from __future__ import annotations

from enum import StrEnum

from central_sync.wire.catalogue import BY_NUMBER, Resolution
from edge.errors import IllegalEvent


class Outcome(StrEnum):
    """What an answer is worth."""

    PROVISIONAL = "provisional"
    IN_DOUBT = "in_doubt"
    FINAL = "final"
    REFUSED = "refused"

    @property
    def decided(self) -> bool:
        """Whether it is the last word."""
        return self in (Outcome.FINAL, Outcome.REFUSED)


class Event(StrEnum):
    """What can happen to a journaled transaction."""

    APPLIED = "applied"
    """The hub says: done."""
    DECLINED = "declined"
    """The hub says: no, and never."""
    WITHDRAWN = "withdrawn"
    """The deadline passed and a fence has certainly not left: it never will."""


O, E = Outcome, Event

LIFE: dict[tuple[Outcome, Event], Outcome] = {
    (O.PROVISIONAL, E.APPLIED): O.FINAL,
    (O.PROVISIONAL, E.DECLINED): O.REFUSED,
    (O.IN_DOUBT, E.APPLIED): O.FINAL,
    (O.IN_DOUBT, E.DECLINED): O.REFUSED,
    (O.IN_DOUBT, E.WITHDRAWN): O.REFUSED,
    (O.FINAL, E.APPLIED): O.FINAL,
    (O.REFUSED, E.DECLINED): O.REFUSED,
}


BORN = {
    number: O.IN_DOUBT if row.resolution is Resolution.FENCE else O.PROVISIONAL for number, row in BY_NUMBER.items()
}
"""How a transaction of each catalogue number stands while nothing is known of it."""


def born(number: str) -> Outcome:
    """How a transaction of that catalogue number stands while nothing is known of it."""
    return BORN[number]


def after(outcome: Outcome, event: Event) -> Outcome:
    """The next state.

    Raises:
        IllegalEvent: the table has no such step.
    """
    try:
        return LIFE[outcome, event]
    except KeyError:
        raise IllegalEvent(f"{event} cannot follow {outcome}") from None


class Confirmation(StrEnum):
    """Whether the HIS has booked a settlement."""

    NONE = "none"
    AWAITED = "awaited"
    CONFIRMED = "confirmed"
    ANNULLED = "annulled"
    UNDONE = "undone"


class Mark(StrEnum):
    """What can happen to a settlement after the hub has made it."""

    CONFIRM = "confirm"
    """49 with HIS result 0, or a person at the hub."""
    ANNUL = "annul"
    """49 with any other result, or a person at the hub."""
    UNDO = "undo"
    """A cancel or a reversal took it back."""
    REINSTATE = "reinstate"
    """The cancel itself was reversed: the settlement is in force again, as it was before."""


C, M = Confirmation, Mark

CONFIRMATIONS: dict[tuple[Confirmation, Mark], Confirmation] = {
    (C.AWAITED, M.CONFIRM): C.CONFIRMED,
    (C.AWAITED, M.ANNUL): C.ANNULLED,
    (C.AWAITED, M.UNDO): C.UNDONE,
    (C.CONFIRMED, M.CONFIRM): C.CONFIRMED,
    (C.CONFIRMED, M.UNDO): C.UNDONE,
    (C.ANNULLED, M.ANNUL): C.ANNULLED,
    (C.UNDONE, M.UNDO): C.UNDONE,
}


def marked(confirmation: Confirmation, mark: Mark, before: Confirmation = Confirmation.AWAITED) -> Confirmation:
    """The next state of a settlement's confirmation; ``before`` is what it was when it was undone.

    Raises:
        IllegalEvent: the table has no such step.
    """
    if (confirmation, mark) == (C.UNDONE, M.REINSTATE):
        return before
    try:
        return CONFIRMATIONS[confirmation, mark]
    except KeyError:
        raise IllegalEvent(f"{mark} cannot follow {confirmation}") from None
