"""What the log says beyond the folded tables, in memory.

The writer fills a tail; the fold empties it by putting a new one in its place, after its commit. Who reads takes the tail first
and the tables then: what is no longer in the tail is in the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

from msgspec import Struct

from central_sync.wire.messages import ItemAnswer
from edge.journal import records as r
from edge.journal.decisions import Decided, Decision, decided_of
from edge.journal.shapes import Sendable
from edge.outcome import CONFIRMATIONS, LIFE, Confirmation, Event, Mark, Outcome

BLOCK = "hid_block"
TOMBSTONE = "tombstone"
ROOT = "root"
"""Facts: a day's root as both sides signed it, by its first seq."""
PARKED = "parked"
"""Facts: the record that parked an entry, by the entry's seq, until it is released."""
LIFE_FACT = ("journal", "life")
OPEN, FINAL, REFUSED = 0, 1, 2
"""How the tables write an outcome."""
CONFIRMATION_CODES = (
    Confirmation.NONE, Confirmation.AWAITED, Confirmation.CONFIRMED, Confirmation.ANNULLED, Confirmation.UNDONE,
)  # fmt: skip
"""How the tables write a confirmation: its place here."""
WITHDRAWN_AT, BORN_REFUSED_AT = -1, -2
"""``ix`` of a verdict that no answer of the hub gave."""

T = TypeVar("T")

assert set(CONFIRMATION_CODES) == set(Confirmation)
assert {c for pair in CONFIRMATIONS for c in pair[:1]} | set(CONFIRMATIONS.values()) <= set(CONFIRMATION_CODES)
assert set(LIFE.values()) == {Outcome.FINAL, Outcome.REFUSED}


class Verdict(Struct, frozen=True):
    """What closed an entry: ``place`` is the record's seq, ``ix`` the answer's place in it. ``answer`` only if the hub gave it."""

    place: int
    ix: int
    decision: Decision
    answer: ItemAnswer | None = None


class Verdicts:
    """What closed which entry; the first word on one stays. A batch of answers is taken in as a whole: which of them says what of an entry is
    looked up when somebody asks, which for most is the fold.
    """

    __slots__ = ("_closed", "_found", "_words")

    def __init__(self) -> None:
        self._closed: set[int] = set()
        self._words: list[_Word] = []
        self._found: tuple[int, dict[int, _Word]] = (0, {})
        """What the first so many words say, by seq. Whoever asks brings it up to date: threads at the same time, too, come to the same."""

    def __len__(self) -> int:
        return len(self._closed)

    def __iter__(self) -> Iterator[int]:
        return iter(self._closed.copy())  # threads that read go over them while more are closed

    def __contains__(self, seq: object) -> bool:
        return seq in self._closed

    def get(self, seq: int) -> Verdict | None:
        """What closed the entry ``seq``, if something did."""
        if seq not in self._closed:
            return None
        count, found = self._found
        if count < len(self._words):
            found = self._looked_up()
        return found[seq].of(seq)

    def _looked_up(self) -> dict[int, _Word]:
        count, found = self._found
        words = self._words[count:]
        for word in words:
            newer = dict.fromkeys(word.seqs, word)
            if found.keys().isdisjoint(newer):
                found.update(newer)
            else:
                found = {**newer, **found}
        self._found = (count + len(words), found)
        return found

    def add(self, seq: int, verdict: Verdict) -> None:
        """Something closes the entry ``seq``."""
        self._take((seq,), _One(seq, verdict))

    def add_answers(self, place: int, record: r.Answers, decisions: Sequence[Decision]) -> None:
        """The answers of the record ``place`` close their entries."""
        self._take(record.seqs, _Batch(place, record, decisions))

    def merge(self, newer: Verdicts) -> None:
        """Take in what came later."""
        self._words += newer._words
        self._closed |= newer._closed

    def _take(self, seqs: Iterable[int], word: _Word) -> None:
        self._words.append(word)  # first: another thread may ask for what is closed
        self._closed.update(seqs)


class _One:
    """A verdict on one entry."""

    __slots__ = ("_verdict", "seqs")

    def __init__(self, seq: int, verdict: Verdict) -> None:
        self.seqs = (seq,)
        self._verdict = verdict

    def of(self, _: int) -> Verdict:
        """It."""
        return self._verdict


class _Batch:
    """The answers of one record, and what they decide."""

    __slots__ = ("_decisions", "_ixs", "_place", "_record", "seqs")

    def __init__(self, place: int, record: r.Answers, decisions: Sequence[Decision]) -> None:
        self.seqs = record.seqs
        self._place = place
        self._record = record
        self._decisions = decisions
        self._ixs: dict[int, int] | None = None

    def of(self, seq: int) -> Verdict:
        """What closed one of them."""
        ixs = self._ixs
        if ixs is None:
            ixs = self._ixs = dict(zip(self.seqs, range(len(self.seqs)), strict=True))
        ix = ixs[seq]
        return Verdict(self._place, ix, self._decisions[ix], self._record.answers[ix])


_Word = _One | _Batch


