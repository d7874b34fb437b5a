"""Whether the tables say of each transaction's outcome what the log says, found while the log is walked through once, in order.

What closed an entry is named by its row (``place``, ``ix``). So the log's words are held against the rows one by one, and no row may be closed by
anything else. Only what awaits or had a confirmation, and what is parked, is kept in memory, as small numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from edge.errors import IllegalEvent
from edge.journal import look
from edge.journal import records as r
from edge.journal.decisions import Decision, decision_of
from edge.journal.fold import CODES, OUTCOME_CODES, remarked
from edge.journal.tail import BORN_REFUSED_AT, OPEN, WITHDRAWN_AT
from edge.outcome import BORN, Confirmation, Event, Mark, after

Connection = Any  # pysqlite3 has no types

_NONE = CODES[Confirmation.NONE]


class Outcomes:
    """What the log says, of that which is folded."""

    def __init__(self) -> None:
        self._closed = 0
        self._confirmations: dict[int, tuple[int, int]] = {}
        self._early: set[int] = set()
        self._parked: set[int] = set()

    def take(self, c: Connection, first: int, records: Sequence[Any]) -> Iterator[int]:
        """The next commit's records, from the number ``first`` on; the seqs of those with whom their row disagrees."""
        for place, record in enumerate(records, first):
            match record:
                case r.Entry() if record.refused:
                    yield from self._close(c, place, {place: (BORN_REFUSED_AT, Decision(event=Event.DECLINED))})
                case r.Withdrawn():
                    yield from self._close(c, place, {record.seq: (WITHDRAWN_AT, Decision(event=Event.WITHDRAWN))})
                case r.Answers():
                    words = zip(record.seqs, record.numbers, record.answers, strict=True)
                    said = {seq: (ix, decision_of(number, one)) for ix, (seq, number, one) in enumerate(words)}
                    yield from self._close(c, place, said)
                    self._move(record.moves)
                case r.Moved() | r.Fed():
                    self._move(record.moves)
                case r.Parked():
                    (self._parked.add if record.code else self._parked.discard)(record.seq)
                case _:
                    pass

    def _close(self, c: Connection, place: int, said: dict[int, tuple[int, Decision]]) -> Iterator[int]:
        rows = look.rows(c, said)
        for seq, (ix, decision) in said.items():
            row = rows.get(seq)
            if row is None or row.number not in BORN:  # pruned, or told of already
                continue
            try:
                code = OUTCOME_CODES[after(BORN[row.number], decision.event)]
            except IllegalEvent:  # such a word changes nothing
                continue
            if (row.place, row.ix) == (place, ix) and row.outcome == code:
                self._closed += 1
                if decision.confirmation is not Confirmation.NONE:
                    self._confirmations[seq] = (CODES[decision.confirmation], _NONE)
            elif row.outcome == OPEN or row.place >= place:
                yield seq

    def _move(self, moves: Iterable[tuple[int, str]]) -> None:
        for seq, word in moves:
            if seq not in self._confirmations:
                self._early.add(seq)
                continue
            then = remarked(*self._confirmations[seq], Mark(word))
            if then is not None:
                self._confirmations[seq] = then

    def end(self, c: Connection, cut: int) -> Iterator[str]:
        """What is wrong with the tables as a whole, of a log that was sound, is pruned up to the record ``cut``, and of which nothing was folded or pruned meanwhile."""
        (closed,) = c.execute(f"select count(*) from entry where outcome <> {OPEN}").fetchone()  # noqa: S608 -- our own text
        if closed != self._closed:
            yield f"the tables have {closed} transactions decided, the log {self._closed}"
        found = {
            seq: code
            for seq, code in c.execute("select seq, confirmation from entry where confirmation <> 0")
            if seq not in self._early
        }
        told = {seq: code for seq, (code, _) in self._confirmations.items() if seq not in self._early}
        yield from (
            f"the tables disagree with the log on whether {seq} is confirmed"
            for seq in sorted(found.keys() | told.keys())
            if found.get(seq, _NONE) != told.get(seq, _NONE)
        )
        parked = {seq for (seq,) in c.execute("select seq from entry where parked <> 0")}
        yield from (
            f"the tables disagree with the log on whether {seq} is parked"
            for seq in sorted(parked ^ {seq for seq in self._parked if seq > cut})
        )
