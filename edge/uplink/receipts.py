"""PURE: what an answer of the hub means for the journal.

A confirm, a cancel and a reversal also move the confirmation of the settlement they name; that goes into the same record, so
that both become true in one commit.
"""

from __future__ import annotations

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import ItemAnswer, Verdict
from central_sync.wire.refusals import REFUSALS
from edge.journal.shapes import Marking, Record
from edge.outcome import Confirmation, Event, Mark

_STATES = {str(state): state for state in Confirmation if state is not Confirmation.NONE}


def record_of(seq: int, number: str, answer: ItemAnswer) -> Record:
    """The record of a receipt (any verdict but ``again``) for entry ``seq`` of that catalogue number."""
    assert answer.verdict is not Verdict.AGAIN
    row = BY_NUMBER[number]
    if answer.verdict is Verdict.REFUSED:
        known = answer.code in REFUSALS
        return Record(
            seq=seq,
            event=Event.DECLINED,
            code=answer.code if known else "hub_fault",
            detail=answer.detail if known else f"the hub refused with {answer.code[:50]}",
        )
    try:
        decided = msgspec.msgpack.decode(answer.packet, type=row.answer)
    except msgspec.DecodeError:
        decided = None  # the receipt counts all the same; the packet is kept as it came
    markings, reference, lifts = _consequences(decided)
    confirmation = _STATES.get(answer.confirmation, Confirmation.AWAITED) if row.confirmed else Confirmation.NONE
    return Record(
        seq=seq,
        event=Event.APPLIED,
        answer=answer.packet,
        confirmation=confirmation,
        reference=reference,
        markings=markings,
        lifts=lifts,
    )


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
