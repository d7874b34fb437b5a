"""One commit in the making: the records of a group of operations, each seeing what those before it will have written.

Nothing here is true until the writer has committed it; if the commit fails, the scribe is thrown away and nothing of it was ever seen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from central_sync.terms import hid as hids
from central_sync.wire.messages import ConfirmationChange, FeedBody, HidBlock, Notice
from central_sync.wire.refusals import Refused
from edge.errors import IllegalEvent
from edge.journal import look
from edge.journal import records as r
from edge.journal.decisions import Decided, Decision
from edge.journal.fold import born_row, row_in
from edge.journal.frames import Sealed
from edge.journal.sealing import Vault
from edge.journal.shapes import Appended, Block, Draft, Marking, Received, Standing
from edge.journal.standing import fresh_standing, standing_of
from edge.journal.state import State
from edge.journal.tail import BLOCK, CONFIRMATION_CODES, OPEN, TOMBSTONE, Tail, block_name, block_value
from edge.limits import NOTICES_KEPT_MAX
from edge.outcome import Confirmation, Event, Mark, after, born, marked

Connection = Any  # pysqlite3 has no types

NOTICE = "notice"
CURSOR = ("feed", "cursor")
_MARKS = {"confirmed": Mark.CONFIRM, "annulled": Mark.ANNUL}


class Scribe:
    """Writes records over ``state``. ``found``: what the tables have under the keys that the operations of the group named. ``refuses``: why
    new work is not taken on now, as a refusal code, or nothing.
    """

    def __init__(
        self, c: Connection, vault: Vault, state: State, found: dict[int, list[int]], refuses: Callable[[], str]
    ) -> None:
        self._c = c
        self._vault = vault
        self._state = state
        self._found = found
        self._refuses = refuses
        self._blocks: dict[int, tuple[int, int]] | None = None
        self._ahead = Tail()
        self.records: list[r.Any | r.Packed] = []
        self.tail = Tail()

    # -- writing --------------------------------------------------------------------------------------------------

    def add(self, record: r.Any, decided: Decided | None = None, packed: r.Packed | None = None) -> int:
        """Append a record; its seq. ``decided``: see :meth:`Tail.apply`; ``packed``: how it is written, if not as it is."""
        seq = self._state.head + len(self.records) + 1
        self.records.append(packed or record)
        self.tail.apply(seq, record, decided)
        return seq

    def append(self, draft: Draft) -> Appended:
        """Keep ``draft``, or tell how the same transaction stands.

        Raises:
            Refused: ``msgid_reused``, ``hids_exhausted``, or why new work is not taken on. What ends another (49, 2601) always is.
        """
        known = self.find(draft.institution, draft.msgid)
        if known is not None:
            if known[1].digest != draft.digest:
                raise Refused("msgid_reused")
            return Appended(standing=self.standing(*known), fresh=False, size=len(draft.packet))
        if not draft.follows and (why := self._refuses()):
            raise Refused(why)
        hid, lane, stops = draft.hid, draft.lane, ""
        if draft.follows:
            original = self.find(draft.institution, draft.follows)
            if original is not None:
                hid, lane = original[1].hid or hid, original[1].lane
            elif draft.reverses:
                stops = draft.follows
        refused = "reversed_before_arrival" if self.fact(TOMBSTONE, draft.msgid) is not None else ""
        lease, left = None, None
        if draft.opens_case and not refused:
            lease, serial, left = self._next_serial()
            hid = lane = hids.from_serial(serial)
        entry = r.Entry(
            institution=draft.institution, msgid=draft.msgid, number=draft.number, digest=draft.digest,
            packet=draft.packet, hid=hid, lane=lane, operator=draft.operator, workstation=draft.workstation,
            recorded_at=r.micros(draft.recorded_at), business_day=draft.business_day.isoformat(), lease=lease,
            stops=stops, refused=refused, card_read=draft.card_read,
        )  # fmt: skip
        seq = self.add(entry)
        return Appended(
            standing=fresh_standing(seq, entry, draft.recorded_at), fresh=True, size=len(draft.packet), hids_left=left
        )

    def receive(
        self, received: Received, decided: Decided, receipt: r.Receipt | None, now: datetime
    ) -> list[Standing | None]:
        """Keep the hub's answers in one record; how those stand whose entries are in memory, ``None`` for the others."""
        record = r.Answers(
            seqs=received.seqs, numbers=received.numbers, answers=received.answers, moves=[], drops=[], receipt=receipt,
            at=r.micros(now),
        )  # fmt: skip
        if not decided.plain:
            record = self._with_consequences(record, decided)
        self.add(record, decided, r.packed(record, received.texts) if received.texts else None)
        return self._told(record.seqs)

    def _told(self, seqs: Sequence[int]) -> list[Standing | None]:
        here, before = self.tail.entries, self._state.tail.entries
        if all(not entries or entries.keys().isdisjoint(seqs) for entries in (here, before)):
            return [None] * len(seqs)
        entries = [here.get(seq) or before.get(seq) for seq in seqs]
        return [None if entry is None else self.standing(seq, entry) for seq, entry in zip(seqs, entries, strict=True)]

    def withdraw(self, seq: int, code: str, now: datetime) -> Standing | None:
        """Close an open fence for good; how it stands then, or stands already. ``None``: there is no such entry."""
        entry = self.entry(seq)
        if entry is None:
            return None
        if self._row(seq, entry).outcome == OPEN:
            after(born(entry.number), Event.WITHDRAWN)
            self.add(r.Withdrawn(seq=seq, code=code, at=r.micros(now)))
        return self.standing(seq, entry)

    def mark(self, marking: Marking, now: datetime) -> Standing | None:
        """Move one settlement's confirmation; ``None`` if there is none or the table forbids it."""
        seq = self._named(marking)
        if seq is None or not self._may(seq, marking.mark):
            return None
        self.add(r.Moved(moves=[(seq, str(marking.mark))], at=r.micros(now)))
        return self.standing_at(seq)

    def park(self, seq: int, code: str, now: datetime) -> Standing | None:
        """Let an open entry wait for a person, or (no code) let it go again."""
        entry = self.entry(seq)
        if entry is not None and self._row(seq, entry).outcome == OPEN:
            self.add(r.Parked(seq=seq, code=code, at=r.micros(now)))
        return None if entry is None else self.standing(seq, entry)

    def take_feed(self, cursor: int, bodies: Sequence[tuple[int, FeedBody]], now: datetime) -> list[Standing]:
        """Keep each body that is new and the cursor in one record; the transactions whose confirmation moved."""
        seen = int(self.fact(*CURSOR) or 0)
        facts: list[tuple[str, str, bytes | None]] = []
        moves: list[tuple[int, str]] = []
        for at, body in bodies:
            if at <= seen:
                continue
            match body:
                case HidBlock():
                    facts += self._block(Block(body.first, body.last))
                case Notice():
                    facts.append((NOTICE, f"{at:020d}", body.text.encode()))
                case ConfirmationChange() if body.confirmation in _MARKS:
                    mark = _MARKS[body.confirmation]
                    seq = self._named(Marking(mark=mark, msgid=body.msgid))
                    if seq is not None and self._may(seq, mark):
                        moves.append((seq, str(mark)))
                case _:
                    pass  # a newer hub may say more; its cursor is kept all the same
        old = sorted(self._state.facts.get(NOTICE, {}))
        surplus = len(old) + sum(kind == NOTICE for kind, _, _ in facts) - NOTICES_KEPT_MAX
        facts += [(NOTICE, name, None) for name in old[: max(0, surplus)]]
        facts.append((*CURSOR, str(max(cursor, seen)).encode()))
        self.add(r.Fed(facts=facts, moves=moves, at=r.micros(now)))
        return [standing for seq, _ in moves if (standing := self.standing_at(seq)) is not None]

    def add_block(self, block: Block) -> None:
        """Keep a lease."""
        facts = self._block(block)
        if facts:
            self.add(r.Fed(facts=facts, moves=[], at=0))

    def begin_life(self, life: bytes, why: str, now: datetime) -> bytes:
        """A new life: what was leased to the old one is void."""
        self.add(r.Life(life=life, why=why, at=r.micros(now)))
        void = [(BLOCK, block_name(first), block_value(last, last + 1)) for first, (last, _) in self._free().items()]
        self._blocks = {}
        if void:
            self.add(r.Fed(facts=[*void], moves=[], at=r.micros(now)))
        return life

    def sealed(self) -> Sealed:
        """All that was written, as the segment that follows, linked to the chain's end."""
        data = [r.encoded(record) for record in self.records]
        noise = os.urandom(r.NONCE_BYTES + r.SALT_BYTES * len(data))
        nonce, salts = noise[: r.NONCE_BYTES], noise[r.NONCE_BYTES :]
        first, at, key = self._state.head + 1, time.time_ns() // 1000, self._vault.current
        head = r.header(first, len(data), at, key)
        link = r.link(self._state.link, head, r.leaves(salts, data))
        body = self._vault.seal(key, nonce, r.plain(salts, data), head)
        return Sealed(first, len(data), at, key, nonce, link, body)

    # -- looking --------------------------------------------------------------------------------------------------

    def find(self, institution: str, msgid: str) -> tuple[int, r.Entry] | None:
        """By identity."""
        key = r.msgid_key(msgid)
        if self._found.get(key) == [] and key not in self.tail.msgids and key not in self._state.tail.msgids:
            return None  # nearly everything is new
        for seq in self._with_key(key):
            entry = self.entry(seq)
            if entry is not None and (entry.msgid, entry.institution) == (msgid, institution):
                return seq, entry
        return None

    def entry(self, seq: int) -> r.Entry | None:
        """The entry ``seq``."""
        kept = self.tail.entries.get(seq) or self._state.tail.entries.get(seq)
        if kept is None:
            record = look.records_of(self._c, self._vault, [seq]).get(seq)
            kept = record if isinstance(record, r.Entry) else None
        return kept

    def fact(self, kind: str, name: str) -> bytes | None:
        """A fact's value."""
        fresh = self.tail.facts
        if fresh and (kind, name) in fresh:
            return fresh[kind, name]
        kept = self._state.facts.get(kind)
        return kept.get(name) if kept else None

    def standing_at(self, seq: int) -> Standing | None:
        """How the entry ``seq`` stands."""
        entry = self.entry(seq)
        return None if entry is None else self.standing(seq, entry)

    def standing(self, seq: int, entry: r.Entry) -> Standing:
        """How it stands after all that was written so far."""
        tails = (self._state.tail, self.tail, self._ahead)
        return standing_of(self._c, self._vault, tails, seq, entry, self._row(seq, entry))

    def _row(self, seq: int, entry: r.Entry) -> look.Row:
        row = None
        if seq not in self.tail.entries and seq not in self._state.tail.entries:
            row = look.rows(self._c, [seq]).get(seq)
        row = row or born_row(seq, entry)
        return row_in(self._ahead, row_in(self.tail, row_in(self._state.tail, row)))

    def _with_key(self, key: int) -> Iterator[int]:
        """What is in memory first; while a fold goes on, some of it is in the tables too."""
        for tail in (self.tail, self._state.tail):
            yield from tail.msgids.get(key, ())
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = look.with_msgids(self._c, [key]).get(key, [])
        yield from found

    def _referring(self, key: int) -> list[int]:
        folded = look.with_references(self._c, [key]).get(key, [])
        tails = (self._state.tail, self.tail, self._ahead)
        return sorted({*folded, *(seq for tail in tails for seq in tail.references.get(key, ()))})

    # -- leases, consequences -------------------------------------------------------------------------------------

    def _free(self) -> dict[int, tuple[int, int]]:
        if self._blocks is None:
            self._blocks = dict(self._state.blocks)
        return self._blocks

    def _next_serial(self) -> tuple[tuple[int, int, int], int, int]:
        blocks = self._free()
        if not blocks:
            raise Refused("hids_exhausted")
        first = min(blocks)
        last, serial = blocks[first]
        if serial == last:
            del blocks[first]
        else:
            blocks[first] = (last, serial + 1)
        return (first, last, serial + 1), serial, sum(end - following + 1 for end, following in blocks.values())

    def _block(self, block: Block) -> list[tuple[str, str, bytes | None]]:
        """A block that is already there stays as it is: its serials may have been given. One that is no block is left out."""
        name = block_name(block.first)
        if not 1 <= block.first <= block.last <= hids.SERIAL_MAX or self.fact(BLOCK, name) is not None:
            return []
        self._free()[block.first] = (block.last, block.first)
        return [(BLOCK, name, block_value(block.last, block.first))]

    def _with_consequences(self, record: r.Answers, decided: Decided) -> r.Answers:
        """``record`` with what its answers do to settlements, one after the other: a settlement that was answered in the same batch is
        seen as that answer left it, and as those before this one did.
        """
        moving = [
            (seq, decision)
            for seq, number, decision in zip(record.seqs, record.numbers, decided.decisions, strict=True)
            if decision.markings or decision.lifts or number == "2601"
        ]
        if not moving:
            return record
        moves: list[tuple[int, str]] = []
        drops: list[str] = []
        place = self._state.head + len(self.records) + 1
        self._ahead = Tail()
        self._ahead.apply(place, record, decided)
        try:
            for seq, decision in moving:
                made = len(moves)
                self._consequences(seq, decision, moves, drops)
                for moved, mark in moves[made:]:
                    self._ahead.moves.setdefault(moved, []).append((place, Mark(mark)))
        finally:
            self._ahead = Tail()
        return msgspec.structs.replace(record, moves=moves, drops=drops)

    def _consequences(self, seq: int, decision: Decision, moves: list[tuple[int, str]], drops: list[str]) -> None:
        for marking in decision.markings:
            named = self._named(marking)
            if named is not None and self._may(named, marking.mark):
                moves.append((named, str(marking.mark)))
                break  # of a reversal's two, one fits
        if decision.lifts:
            drops.append(decision.lifts)
        if decision.event is Event.DECLINED:
            # a reversal that is refused stops nothing, so the hub decides on the original if that still comes
            entry = self.entry(seq)
            stopped = entry.stops if entry else ""
            if stopped and self.fact(TOMBSTONE, stopped) == (entry.msgid.encode() if entry else b""):
                drops.append(stopped)

    def _named(self, marking: Marking) -> int | None:
        """The settlement that a marking names: by its msgid, or by the hub's reference."""
        if marking.mark is Mark.REINSTATE and marking.msgid:
            # the msgid is that of the cancel which was reversed; the settlement is the one it names
            reference = next((s.reference for s in self._with_msgid(marking.msgid) if s.reference), "")
            marking = Marking(mark=marking.mark, reference=reference)
        if marking.reference:
            found = [self.standing_at(seq) for seq in self._referring(r.reference_key(marking.reference))]
            named = [s for s in found if s is not None and s.reference == marking.reference]
        else:
            named = self._with_msgid(marking.msgid)
        settled = [s.seq for s in named if s.confirmation is not Confirmation.NONE]
        return settled[0] if len(settled) == 1 else None

    def _with_msgid(self, msgid: str) -> list[Standing]:
        found = [self.standing_at(seq) for seq in dict.fromkeys(self._with_key(r.msgid_key(msgid)))]
        return [one for one in found if one is not None and one.msgid == msgid]

    def _may(self, seq: int, mark: Mark) -> bool:
        entry = self.entry(seq)
        if entry is None:
            return False
        row = self._row(seq, entry)
        try:
            marked(CONFIRMATION_CODES[row.confirmation], mark, CONFIRMATION_CODES[row.before])
        except IllegalEvent:
            return False
        return True
