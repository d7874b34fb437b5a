"""The life of one transaction, put together from what the hub keeps of it: one consistent moment, no packets, nobody's name."""

from __future__ import annotations

from datetime import UTC
from typing import Any, NamedTuple

import msgspec

from central_sync.benefits.explain import Step
from central_sync.store import UnitOfWork
from central_sync.store.records import LedgerRow, Settlement, SignedRoot
from central_sync.store.review_records import PayerShare, ReviewEntry, ReviewStep
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.refusals import REFUSALS, Sentences


class ShareTold(NamedTuple):
    """What one layer pays, and its reasons."""

    layer: str
    scheme: str
    payer: str
    amount: int
    deferred: bool
    trace: list[Step]


class Settled(NamedTuple):
    """A settlement: what was decided, by which rules, and what became of it."""

    row: Settlement
    rulebook: str
    shares: list[ShareTold]
    patient_trace: list[Step]
    deferred: list[PayerShare]
    entries: list[tuple[ReviewEntry, list[ReviewStep]]]


class Life(NamedTuple):
    """One transaction. ``name``: of its row in the catalogue; ``verdict``: ``final``, ``refused`` or ``tombstone``; ``root``: the signed root of the day
    on which its edge recorded it.
    """

    row: LedgerRow
    name: str
    verdict: str
    refusal: Sentences | None
    settled: Settled | None
    root: SignedRoot | None


def life_of(uow: UnitOfWork, institution: str, msgid: str) -> Life | None:
    """The life of a transaction, if there is one."""
    row = uow.ledger.get(institution, msgid)
    if row is None:
        return None
    known = BY_NUMBER.get(row.number)
    settled = uow.settlements.get(row.member, row.settlement_id) if row.settlement_id else None
    return Life(
        row=row,
        name=known.name if known else row.number,
        verdict="tombstone" if row.digest is None else row.verdict,
        refusal=REFUSALS.get(row.code) if row.code else None,
        settled=_settled(uow, settled) if settled is not None and settled.institution == institution else None,
        root=_root(uow, row),
    )


def body_of(row: LedgerRow) -> Any:
    """The answer's packet as plain values, for whoever may see it."""
    if not row.packet:
        return None
    try:
        return msgspec.to_builtins(msgspec.msgpack.decode(row.packet))
    except msgspec.DecodeError:
        return row.packet.hex()


def _settled(uow: UnitOfWork, row: Settlement) -> Settled:
    answer = msgspec.msgpack.decode(row.answer, type=p.Settlement)
    return Settled(
        row=row,
        rulebook=answer.rulebook,
        shares=[
            ShareTold(share.layer, share.scheme, share.payer, share.amount, share.deferred, _steps(share.trace))
            for share in answer.shares
        ],
        patient_trace=_steps(answer.patient_trace),
        deferred=uow.payer_shares.of(row.member, row.id),
        entries=[(entry, uow.reviews.history(entry.id)) for entry in uow.reviews.of_settlement(row.id)],
    )


def _steps(trace: list[p.TraceStep]) -> list[Step]:
    return [msgspec.convert(msgspec.to_builtins(step), Step) for step in trace]


def _root(uow: UnitOfWork, row: LedgerRow) -> SignedRoot | None:
    if row.recorded_at is None:
        return None
    return uow.roots.of_day(row.institution, row.recorded_at.astimezone(UTC).date())
