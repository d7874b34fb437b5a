"""What goes into the journal and what comes out of it, as plain frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from central_sync.wire.messages import ItemAnswer
from edge.outcome import Confirmation, Mark, Outcome


class Draft(Struct, frozen=True, kw_only=True):
    """A transaction to be kept. ``packet``: the request struct in MessagePack.

    ``opens_case``: the append gives it the next leased HID, in the same commit, and that is its lane. ``follows``: the msgid whose
    lane and HID it takes if the journal knows it (49, 2601). ``reverses``: and if the journal does not know that one, it will
    be refused should it still come (2601).
    """

    institution: str
    msgid: str
    number: str
    digest: bytes
    packet: bytes
    recorded_at: datetime
    business_day: date
    hid: str = ""
    lane: str = ""
    operator: str = ""
    workstation: str = ""
    card_read: str = ""
    opens_case: bool = False
    follows: str = ""
    reverses: bool = False


class Standing(Struct, frozen=True, kw_only=True):
    """How a transaction stands: what was kept of it, and its latest outcome. ``answer``: the hub's answer in MessagePack."""

    seq: int
    institution: str
    msgid: str
    number: str
    digest: bytes
    hid: str
    lane: str
    recorded_at: datetime
    outcome: Outcome
    answer: bytes = b""
    code: str = ""
    detail: str = ""
    confirmation: Confirmation = Confirmation.NONE
    reference: str = ""
    parked: bool = False


class Told(Struct, frozen=True, kw_only=True):
    """A transaction with what was asked: ``packet`` is the request struct in MessagePack."""

    standing: Standing
    packet: bytes
    operator: str
    workstation: str
    card_read: str = ""


class Appended(Struct, frozen=True, kw_only=True):
    """``fresh``: it was not there before. ``size``: its packet's, in bytes. ``hids_left``: how many leased HIDs are left, when it
    took one.
    """

    standing: Standing
    fresh: bool
    size: int
    hids_left: int | None = None


class Sendable(Struct, frozen=True, kw_only=True):
    """All that goes on the line of one entry."""

    seq: int
    msgid: str
    number: str
    digest: bytes
    hid: str
    lane: str
    packet: bytes
    operator: str
    workstation: str
    recorded_at: datetime
    business_day: date
    card_read: str = ""


class Pending(Struct, frozen=True, kw_only=True):
    """An entry without a receipt: its place in its lane is its ``seq``. ``lane``: as :func:`edge.journal.records.lane_key` has it;
    ``size``: its packet's, in bytes.
    """

    seq: int
    lane: int
    number: str
    size: int
    parked: bool = False


class Received(Struct, frozen=True, kw_only=True):
    """The hub's last word (any verdict but ``again``) on each of some entries, side by side: their seqs, their catalogue numbers, the answers.
    ``texts``: these in MessagePack as the hub's receipt covers them, if they were made before.
    """

    seqs: list[int]
    numbers: list[str]
    answers: list[ItemAnswer]
    texts: Sequence[bytes] = ()


class Marking(Struct, frozen=True, kw_only=True):
    """A settlement's confirmation moves: the settlement is named by its msgid, or by the hub's ``reference`` to it."""

    mark: Mark
    msgid: str = ""
    reference: str = ""


class Seen(Struct, frozen=True):
    """An entry in a window of time, without its record. ``key``: 8 bytes that stand for its msgid, ``digest``: the first 8 of its digest;
    ``final``: the hub has carried it out, else it is open.
    """

    seq: int
    key: bytes
    digest: bytes
    final: bool
    confirmation: Confirmation


class Block(Struct, frozen=True):
    """A leased block of HID serials, both ends included."""

    first: int
    last: int


class Stats(Struct, frozen=True, kw_only=True):
    """Counts for the technician: entries by outcome (open, final, refused), what is pending, parked, awaited, HIDs left, commits and
    records since start, bytes on disk. ``oldest_at``: when the oldest of what is pending was recorded. ``in_doubt``: how many of the oldest
    pending are fences, and since when the first is.
    """

    entries: dict[str, int]
    pending: int
    parked: int
    awaited: int
    hids_left: int
    commits: int
    operations: int
    file_bytes: int
    wal_bytes: int
    oldest_at: datetime | None = None
    in_doubt: int = 0
    in_doubt_since: datetime | None = None
