"""The journal as a person looks through it: pages of entries, one entry, and what stands in it, which is shown to few and noted each time.

Nothing of a body is in a row or a sheet; it is read by :meth:`Entries.body` alone, and who looked is in the audit file before it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from central_sync.terms import hid as hids
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from edge.audit import Audit
from edge.journal import Journal, Standing
from edge.journal import records as r
from edge.journal.tail import PARKED, block_name
from edge.journal.wanted import Place, State, Wanted
from edge.limits import SEQ_DIGITS_MAX
from edge.replies import whole

__all__ = [
    "Body",
    "Entries",
    "Page",
    "Place",
    "Row",
    "Sheet",
    "State",
    "Wanted",
    "hidden",
    "parking",
    "row_of",
    "seq_of",
]

LOOKED = "looked into an entry"
HIDDEN = "•••"
_GROUPED = re.compile(r"[0-9]{1,3}([,٬][0-9]{3})+")
"""A number as pages show it."""
FIELDS = frozenset(
    name
    for kind in vars(p).values()
    if isinstance(kind, type) and issubclass(kind, Struct)
    for name in kind.__struct_fields__
)
"""Names of fields of packets: keys that say nothing of anybody."""


class Row(Struct, frozen=True, kw_only=True):
    """One entry in a list."""

    seq: int
    msgid: str
    number: str
    hid: str
    recorded_at: datetime
    outcome: str
    confirmation: str
    code: str
    parked: bool


class Parking(Struct, frozen=True, kw_only=True):
    """Why an entry was parked, as a code, and when."""

    code: str
    at: datetime


class Sheet(Struct, frozen=True, kw_only=True):
    """One entry, all but its body. ``size``: its packet's, in bytes; ``digest`` in hex; ``card``: whether a card proved who was there; ``parking``: ``None`` if
    it is not parked, or an edge parked it that did not keep why.
    """

    row: Row
    detail: str
    reference: str
    workstation: str
    business_day: date
    size: int
    digest: str
    card: bool
    parking: Parking | None


class Body(Struct, frozen=True, kw_only=True):
    """What an entry holds: its packet and the answer as plain values; ``None``: there is none."""

    packet: Any
    answer: Any


class Page(Struct, frozen=True, kw_only=True):
    """Some entries, newest first; ``after``: where the next page begins, ``None``: there is none. A page may have few rows, or none, and a next one."""

    rows: list[Row]
    after: Place | None


class Entries:
    """Over one open journal. ``institution``: whose msgids are looked up."""

    def __init__(self, journal: Journal, institution: str, audit: Audit, clock: Callable[[], datetime]) -> None:
        self._journal = journal
        self._institution = institution
        self._audit = audit
        self._clock = clock

    async def page(self, wanted: Wanted, before: Place | None = None) -> Page:
        """The next entries that are ``wanted``.

        Raises:
            JournalUnavailable: the journal cannot be read.
        """
        standings, after = await self._journal.browsing.page(wanted, before)
        return Page(rows=[row_of(one) for one in standings], after=after)

    async def sheet(self, seq: int) -> Sheet | None:
        """The entry ``seq``, if there is one.

        Raises:
            JournalUnavailable: the journal cannot be read.
        """
        standing, sent = await self._journal.standing(seq), (await self._journal.sendables([seq])).get(seq)
        if standing is None or sent is None:
            return None
        return Sheet(
            row=row_of(standing), detail=standing.detail, reference=standing.reference, workstation=sent.workstation,
            business_day=sent.business_day, size=len(sent.packet), digest=standing.digest.hex(), card=bool(sent.card_read),
            parking=await parking(self._journal, seq) if standing.parked else None,
        )  # fmt: skip

    async def find(self, name: str) -> tuple[int, str] | None:
        """What a person calls ``name``: the seq of the entry with that msgid; of a case's newest entry, with its HID; or of the entry with that seq.

        Raises:
            JournalUnavailable: the journal cannot be read.
        """
        standing = await self._journal.find(self._institution, name)
        if standing is not None:
            return standing.seq, ""
        if hids.serial_of(name) is not None and (newest := await self._journal.browsing.newest_of(name)):
            return newest, name
        seq = seq_of(name.replace(",", "").replace("٬", "") if _GROUPED.fullmatch(name) else name)
        if seq is not None and await self._journal.standing(seq):
            return seq, ""
        return None

    async def body(self, seq: int, who: str) -> Body | None:
        """What stands in the entry ``seq``; that ``who`` looked is noted first.

        Raises:
            JournalUnavailable: the journal cannot be read.
        """
        standing, sent = await self._journal.standing(seq), (await self._journal.sendables([seq])).get(seq)
        if standing is None or sent is None:
            return None
        self._audit.note(LOOKED, self._clock(), operator=who, record=seq)
        row = BY_NUMBER[standing.number]
        return Body(packet=_plain(sent.packet, row.request), answer=_plain(standing.answer, row.answer))

    async def form_of_body(self, seq: int) -> Body | None:
        """The same with everything in it hidden but its form: the names of its fields, and how many of each there are.

        Raises:
            JournalUnavailable: the journal cannot be read.
        """
        standing, sent = await self._journal.standing(seq), (await self._journal.sendables([seq])).get(seq)
        if standing is None or sent is None:
            return None
        row = BY_NUMBER[standing.number]
        packet, answer = _plain(sent.packet, row.request), _plain(standing.answer, row.answer)
        return Body(packet=hidden(packet), answer=hidden(answer))


def hidden(value: Any) -> Any:
    """``value`` with every leaf hidden; names of fields stay, other keys are hidden too."""
    match value:
        case Mapping():
            return {name if name in FIELDS else HIDDEN: hidden(part) for name, part in value.items()}
        case list() | tuple():
            return [hidden(part) for part in value]
        case None:
            return None
        case _:
            return HIDDEN


async def parking(journal: Journal, seq: int) -> Parking | None:
    """Why the parked entry ``seq`` is; ``None``: that was not kept.

    Raises:
        JournalUnavailable: the journal cannot be read.
    """
    kept = (await journal.recall(PARKED)).get(block_name(seq))
    match r.decoded(kept) if kept else None:
        case r.Parked() as record:
            return Parking(code=record.code, at=r.instant(record.at))
        case _:
            return None


def seq_of(text: str) -> int | None:
    """The number of an entry, if ``text`` can be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= SEQ_DIGITS_MAX else None


def row_of(standing: Standing) -> Row:
    """An entry as lists have it."""
    return Row(
        seq=standing.seq, msgid=standing.msgid, number=standing.number, hid=standing.hid, recorded_at=standing.recorded_at,
        outcome=str(standing.outcome), confirmation=str(standing.confirmation), code=standing.code, parked=standing.parked,
    )  # fmt: skip


def _plain(packet: bytes, kind: type[Struct]) -> Any:
    """A packet as plain values; one that does not fit its type as far as it can be read."""
    if not packet:
        return None
    try:
        return whole(msgspec.msgpack.decode(packet, type=kind))
    except msgspec.DecodeError:
        try:
            return msgspec.to_builtins(msgspec.msgpack.decode(packet))
        except msgspec.DecodeError:
            return None
