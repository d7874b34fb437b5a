"""PURE: why a thing is pended, the life of an entry of the queue as one table, and which entry comes first.

An entry that waits is looked at again by the program when what it waited for arrives; one that needs a person stays until a person decides,
but what arrives may still clear it. A decision stands for ever.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

PERSON = "person"
"""What an entry waits for that only a person can end."""


class Reason(StrEnum):
    """Why it was pended."""

    PAYER_UNAVAILABLE = "payer_unavailable"
    PAYER_DECLINED = "payer_declined"
    FINDING = "finding"
    MEMBER_RECORD = "member_record"
    MISSING_TARIFF = "missing_tariff"
    NOT_AUDITED = "not_audited"


class EntryState(StrEnum):
    """Where an entry stands."""

    WAITING = "waiting"
    RERUNNING = "rerunning"
    NEEDS_PERSON = "needs_person"
    RESOLVED = "resolved"
    DECIDED = "decided"


class EntryEvent(StrEnum):
    """What may happen to it: what it waited for arrives; a look finds it gone, or still there, or there and not to be mended by waiting; a
    person decides.
    """

    ARRIVE = "arrive"
    CLEAR = "clear"
    STAY = "stay"
    ESCALATE = "escalate"
    DECIDE = "decide"


S, E = EntryState, EntryEvent

ENTRY: dict[tuple[EntryState, EntryEvent], EntryState] = {
    (S.WAITING, E.ARRIVE): S.RERUNNING,
    (S.WAITING, E.CLEAR): S.RESOLVED,
    (S.WAITING, E.STAY): S.WAITING,
    (S.WAITING, E.ESCALATE): S.NEEDS_PERSON,
    (S.WAITING, E.DECIDE): S.DECIDED,
    (S.RERUNNING, E.ARRIVE): S.RERUNNING,
    (S.RERUNNING, E.CLEAR): S.RESOLVED,
    (S.RERUNNING, E.STAY): S.WAITING,
    (S.RERUNNING, E.ESCALATE): S.NEEDS_PERSON,
    (S.RERUNNING, E.DECIDE): S.DECIDED,
    (S.NEEDS_PERSON, E.ARRIVE): S.RERUNNING,
    (S.NEEDS_PERSON, E.CLEAR): S.RESOLVED,
    (S.NEEDS_PERSON, E.STAY): S.NEEDS_PERSON,
    (S.NEEDS_PERSON, E.ESCALATE): S.NEEDS_PERSON,
    (S.NEEDS_PERSON, E.DECIDE): S.DECIDED,
    (S.RESOLVED, E.CLEAR): S.RESOLVED,
    (S.RESOLVED, E.STAY): S.WAITING,
    (S.RESOLVED, E.ESCALATE): S.NEEDS_PERSON,
    (S.DECIDED, E.CLEAR): S.DECIDED,
    (S.DECIDED, E.STAY): S.DECIDED,
    (S.DECIDED, E.ESCALATE): S.DECIDED,
}
"""What is not here is illegal: nothing arrives for, and nobody decides, what is resolved or decided."""
OPEN = (S.WAITING, S.RERUNNING, S.NEEDS_PERSON)
"""States in which an entry is in the queue."""
RERUNS_MAX = 5
"""After so many looks that changed nothing a person is needed."""
_URGENCY = {
    Reason.PAYER_DECLINED: 60,
    Reason.NOT_AUDITED: 50,
    Reason.MISSING_TARIFF: 40,
    Reason.FINDING: 30,
    Reason.MEMBER_RECORD: 20,
    Reason.PAYER_UNAVAILABLE: 10,
}
_MONEY_POINTS = 10
_AGE_DAYS_MAX = 365

assert set(_URGENCY) == set(Reason)


class Impossible(Exception):
    """The event cannot happen in that state."""


def after(state: str, event: EntryEvent) -> EntryState:
    """The state of an entry after ``event``.

    Raises:
        Impossible: not in this state.
    """
    to = ENTRY.get((EntryState(state), event))
    if to is None:
        raise Impossible(f"{state}: {event} is not possible")
    return to


def looked_at(state: str, reruns: int, *, mendable: bool) -> EntryEvent:
    """What a look that found it still there means for an entry that was looked at ``reruns`` times before."""
    given_up = state == EntryState.RERUNNING and reruns >= RERUNS_MAX
    return EntryEvent.STAY if mendable and not given_up else EntryEvent.ESCALATE


def priority(reason: str, amount: int, coins: int, opened_at: datetime, now: datetime) -> int:
    """Which entry comes first: the larger, the sooner. The kind's own urgency, ten points for each digit of the money at stake in main units
    (``coins`` of them make one), and a point for each day of waiting.
    """
    main = abs(amount) // coins  # what a part of a stay gives back is at stake as much
    digits = len(str(main)) if main else 0
    days = min(max((now - opened_at).days, 0), _AGE_DAYS_MAX)
    return _URGENCY[Reason(reason)] + _MONEY_POINTS * digits + days
