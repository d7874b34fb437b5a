"""How one entry stands: its record, its row, and the answer that closed it, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from edge.errors import JournalDamaged
from edge.journal import look
from edge.journal import records as r
from edge.journal.decisions import Decision, decision_of
from edge.journal.look import Row
from edge.journal.sealing import Vault
from edge.journal.shapes import Standing
from edge.journal.tail import BORN_REFUSED_AT, CONFIRMATION_CODES, FINAL, OPEN, Tail, Verdict
from edge.outcome import Event, Outcome, born

Connection = Any  # pysqlite3 has no types


def standing_of(
    c: Connection,
    vault: Vault,
    tails: Sequence[Tail],
    seq: int,
    entry: r.Entry,
    row: Row,
    read: Mapping[int, r.Any] | None = None,
) -> Standing:
    """``row`` as it is after ``tails``; the answer is taken from them, from what was ``read`` before, or from the log."""
    answer, code, detail, reference = b"", "", "", ""
    outcome = born(entry.number)
    if row.outcome != OPEN:
        outcome = Outcome.FINAL if row.outcome == FINAL else Outcome.REFUSED
        verdict = _verdict(c, vault, tails, seq, entry, row, read or {})
        decision = verdict.decision
        code, detail, reference = decision.code, decision.detail, decision.reference
        if verdict.answer is not None and outcome is Outcome.FINAL:
            answer = verdict.answer.packet
    return Standing(
        seq=seq, institution=entry.institution, msgid=entry.msgid, number=entry.number, digest=entry.digest,
        hid=entry.hid, lane=entry.lane, recorded_at=r.instant(entry.recorded_at), outcome=outcome, answer=answer,
        code=code, detail=detail, confirmation=CONFIRMATION_CODES[row.confirmation], reference=reference,
        parked=bool(row.parked) and row.outcome == OPEN,
    )  # fmt: skip


def fresh_standing(seq: int, entry: r.Entry, recorded_at: datetime) -> Standing:
    """How an entry stands before anything has happened to it; the same as :func:`standing_of`, sooner."""
    return Standing(
        seq=seq, institution=entry.institution, msgid=entry.msgid, number=entry.number, digest=entry.digest,
        hid=entry.hid, lane=entry.lane, recorded_at=recorded_at, code=entry.refused,
        outcome=Outcome.REFUSED if entry.refused else born(entry.number),
    )  # fmt: skip


def _verdict(
    c: Connection, vault: Vault, tails: Sequence[Tail], seq: int, entry: r.Entry, row: Row, read: Mapping[int, r.Any]
) -> Verdict:
    for tail in tails:
        kept = tail.verdicts.get(seq)
        if kept is not None and (kept.place, kept.ix) == (row.place, row.ix):
            return kept
    if row.ix == BORN_REFUSED_AT:
        return Verdict(row.place, row.ix, Decision(event=Event.DECLINED, code=entry.refused))
    record = read.get(row.place) or look.records_of(c, vault, [row.place]).get(row.place)
    match record:
        case r.Withdrawn():
            return Verdict(row.place, row.ix, Decision(event=Event.WITHDRAWN, code=record.code))
        case r.Answers():
            answer = record.answers[row.ix]
            return Verdict(row.place, row.ix, decision_of(record.numbers[row.ix], answer), answer)
    raise JournalDamaged(f"the journal has no answer at {row.place}: keep the file, restore a backup")
