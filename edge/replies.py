"""PURE: how a transaction stands, in the words of a reply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER, Row
from central_sync.wire.messages import ItemAnswer, Verdict
from edge.calls import Reply
from edge.journal.shapes import Standing
from edge.outcome import Outcome


def plain(row: Row, packet: bytes) -> dict[str, Any]:
    """The hub's answer as plain values, every field of it; one that does not fit the row's type is passed on as far as it
    can be read.
    """
    try:
        known = whole(msgspec.msgpack.decode(packet, type=row.answer))
    except msgspec.DecodeError:
        try:
            known = msgspec.to_builtins(msgspec.msgpack.decode(packet))
        except msgspec.DecodeError:
            known = {}
    return known if isinstance(known, dict) else {}


def never_seen(receipt: ItemAnswer) -> bool:
    """Whether the hub says so, in answer to a query."""
    if receipt.verdict is not Verdict.FINAL:
        return False
    try:
        return msgspec.msgpack.decode(receipt.packet, type=p.QueryAnswer).outcome == "unknown"
    except msgspec.DecodeError:
        return False


def whole(value: Any) -> Any:
    """Plain values with the defaults written out: the line leaves them away, a HIS should not have to know them."""
    match value:
        case msgspec.Struct():
            return {name: whole(getattr(value, name)) for name in value.__struct_fields__}
        case list():
            return [whole(part) for part in value]
        case _:
            return msgspec.to_builtins(value)


def refused(msgid: str, number: str, code: str, detail: str = "") -> Reply:
    """A definite no."""
    return Reply(outcome=Outcome.REFUSED, msgid=msgid, number=number, code=code, detail=detail)


def answered(msgid: str, row: Row, answer: dict[str, Any]) -> Reply:
    """The answer to a read."""
    return Reply(outcome=Outcome.FINAL, msgid=msgid, number=row.number, answer=answer)


def reply_of(standing: Standing) -> Reply:
    """How a journaled transaction stands. An opened case has its HID even while provisional."""
    row, outcome = BY_NUMBER[standing.number], standing.outcome
    answer: dict[str, Any] | None = None
    if outcome is Outcome.FINAL:
        answer = plain(row, standing.answer)
    elif row.opens_case and outcome is Outcome.PROVISIONAL:
        answer = {"hid": standing.hid}
    return Reply(
        outcome=outcome,
        msgid=standing.msgid,
        number=standing.number,
        answer=answer,
        code=standing.code,
        detail=standing.detail,
        confirmation=str(standing.confirmation),
        ticket="" if outcome.decided else standing.msgid,
    )


def as_query_answer(standing: Standing) -> p.QueryAnswer:
    """43, from the journal."""
    reply = reply_of(standing)
    return p.QueryAnswer(
        original_msgid=standing.msgid,
        outcome=str(reply.outcome),
        number=standing.number,
        code=reply.code,
        confirmation=reply.confirmation,
        packet=reply.answer,
    )


def open_transactions(standings: Iterable[Standing]) -> list[p.OpenTransaction]:
    """44, from the journal."""
    return [
        p.OpenTransaction(
            msgid=standing.msgid,
            number=standing.number,
            outcome=str(standing.outcome),
            confirmation=str(standing.confirmation),
            hid=standing.hid,
            recorded_at=standing.recorded_at,
            parked=standing.parked,
        )
        for standing in standings
    ]
