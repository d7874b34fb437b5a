"""Commits of plain new transactions in native code (``press.c``), in the event loop; whatever it does not take is the scribe's.

A draft is plain that no rule of the scribe has a word on: its msgid is certainly new, it opens no case, follows nothing, and nothing stops it. What it comes to
is the same either way, to the byte; only sooner: first the frame alone, and what memory keeps and the callers are told while the disk has that.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Collection, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import structlog

from edge.journal import records as r
from edge.journal.frames import Sealed
from edge.journal.operation import Append, Operation, Result
from edge.journal.sealing import Vault
from edge.journal.shapes import Appended, Draft, Standing
from edge.journal.state import State
from edge.journal.tail import TOMBSTONE, Tail
from edge.outcome import BORN

try:
    from edge.journal import _press as native
except ImportError:  # no compiler where this was installed
    native = None  # type: ignore[assignment]

_log = structlog.get_logger(__name__)


class Framed(NamedTuple):
    """A commit whose frame stands where it will be written from, ``size`` bytes of whole blocks. ``kept``: what memory keeps of it once it is written, and
    what its callers are told.
    """

    segment: Sealed
    size: int
    kept: Callable[[], tuple[Tail, list[Result]]]


class Press:
    """Of one journal's event loop alone."""

    def __init__(self) -> None:
        self._native = native.Press(r.Entry, Standing, Appended, BORN)

    def frame(
        self,
        begun: Sequence[Operation[Any]],
        new: Collection[int],
        state: State,
        vault: Vault,
        slate_id: int,
        into: mmap.mmap,
    ) -> Framed | None:
        """The commit of ``begun``, its frame in ``into``; ``None``: they are not all plain, or it is too long. ``new``: keys of msgids that nobody knows.

        Raises:
            JournalError: the key that seals is missing.
        """
        drafts = _plain(begun, new, state.facts.get(TOMBSTONE, {}))
        if not drafts:
            return None
        first, at, key = state.head + 1, time.time_ns() // 1000, vault.current
        noise = os.urandom(r.NONCE_BYTES + r.SALT_BYTES * len(drafts))
        made = self._native.frame(drafts, first, at, key, vault.key(key), state.link, slate_id, noise, into)
        if made is None:
            return None
        size, link, body = made
        segment = Sealed(first, len(drafts), at, key, noise[: r.NONCE_BYTES], link, body)
        return Framed(segment, size, lambda: self._kept(drafts, first, begun))

    def _kept(
        self, drafts: tuple[Draft, ...], first: int, begun: Sequence[Operation[Any]]
    ) -> tuple[Tail, list[Result]]:
        entries, appended = self._native.told(drafts, first)
        tail = Tail()
        tail.first, tail.last = first, first + len(entries) - 1
        tail.weight = sum([operation.weight for operation in begun])
        tail.entries = dict(zip(range(first, tail.last + 1), entries, strict=True))
        tail.msgids = {operation.keys[0]: [seq] for seq, operation in enumerate(begun, first)}
        return tail, list(zip(begun, appended, repeat(None)))


def made() -> Press | None:
    """One, where it was built and OpenSSL does what it needs."""
    if native is None:
        return None
    try:
        return Press()
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
