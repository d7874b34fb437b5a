"""The event loop's own commits: sealed in the loop, written without anybody waiting for the disk, told as soon as that has them.

No thread is woken on the way, which costs more than all else that a commit does. It is for what needs nothing but memory, while the disk is
quick and nothing has failed; the rest is for the journal's thread, and so is a write that failed. The loop has the journal's pen from the
beginning of such a commit to its end.
"""

from __future__ import annotations

import asyncio
import mmap
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import structlog

from edge import platform
from edge.errors import JournalError, JournalUnavailable
from edge.journal.commits import NOT_OURS, SWIFT_S_MAX, Commits
from edge.journal.frames import Sealed
from edge.journal.known import Known
from edge.journal.operation import Operation, Result, Upkeep, tried
from edge.journal.press import Framed, Press
from edge.journal.scribe import Scribe
from edge.journal.tail import Tail
from edge.limits import SWIFT_BYTES_MAX, SWIFT_OPERATIONS_MAX

STANDS_S_MAX = 0.0005
"""The longest that the loop stands still for one who is alone."""
Ended = Callable[[Sequence[Result], Exception | None], None]

_log = structlog.get_logger(__name__)


class _NotInMemory(JournalError):
    """It has to be looked up in the tables."""


class _NoTables:
    """Stands where a scribe would look into the tables."""

    def execute(self, *_: object) -> Any:
        raise _NotInMemory("the tables have to be asked")


class _Writes(Protocol):
    """Writes past the loop, one at a time, from the memory."""

    @property
    def memory(self) -> mmap.mmap:
        """From where they are written."""

    def write(self, descriptor: int, size: int, at: int) -> None:
        """Begin one; ``OSError``: nothing was written."""

    def stand_still(self, until_s: float, *, lend: bool) -> None:
        """Wait for its end, so long at the most; ``lend``: others have the interpreter meanwhile."""

    def hear(self) -> None:
        """If it has ended, tell it now."""

    def close(self) -> None:
        """Let go of everything."""


class _UnderWay(NamedTuple):
    """A commit whose frame is being written. ``tail``: what memory gets of it; ``None``: that could not be made."""

    results: list[Result]
    tail: Tail | None
    segment: Sealed
    frame_bytes: int
    began_s: float
    ours: bool


