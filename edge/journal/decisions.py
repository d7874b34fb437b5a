"""PURE: what an answer of the hub means for the entry that it answers, and for others.

A confirm, a cancel and a reversal also move the confirmation of the settlement they name; that is kept with the answer, so that
both become true in one commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import msgspec
from msgspec import Struct

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import ItemAnswer, Verdict
from central_sync.wire.refusals import REFUSALS
from edge.journal.shapes import Marking
from edge.outcome import Confirmation, Event, Mark

_STATES = {str(state): state for state in Confirmation if state is not Confirmation.NONE}
_TELLING = (p.Settlement, p.Confirmed, p.SettleCancelled, p.Reversed)
_VERDICT, _PACKET = attrgetter("verdict"), attrgetter("packet")
_PLAIN = frozenset(number for number, row in BY_NUMBER.items() if row.answer not in _TELLING)
"""Numbers whose answer says nothing of others, so that it need not be opened here."""


class Decision(Struct, frozen=True, kw_only=True):
    """What was decided. ``reference``: the settlement id that the answer names; ``markings``: what it does to settlements; ``lifts``: the
    msgid of an original whose local tombstone is to go, because the hub now holds the truth.
    """

    event: Event
    code: str = ""
    detail: str = ""
    confirmation: Confirmation = Confirmation.NONE
    reference: str = ""
    markings: tuple[Marking, ...] = ()
    lifts: str = ""


APPLIED = Decision(event=Event.APPLIED)
"""Done, and nothing follows from it: what most answers decide."""


def decision_of(number: str, answer: ItemAnswer) -> Decision:
    """What ``answer`` (any verdict but ``again``) decides on an entry of that catalogue number."""
    if answer.verdict is Verdict.FINAL and number in _PLAIN:
        return APPLIED
    assert answer.verdict is not Verdict.AGAIN
    row = BY_NUMBER[number]
    if answer.verdict is Verdict.REFUSED:
        if answer.code in REFUSALS:
            return Decision(event=Event.DECLINED, code=answer.code, detail=answer.detail)
        return Decision(event=Event.DECLINED, code="hub_fault", detail=f"the hub refused with {answer.code[:50]}")
    try:
        decided = msgspec.msgpack.decode(answer.packet, type=row.answer)
    except msgspec.DecodeError:
        decided = None  # the receipt counts all the same; the packet is kept as it came
    markings, reference, lifts = _consequences(decided)
    confirmation = _STATES.get(answer.confirmation, Confirmation.AWAITED) if row.confirmed else Confirmation.NONE
    return Decision(event=Event.APPLIED, confirmation=confirmation, reference=reference, markings=markings, lifts=lifts)


class Decided(Struct, frozen=True):
    """What a batch of answers decides, one by one. ``plain``: each is :data:`APPLIED`. ``weight``: of them, in bytes."""

    decisions: Sequence[Decision]
    plain: bool
    weight: int


def decided_of(numbers: Sequence[str], answers: Sequence[ItemAnswer], texts: Sequence[bytes] = ()) -> Decided:
    """What ``answers`` decide on entries of those numbers; ``texts``: the answers in MessagePack, if they are there."""
    weight = sum(map(len, texts or map(_PACKET, answers)))
    if _PLAIN.issuperset(numbers) and list(map(_VERDICT, answers)).count(Verdict.FINAL) == len(answers):
        return Decided([APPLIED] * len(answers), True, weight)
    return Decided([decision_of(*pair) for pair in zip(numbers, answers, strict=True)], False, weight)


def _consequences(decided: p.Answer | None) -> tuple[tuple[Marking, ...], str, str]:
    """(markings, settlement id, msgid whose local tombstone goes)."""
    match decided:
        case p.Settlement():
            return (), decided.settlement_id, ""
        case p.Confirmed():
            mark = Mark.CONFIRM if decided.confirmation == Confirmation.CONFIRMED else Mark.ANNUL
            return (Marking(mark=mark, reference=decided.settlement_id),), "", ""
        case p.SettleCancelled():
            return (Marking(mark=Mark.UNDO, reference=decided.settlement_id),), decided.settlement_id, ""
        case p.Reversed() if decided.effect == "reversed":
            # of the two, the journal takes the one that fits what the original was: a settlement, or the cancel of one
            original = decided.original_msgid
            return (Marking(mark=Mark.UNDO, msgid=original), Marking(mark=Mark.REINSTATE, msgid=original)), "", original
        case _:
            return (), "", ""
