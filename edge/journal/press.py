"""How a commit of the event loop becomes a frame: in native code (``press.c``), where that was built.

Plain new transactions are made so from beginning to end, past the scribe. A draft is plain that no rule of the scribe has a word on: its msgid is certainly new, it opens
no case, follows nothing, and nothing stops it. What it comes to is the same either way, to the byte; only sooner: first the frame alone, and what memory keeps
and the callers are told while the disk has that.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Collection, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import structlog

from edge.journal import frames
from edge.journal import records as r
from edge.journal.commits import Commits
from edge.journal.frames import Sealed
from edge.journal.operation import Append, Operation, Result
from edge.journal.scribe import Scribe
from edge.journal.shapes import Appended, Draft, Standing
from edge.journal.tail import TOMBSTONE, Tail
from edge.outcome import BORN

try:
    from edge.journal import _press as built
except ImportError:  # no compiler where this was installed
    built = None  # type: ignore[assignment]

_log = structlog.get_logger(__name__)


class Framed(NamedTuple):
    """A commit whose frame stands where it will be written from, ``size`` bytes of whole blocks. ``kept``: what memory keeps of it once it is written, and
    what its callers are told.
    """

    segment: Sealed
    size: int
    kept: Callable[[], tuple[Tail, list[Result]]]


class Press:
    """Of one journal's event loop alone. ``native``: ``None`` where it was not built. Both raise :class:`edge.errors.JournalError` if the key that
    seals is missing.
    """

    def __init__(self, commits: Commits) -> None:
        self._commits = commits
        self.native = _native()

    def of_plain(self, begun: Sequence[Operation[Any]], new: Collection[int], into: mmap.mmap) -> Framed | None:
        """The commit of ``begun``, its frame in ``into``; ``None``: they are not all plain, or it is too long. ``new``: keys of msgids that nobody knows."""
        if self.native is None or self._commits.refuses():
            return None
        drafts = _plain(begun, new, self._commits.state.facts.get(TOMBSTONE, {}))
        made = self._made(drafts, into) if drafts else None
        return None if made is None else Framed(*made, lambda: self._kept(drafts, made[0].first, begun))

    def of_scribe(self, scribe: Scribe, results: list[Result], into: mmap.mmap) -> Framed | None:
        """The commit of all that the scribe has; ``None``: it is too long."""
        if self.native is not None:
            made = self._made(tuple([r.encoded(record) for record in scribe.records]), into)
            return None if made is None else Framed(*made, lambda: (scribe.tail, results))
        assert self._commits.slate is not None
        segment = scribe.sealed()
        frame = frames.frame(self._commits.slate.id, segment)
        if len(frame) > len(into):
            return None
        into[: len(frame)] = frame
        return Framed(segment, len(frame), lambda: (scribe.tail, results))

    def _made(self, given: tuple[Draft | bytes, ...], into: mmap.mmap) -> tuple[Sealed, int] | None:
        state, vault, slate = self._commits.state, self._commits.vault, self._commits.slate
        assert self.native is not None
        assert vault is not None
        assert slate is not None
        first, at, key = state.head + 1, time.time_ns() // 1000, vault.current
        noise = os.urandom(r.NONCE_BYTES + r.SALT_BYTES * len(given))
        made = self.native.frame(given, first, at, key, vault.key(key), state.link, slate.id, noise, into)
        if made is None:
            return None
        size, link, body = made
        return Sealed(first, len(given), at, key, noise[: r.NONCE_BYTES], link, body), size

    def _kept(
        self, drafts: tuple[Draft, ...], first: int, begun: Sequence[Operation[Any]]
    ) -> tuple[Tail, list[Result]]:
        assert self.native is not None
        entries, appended = self.native.told(drafts, first)
        tail = Tail()
        tail.first, tail.last = first, first + len(entries) - 1
        tail.weight = sum([operation.weight for operation in begun])
        tail.entries = dict(zip(range(first, tail.last + 1), entries, strict=True))
        tail.msgids = {operation.keys[0]: [seq] for seq, operation in enumerate(begun, first)}
        return tail, list(zip(begun, appended, repeat(None)))


def _native() -> built.Press | None:
    """One, where it was built and OpenSSL does what it needs."""
    if built is None:
        return None
    try:
        return built.Press(r.Entry, Standing, Appended, BORN)
    except RuntimeError as error:
        _log.warning("the journal's commits are not made in native code", detail=str(error))
        return None


def _plain(begun: Sequence[Operation[Any]], new: Collection[int], stopped: Collection[str]) -> tuple[Draft, ...]:
    """Their drafts, if all are plain; else none."""
    drafts: list[Draft] = []
    keys: set[int] = set()
    for operation in begun:
        if not isinstance(operation, Append):
            return ()
        draft, key = operation.draft, operation.keys[0]
        if draft.follows or draft.opens_case or draft.msgid in stopped or key in keys or key not in new:
            return ()
        drafts.append(draft)
        keys.add(key)
    return tuple(drafts)
