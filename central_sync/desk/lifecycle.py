"""PURE: the life of a case and the life of a settlement's confirmation, each as one table.

A table says for (state, event) the next state, or the refusal that the event meets there. Every pair is in it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from central_sync.wire.refusals import REFUSALS, Refused


class State(StrEnum):
    """Where a case stands. Outpatient cases go from open to settled, inpatient ones over discharged."""

    OPEN = "open"
    DISCHARGED = "discharged"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What may happen to a case."""

    DESCRIBE = "describe"
    CHARGE = "charge"
    DISCHARGE = "discharge"
    RECALL = "recall"
    SETTLE_PART = "settle_part"
    SETTLE = "settle"
    CANCEL = "cancel"


class Confirmation(StrEnum):
    """Where a settlement stands; the last three are no longer in force."""

    AWAITED = "awaited"
    CONFIRMED = "confirmed"
    ANNULLED = "annulled"
    UNDONE = "undone"
    REPLACED = "replaced"


class Saying(StrEnum):
    """What may be said of a settlement: 49 with result 0, 49 with another, its cancel or reversal, and that the hub settled it again: then
    the one that replaces it goes on with the confirmation that it had.
    """

    CONFIRM = "confirm"
    ANNUL = "annul"
    UNDO = "undo"
    REPLACE = "replace"


class Step(NamedTuple):
    """``to`` is the next state, or ``refusal`` the code that says why not."""

    to: str = ""
    refusal: str = ""


S, E, C, Y = State, Event, Confirmation, Saying

CASE: dict[tuple[State, Event], Step] = {
    (S.OPEN, E.DESCRIBE): Step(S.OPEN),
    (S.OPEN, E.CHARGE): Step(S.OPEN),
    (S.OPEN, E.DISCHARGE): Step(S.DISCHARGED),
    (S.OPEN, E.RECALL): Step(refusal="case_not_discharged"),
    (S.OPEN, E.SETTLE_PART): Step(S.OPEN),
    (S.OPEN, E.SETTLE): Step(S.SETTLED),
    (S.OPEN, E.CANCEL): Step(S.CANCELLED),
    (S.DISCHARGED, E.DESCRIBE): Step(refusal="case_closed"),
    (S.DISCHARGED, E.CHARGE): Step(S.DISCHARGED),
    (S.DISCHARGED, E.DISCHARGE): Step(refusal="case_closed"),
    (S.DISCHARGED, E.RECALL): Step(S.OPEN),
    (S.DISCHARGED, E.SETTLE_PART): Step(refusal="interim_not_possible"),
    (S.DISCHARGED, E.SETTLE): Step(S.SETTLED),
    (S.DISCHARGED, E.CANCEL): Step(refusal="case_closed"),
    **{(S.SETTLED, event): Step(refusal="case_closed") for event in Event},
    (S.SETTLED, E.SETTLE_PART): Step(refusal="already_settled"),
    (S.SETTLED, E.SETTLE): Step(refusal="already_settled"),
    **{(S.CANCELLED, event): Step(refusal="case_closed") for event in Event},
}
"""What takes a settlement back reopens its case: an outpatient one to open, an inpatient one to discharged."""

CONFIRMATION: dict[tuple[Confirmation, Saying], Step] = {
    (C.AWAITED, Y.CONFIRM): Step(C.CONFIRMED),
    (C.AWAITED, Y.ANNUL): Step(C.ANNULLED),
    (C.AWAITED, Y.UNDO): Step(C.UNDONE),
    (C.CONFIRMED, Y.CONFIRM): Step(C.CONFIRMED),
    (C.CONFIRMED, Y.ANNUL): Step(refusal="already_confirmed"),
    (C.CONFIRMED, Y.UNDO): Step(C.UNDONE),
    (C.ANNULLED, Y.CONFIRM): Step(refusal="already_undone"),
    (C.ANNULLED, Y.ANNUL): Step(C.ANNULLED),
    (C.ANNULLED, Y.UNDO): Step(refusal="already_undone"),
    (C.AWAITED, Y.REPLACE): Step(C.REPLACED),
    (C.CONFIRMED, Y.REPLACE): Step(C.REPLACED),
    (C.ANNULLED, Y.REPLACE): Step(refusal="already_undone"),
    **{(C.REPLACED, saying): Step(refusal="already_undone") for saying in Saying},
    **{(C.UNDONE, saying): Step(refusal="already_undone") for saying in Saying},
}

assert set(CASE) == {(state, event) for state in State for event in Event}
assert set(CONFIRMATION) == {(state, saying) for state in Confirmation for saying in Saying}
assert all(bool(step.to) != bool(step.refusal) for step in (*CASE.values(), *CONFIRMATION.values()))
assert all(step.refusal in REFUSALS for step in (*CASE.values(), *CONFIRMATION.values()) if step.refusal)


def after(state: str, event: Event, *, inpatient: bool) -> State:
    """The state of a case after ``event``.

    Raises:
        Refused: the event is not possible there; an inpatient case is settled only after its discharge, and an outpatient
            one never in part.
    """
    if event is Event.SETTLE_PART and state == State.OPEN and not inpatient:
        raise Refused("interim_not_possible")
    if inpatient and event is Event.SETTLE and state == State.OPEN:
        raise Refused("case_not_discharged")
    step = CASE[State(state), event]
    if step.refusal:
        raise Refused(step.refusal)
    return State(step.to)


def reopened(*, inpatient: bool) -> State:
    """The state of a case whose settlement was taken back."""
    return State.DISCHARGED if inpatient else State.OPEN


def said(confirmation: str, saying: Saying) -> Confirmation:
    """The confirmation after ``saying``.

    Raises:
        Refused: ``already_undone`` or ``already_confirmed``.
    """
    step = CONFIRMATION[Confirmation(confirmation), saying]
    if step.refusal:
        raise Refused(step.refusal)
    return Confirmation(step.to)