class Tail:
    """Entries and what happened to entries (these or older ones), by seq; msgids and references by their keys; facts that changed."""

    def __init__(self) -> None:
        self.first = 0
        self.last = 0
        self.weight = 0
        self.entries: dict[int, r.Entry] = {}
        self.msgids: dict[int, list[int]] = {}
        self.references: dict[int, list[int]] = {}
        self.verdicts = Verdicts()
        self.moves: dict[int, list[tuple[int, Mark]]] = {}
        self.parked: dict[int, bool] = {}
        self.facts: dict[tuple[str, str], bytes | None] = {}

    def __len__(self) -> int:
        return self.last - self.first + 1 if self.last else 0

    def apply(self, seq: int, record: r.Any, decided: Decided | None = None) -> None:
        """Take in the record ``seq``; of answers, ``decided`` is what they decide, if that was found out before."""
        self.first = self.first or seq
        self.last = seq
        match record:
            case r.Entry():
                self._entry(seq, record)
            case r.Answers():
                self._answers(seq, record, decided or decided_of(record.numbers, record.answers))
            case r.Withdrawn():
                why = Decision(event=Event.WITHDRAWN, code=record.code)
                self.verdicts.add(record.seq, Verdict(seq, WITHDRAWN_AT, why))
            case r.Moved():
                self._move(seq, record.moves)
            case r.Fed():
                self._move(seq, record.moves)
                self.facts.update({(kind, key): value for kind, key, value in record.facts})
            case r.Fact():
                self.facts[record.kind, record.key] = record.value
            case r.Parked():
                self.parked[record.seq] = bool(record.code)
                self.facts[PARKED, block_name(record.seq)] = r.encoded(record) if record.code else None
            case r.Life():
                self.facts[LIFE_FACT] = record.life
            case r.Root():
                self.facts[ROOT, block_name(record.first)] = r.encoded(record)

    def merge(self, newer: Tail) -> None:
        """Take in what came after this one's last record."""
        self.first = self.first or newer.first
        self.last = newer.last or self.last
        self.weight += newer.weight
        self.entries.update(newer.entries)
        _merge(self.msgids, newer.msgids)
        _merge(self.references, newer.references)
        self.verdicts.merge(newer.verdicts)
        _merge(self.moves, newer.moves)
        self.parked.update(newer.parked)
        self.facts.update(newer.facts)

    def touched(self) -> set[int]:
        """Every entry, of whatever age, that something happened to."""
        return {*self.entries, *self.verdicts, *self.moves, *self.parked}

    def _entry(self, seq: int, entry: r.Entry) -> None:
        self.entries[seq] = entry
        self.weight += len(entry.packet)
        self.msgids.setdefault(r.msgid_key(entry.msgid), []).append(seq)
        if entry.refused:
            why = Decision(event=Event.DECLINED, code=entry.refused)
            self.verdicts.add(seq, Verdict(seq, BORN_REFUSED_AT, why))
        if entry.lease:
            first, last, following = entry.lease
            self.facts[BLOCK, block_name(first)] = block_value(last, following)
        if entry.stops:
            self.facts[TOMBSTONE, entry.stops] = entry.msgid.encode()

    def _answers(self, seq: int, record: r.Answers, decided: Decided) -> None:
        self.verdicts.add_answers(seq, record, decided.decisions)
        if not decided.plain:
            for of, decision in zip(record.seqs, decided.decisions, strict=True):
                if decision.reference:
                    self.references.setdefault(r.reference_key(decision.reference), []).append(of)
        self.weight += decided.weight
        self._move(seq, record.moves)
        self.facts.update({(TOMBSTONE, name): None for name in record.drops})

    def _move(self, seq: int, moves: Iterable[tuple[int, str]]) -> None:
        for of, mark in moves:
            self.moves.setdefault(of, []).append((seq, Mark(mark)))


def _merge(lists: dict[int, list[T]], newer: Mapping[int, list[T]]) -> None:
    """Take in the lists of ``newer``; none is changed in place, for several tails may share it."""
    if lists.keys().isdisjoint(newer):
        lists.update(newer)
        return
    for key, more in newer.items():
        lists[key] = [*lists.get(key, ()), *more]


def block_name(first: int) -> str:
    """The fact's key of a lease of HIDs; sorts by serial."""
    return f"{first:020d}"


def block_value(last: int, following: int) -> bytes:
    """The fact's value: the last serial, and the next to give."""
    return b"%d %d" % (last, following)


def block_of(value: bytes) -> tuple[int, int]:
    """The inverse of :func:`block_value`."""
    last, following = value.split()
    return int(last), int(following)


def sendable_of(seq: int, entry: r.Entry) -> Sendable:
    """What goes on the line of an entry."""
    return Sendable(
        seq=seq, msgid=entry.msgid, number=entry.number, digest=entry.digest, hid=entry.hid, lane=entry.lane,
        packet=entry.packet, operator=entry.operator, workstation=entry.workstation,
        recorded_at=r.instant(entry.recorded_at), business_day=date.fromisoformat(entry.business_day),
        card_read=entry.card_read,
    )  # fmt: skip
