"""PURE: what has been read lately: who, for a short time; that it was read, for longer, as proof of presence.

Each successful read gets a ``read_id``: random, and worth something only at the desk that read. The identity is forgotten after ``kept_s``;
what stays is a digest of the person's identifier, under a key of this run and salted with the read id, so that a transaction that quotes
the read can be held against it. Nothing here is written to a disk.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, structs

from central_sync.terms import identifiers
from central_sync.wire.refusals import Refused
from edge.readers.cards.identity import CardIdentity

READS_MAX = 4_096
"""How many are remembered; one more, and the oldest is forgotten."""
READS_PER_DESK_MAX = 256
"""How many of one desk: a program that reads without end drives out its own, and not the others'."""
REMEMBERED_FOR = timedelta(days=1)
"""How long it is known that a read was, so that whoever quotes it late is told why not."""
STEP_BACK = timedelta(seconds=-5)
"""How far a clock may be set back without ending what it has dated."""


class Keeping(Struct, frozen=True, kw_only=True):
    """How long what is kept. ``card_kept_s``: the identity. ``read_good_s``: the read as proof of presence. ``forget_on_removal``: the
    identity goes with the card.
    """

    card_kept_s: int = 120
    read_good_s: int = 1_800
    forget_on_removal: bool = False


class Read(Struct, frozen=True, kw_only=True):
    """One successful read. ``identity``: ``None`` once it is forgotten. ``digest``: of the person's identifier; empty when the card has
    none. ``stays``: it counts only while the card lies there; ``over``: it was taken away.
    ``lies``: whether it lay there still when the read was noted.
    """

    read_id: str
    reader: str
    desk: str
    at: datetime
    identity: CardIdentity | None
    digest: bytes
    stays: bool = False
    over: bool = False
    lies: bool = True


class RequestState(StrEnum):
    """How a request stands."""

    WAITING = "waiting"
    READ = "read"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAILED = "failed"


class CardRequest(Struct, frozen=True, kw_only=True):
    """One request. ``reader``: as the desk named it, perhaps not at all. ``code``: the last refusal of a card, and at the end why there is
    none; ``detail``: its variable part, as the ATR of a card that is unknown. ``read_id``: of the read that answered it.
    """

    request_id: str
    desk: str
    reader: str
    prompt: str
    until: datetime
    state: RequestState = RequestState.WAITING
    code: str = ""
    detail: str = ""
    read_id: str = ""


class Reads:
    """The reads of this run. ``key``: random bytes of this run."""

    def __init__(self, key: bytes, keeping: Keeping) -> None:
        self._key = key
        self._keeping = keeping
        self._reads: dict[str, Read] = {}

    def add(self, read: Read) -> Read:
        """Remember ``read`` (its digest is made here), without a photo."""
        identity = read.identity
        if identity is None:
            raise ValueError("a read has an identity when it is new")
        kept = structs.replace(
            read,
            identity=structs.replace(identity, photo=b""),
            digest=self._digest(read.read_id, identity.kind, identity.number) if identity.number else b"",
        )
        self._reads[read.read_id] = kept
        own = [one for one, its in self._reads.items() if its.desk == read.desk]
        for one in own[: max(len(own) - READS_PER_DESK_MAX, 0)]:
            del self._reads[one]
        while len(self._reads) > READS_MAX:
            del self._reads[next(iter(self._reads))]
        return kept

    def find(self, read_id: str, now: datetime) -> Read | None:
        """The read, its identity only while that is kept. Only that one is looked at: every transaction that quotes a read comes here."""
        read = self._reads.get(read_id)
        if read is not None:
            self._age(read, now)
        return self._reads.get(read_id)

    def last(self, readers: Iterable[str], desk: str, now: datetime) -> Read | None:
        """The last read of ``desk`` at one of ``readers`` whose identity is still kept. An empty ``desk`` is the technician: any desk's."""
        self.forget(now)
        names = set(readers)
        for read in reversed(self._reads.values()):
            if read.reader in names and (not desk or read.desk == desk) and read.identity is not None:
                return read
        return None

    def removed(self, reader: str, read_id: str = "") -> list[Read]:
        """The card on ``reader`` was taken away, or the reader with it: the reads that no longer count for that. ``read_id``: only that
        one's card was.
        """
        ended = []
        for read in tuple(self._reads.values()):
            if read.reader != reader or read_id not in ("", read.read_id):
                continue
            identity = None if self._keeping.forget_on_removal else read.identity
            over = read.over or read.stays
            if over and not read.over:
                ended.append(read)
            self._reads[read.read_id] = structs.replace(read, identity=identity, over=over)
        return ended

    def forget(self, now: datetime) -> None:
        """Drop what has been kept for long enough."""
        for read in tuple(self._reads.values()):
            self._age(read, now)

    def _age(self, read: Read, now: datetime) -> None:
        age = now - read.at
        if age >= REMEMBERED_FOR:
            del self._reads[read.read_id]
        elif read.identity is not None and not STEP_BACK <= age < timedelta(seconds=self._keeping.card_kept_s):
            self._reads[read.read_id] = structs.replace(read, identity=None)

    def check(self, read_id: str, desk: str, person: tuple[str, str] | None, now: datetime) -> None:
        """Whether ``read_id`` proves at ``desk`` that ``person`` (kind and number of an identifier) is here. Without a person, as in what
        names its case only, that somebody is.

        Raises:
            Refused: ``card_read_unknown``, ``card_read_stale``, ``card_removed``, ``card_read_nameless`` or ``card_read_of_another``.
        """
        read = self.find(read_id, now)
        if read is None or read.desk != desk:
            raise Refused("card_read_unknown")
        if read.over:
            raise Refused("card_removed", "$.card_read")
        if not STEP_BACK <= now - read.at < timedelta(seconds=self._keeping.read_good_s):
            raise Refused("card_read_stale")
        if person is None:
            return
        if not read.digest:
            raise Refused("card_read_nameless")
        kind, number = person
        number = identifiers.checked(kind, number) or number
        if not hmac.compare_digest(read.digest, self._digest(read_id, kind, number)):
            raise Refused("card_read_of_another")

    def _digest(self, read_id: str, kind: str, number: str) -> bytes:
        told = f"{read_id}\x00{kind}\x00{number}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, told, hashlib.sha256)