class Swift:
    """Commits in the loop. ``ended`` is told the results of each, or what went wrong: then they count for nothing, and the thread has to see to it."""

    def __init__(self, commits: Commits, known: Known, ended: Ended) -> None:
        self._commits = commits
        self._known = known
        self._ended = ended
        self._aio: _Writes | None = None
        self._press = Press(commits)
        self._under_way: _UnderWay | None = None
        self._alone = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Be ready, if this system can do it."""
        self._loop = loop
        self._aio = platform.aio(loop, self._written, SWIFT_BYTES_MAX)

    def stop(self) -> None:
        """Nothing is under way, nor will be."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._aio is not None:
            self._aio.close()
            self._aio = None

    @property
    def able(self) -> bool:
        """Whether the next commit may be one of these."""
        slate = self._commits.slate
        return self._aio is not None and self._commits.quick and slate is not None and slate.direct >= 0

    @property
    def under_way(self) -> bool:
        """Whether one is being written."""
        return self._under_way is not None

    def begin(self, waiting: Sequence[Operation[Any]]) -> int:
        """Begin to commit what comes first in ``waiting``; how many that are. 0: it is for the thread. Never raises: nobody would hear of it."""
        begun: list[Operation[Any]] = []
        try:
            if not self.able or not self._commits.sound:
                return 0
            count, keys = self._light(waiting)
            begun.extend(operation for operation in waiting[:count] if operation.begin())
            done = not begun or self._committing(begun, keys)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, too: the thread meets it again, and tells the callers
            if not isinstance(error, NOT_OURS):
                _log.exception("a commit in the loop failed inside")
            done = False
        if not done:  # nothing of it was written
            for operation in begun:
                operation.not_begun()
            return 0
        if self._under_way is not None:
            self._attend(self._under_way)
        return count

    def _light(self, waiting: Sequence[Operation[Any]]) -> tuple[int, set[int]]:
        """How many from the first on seem to need nothing but memory, and the names that they look up that the tables certainly do not know."""
        new: set[int] = set()
        here, may_have = self._commits.state.tail.msgids, self._known.may_have
        count = weight = 0
        for operation in waiting:
            weight += operation.weight
            if count == SWIFT_OPERATIONS_MAX or isinstance(operation, Upkeep) or weight > SWIFT_BYTES_MAX // 2:
                break
            for key in operation.keys:
                if not may_have(key):
                    new.add(key)
                elif key not in here:
                    # the tables have to be asked, by the thread; what came before it need not wait for that
                    return count, new
            count += 1
        return count, new

    def _committing(self, begun: list[Operation[Any]], new: set[int]) -> bool:
        """Whether a commit of them was begun, or none is needed. ``NOT_OURS`` as well: nothing was written, for the tables have to be asked or the disk does not
        take it; the thread tries the same, and tells if that fails too.
        """
        commits, aio = self._commits, self._aio
        assert commits.vault is not None
        assert commits.slate is not None
        assert aio is not None
        framed = self._press.of_plain(begun, new, aio.memory)
        if framed is None:
            scribe = Scribe(_NoTables(), commits.vault, commits.state, {key: [] for key in new}, commits.refuses)
            results = [tried(operation, scribe) for operation in begun]
            if not scribe.records:
                self._ended(results, None)
                return True
            framed = self._press.of_scribe(scribe, results, aio.memory)
        if framed is None or not commits.has_room(framed.segment):
            return False
        began_s = time.monotonic()
        aio.write(commits.slate.direct, framed.size, commits.slate.at)
        self._under_way = self._beside(framed, begun, new, began_s)
        return True

    def _beside(self, framed: Framed, begun: list[Operation[Any]], new: set[int], began_s: float) -> _UnderWay:
        """All that need not be done before the disk has the frame is done while it takes it. Never raises: the write is under way."""
        tail: Tail | None
        try:
            self._known.add(new)  # if the write fails, the tables are asked once too often
            tail, results = framed.kept()
            ours = self._ours()
        except Exception:  # noqa: BLE001 -- a fault of ours, too, must not leave callers waiting: it counts as a write that failed
            _log.exception("a commit in the loop failed inside")
            tail, results, ours = None, [(operation, None, None) for operation in begun], True
        return _UnderWay(results, tail, framed.segment, framed.size, began_s, ours)

    def _ours(self) -> bool:
        """Whether what is being written goes into the files at the paths; the disk works meanwhile."""
        try:
            return self._commits.ours()
        except OSError:
            return False

    def _attend(self, begun: _UnderWay) -> None:
        """Have an eye on a write that was begun; stand still for it where callers come one by one."""
        try:
            if self._watch is None:
                self._look_again(SWIFT_S_MAX)
            alone, self._alone = self._alone, len(begun.results) == 1
            if alone and self._alone and self._aio is not None:
                self._aio.stand_still(begun.began_s + STANDS_S_MAX, lend=self._commits.folding)
        except Exception:  # noqa: BLE001 -- a fault of ours: of a write that goes on the loop is told by the kernel
            _log.exception("a commit in the loop was not attended to")

    def _look_again(self, after_s: float) -> None:
        assert self._loop is not None
        self._watch = self._loop.call_later(after_s, self._look)

    def _look(self) -> None:
        """If a write still goes on though the loop had time for its end, the disk is slow."""
        self._watch = None
        begun = self._under_way
        if begun is None or self._aio is None:
            return
        left_s = begun.began_s + SWIFT_S_MAX - time.monotonic()
        if left_s > 0:
            self._look_again(left_s)
            return
        self._aio.hear()  # the loop may have had other work all the while
        if self._under_way is begun:
            self._commits.quick = False

    def _written(self, error: OSError | None) -> None:
        done, self._under_way = self._under_way, None
        assert done is not None
        failed: Exception | None = error
        if failed is None and not done.ours:
            failed = JournalUnavailable("the journal's file was replaced")
        if failed is None and done.tail is None:
            failed = JournalUnavailable("memory has not taken it in")
        if failed is None:
            assert done.tail is not None
            try:
                self._commits.wrote(done.tail, done.segment, done.frame_bytes)
            except Exception as fault:  # noqa: BLE001 -- a fault of ours, too, must not leave callers waiting
                _log.exception("a commit in the loop failed inside")
                failed = fault
        self._ended(done.results, failed)
