"""What the writer holds in memory: facts, leases, the tail, the end of the chain. Made from the file at the start and after a failure.

Written by whoever has the pen (``handover.py``), after the commit that made it true; read by the event loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from edge.errors import JournalDamaged
from edge.journal import look
from edge.journal import records as r
from edge.journal.frames import Sealed
from edge.journal.sealing import Vault
from edge.journal.tail import BLOCK, LIFE_FACT, OPEN, Tail, block_of

Connection = Any  # pysqlite3 has no types


class State:
    """``head``: the last record's seq; ``link``: the chain's end. ``blocks``: leases that have serials left, first serial → (last, next).
    ``tail``: what the tables do not have, or did not when a fold was begun that goes on.
    """

    def __init__(self) -> None:
        self.head = 0
        self.link = r.FIRST_LINK
        self.counts = {"open": 0, "final": 0, "refused": 0}
        self.facts: dict[str, dict[str, bytes]] = {}
        self.blocks: dict[int, tuple[int, int]] = {}
        self.tail = Tail()
        self.net_open = 0
        self._since: Tail | None = None
        self._since_open = 0

    @property
    def life(self) -> bytes:
        """The life that this journal is in."""
        return self.facts.get(LIFE_FACT[0], {}).get(LIFE_FACT[1], b"")

    @property
    def open_count(self) -> int:
        """How many entries have no receipt."""
        return self.counts["open"] + self.net_open

    @property
    def hids_left(self) -> int:
        """Over all leases."""
        return sum(last - following + 1 for last, following in self.blocks.values())

    def load(self, c: Connection, vault: Vault, slate: Callable[[], Sequence[Sealed]]) -> None:
        """Read the tables, and from the log and the ``slate`` what they do not have yet, the chain checked; all of one moment, and shown at
        once: who reads meanwhile sees what was known before. The slate is read first: see :func:`edge.journal.slate.beside`.

        Raises:
            JournalDamaged: the log's end was altered.
            JournalError: a key is missing.
        """
        fresh = State()
        ours = not c.in_transaction  # whoever makes a backup reads in one of its own
        if ours:
            c.execute("begin")
        try:
            fresh.load_within(c, vault, slate())
        finally:
            if ours and c.in_transaction:
                c.execute("rollback")
        vars(self).update(vars(fresh))

    def load_within(self, c: Connection, vault: Vault, slate: Sequence[Sealed]) -> None:
        """As :meth:`load`, into a new state, of the moment that the transaction under way on ``c`` sees."""
        found = look.state(c)
        folded = found["folded"]
        self.counts = {name: found[name] for name in self.counts}
        row = c.execute(
            "select link, first + count - 1 from segment where first <= ? order by first desc limit 1", (folded,)
        )
        link, self.head = row.fetchone() or (r.FIRST_LINK, folded)
        self._learn(look.facts(c, vault))
        written = (look.opened(row, vault) for row in slate if row.first > self.head)
        for segment in itertools.chain(look.segments_after(c, vault, folded), written):
            if segment.first != self.head + 1 and self.head:
                raise JournalDamaged(
                    f"the journal misses records before {segment.first}: keep the file, restore a backup"
                )
            link = r.link(link, segment.header, r.leaves(segment.salts, segment.records))
            if link != segment.link:
                raise JournalDamaged(
                    f"the journal's chain is broken at {segment.first}: keep the file, restore a backup"
                )
            newer = Tail()
            for place, data in enumerate(segment.records):
                newer.apply(segment.first + place, _decoded(data, segment.first))
            self.take(newer, link)
        self.link = link
        before = look.rows(c, [seq for seq in self.tail.verdicts if seq not in self.tail.entries])
        self.net_open += sum(row.outcome != OPEN for row in before.values())  # an answer that came twice closed nothing

    def take(self, newer: Tail, link: bytes) -> None:
        """What was just committed."""
        closed = len(self.tail.verdicts)
        self.tail.merge(newer)
        change = len(newer.entries) - (len(self.tail.verdicts) - closed)
        self.net_open += change
        if self._since is not None:
            self._since.merge(newer)
            self._since_open += change
        self.head, self.link = newer.last, link
        self._learn(newer.facts)

    @property
    def unfolded(self) -> Tail:
        """What no fold has taken yet."""
        return self.tail if self._since is None else self._since

    def folding(self) -> Tail:
        """The tail as it is, for a fold that begins now; what comes meanwhile does not change it. Until :meth:`folded` it is part of ``tail``."""
        taken, goes_on = self.tail, Tail()
        goes_on.merge(taken)
        self.tail, self._since, self._since_open = goes_on, Tail(), 0
        return taken

    def folded(self, counts: Mapping[str, int]) -> None:
        """What the fold took is in the tables now; ``counts`` are theirs."""
        self.tail = self._since or Tail()
        self.counts, self.net_open = {name: counts[name] for name in self.counts}, self._since_open
        self._since, self._since_open = None, 0

    def pruned(self, counts: Mapping[str, int]) -> None:
        """Old entries are gone from the tables; what is open is not among them."""
        self.counts = {name: counts[name] for name in self.counts}

    def _learn(self, facts: Mapping[tuple[str, str], bytes | None]) -> None:
        for (kind, name), value in facts.items():
            kept = self.facts.setdefault(kind, {})
            if value is None:
                kept.pop(name, None)
            else:
                kept[name] = value
            if kind == BLOCK:
                self._learn_block(int(name), value)

    def _learn_block(self, first: int, value: bytes | None) -> None:
        last, following = block_of(value) if value is not None else (0, 1)
        if following > last:
            self.blocks.pop(first, None)
        else:
            self.blocks[first] = (last, following)


def _decoded(data: bytes, at: int) -> r.Any:
    try:
        return r.decoded(data)
    except msgspec.DecodeError as error:
        raise JournalDamaged(f"the journal's record in the segment at {at} cannot be read") from error
