"""A journal in which very much waits, made in bulk: the records, seals, chain and tables that an edge would have made, without a commit, a sync and a
fold for each few of them. What is measured afterwards is the journal itself.

A million transactions take minutes the way they come from a hospital, most of it for the pages that the index of msgids touches in each fold; here
the indexes are made once, at the end.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.claims import AT
from central_sync.wire.messages import ItemAnswer
from edge.errors import JournalError
from edge.journal import Draft, Receipt, Received, files, fold, look, schema
from edge.journal import records as r
from edge.journal.decisions import decided_of
from edge.journal.scribe import Scribe
from edge.journal.sealing import Vault
from edge.journal.state import State

FOLD_RECORDS = 16_384
CACHE_KB = 256 * 1024

Connection = Any  # pysqlite3 has no types


class Prepared:
    """Writes into the journal at ``path``, which was closed in good order and which nobody has open. ``group``: how many records share a commit."""

    def __init__(self, path: Path, group: int) -> None:
        self._path = path
        self._group = group
        self._state = State()
        self._commits: list[Any] = []

    def write(
        self, drafts: Iterable[Draft], kept: int = 0, answers: Sequence[ItemAnswer] = (), receipt: Receipt | None = None
    ) -> None:
        """Append ``drafts``; the first ``kept`` of them get ``answers``, as many in a batch as these are, each batch with ``receipt``.

        Raises:
            JournalError: it cannot be opened, or was not closed in good order.
        """
        c, vault = files.open_writer(self._path), Vault.open(self._path.parent, create=False)
        try:
            if c.execute("pragma user_version").fetchone() != (schema.FORMAT_WHOLE,):
                raise JournalError("the journal was not closed in good order")
            for setting in ("journal_mode = off", "synchronous = off", f"cache_size = -{CACHE_KB}"):
                c.execute(f"pragma {setting}").fetchone()
            for index in c.execute(
                "select name from sqlite_master where type = 'index' and sql is not null"
            ).fetchall():
                c.execute(f"drop index {index[0]}")
            self._state.load(c, vault, tuple)
            first, coming = self._state.head + 1, iter(drafts)
            while group := list(itertools.islice(coming, self._group)):
                self._append(c, vault, group)
            for at in range(first, first + kept, max(1, len(answers))):
                self._acknowledge(c, vault, at, answers, receipt)
            self._fold(c, vault)
            for index in schema.INDEXES:
                c.execute(index)
            c.execute("pragma journal_mode = wal").fetchone()
        finally:
            c.close()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())  # else it goes to the disk while something is measured

    def _append(self, c: Connection, vault: Vault, drafts: Sequence[Draft]) -> None:
        """One commit. None of them is known: there is no index by which they could be looked up."""
        new: dict[int, list[int]] = {r.msgid_key(draft.msgid): [] for draft in drafts}
        scribe = Scribe(c, vault, self._state, new, str)
        for draft in drafts:
            scribe.append(draft)
        self._commit(c, vault, scribe)

    def _acknowledge(
        self, c: Connection, vault: Vault, first: int, answers: Sequence[ItemAnswer], receipt: Receipt | None
    ) -> None:
        scribe = Scribe(c, vault, self._state, {}, str)
        seqs = range(first, first + len(answers))
        numbers = {row.seq: row.number for row in look.rows(c, seqs).values()}
        numbers |= {seq: self._state.tail.entries[seq].number for seq in seqs if seq in self._state.tail.entries}
        received = Received(seqs=list(seqs), numbers=[numbers[seq] for seq in seqs], answers=list(answers))
        scribe.receive(received, decided_of(received.numbers, received.answers), receipt, AT)
        self._commit(c, vault, scribe)

    def _commit(self, c: Connection, vault: Vault, scribe: Scribe) -> None:
        segment = scribe.sealed()
        self._commits.append(segment)
        self._state.take(scribe.tail, segment.link)
        if len(self._state.tail) >= FOLD_RECORDS or len(self._state.tail.verdicts) >= FOLD_RECORDS:
            self._fold(c, vault)

    def _fold(self, c: Connection, vault: Vault) -> None:
        if len(self._state.tail):
            fold.fold(c, vault, self._state.tail, self._commits, portions=False)
            self._state.load(c, vault, tuple)
            self._commits = []
