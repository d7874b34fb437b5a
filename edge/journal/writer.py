"""Who writes the journal: the event loop's own commits (``swift.py``), and the one thread for all that has to wait for the disk.

Both go about it with the same :class:`~edge.journal.commits.Commits`, never at the same time (``handover.py``). The thread opens and closes the file,
looks things up in the tables, does the upkeep, and brings into order what failed. Folds have a thread of their own beside both.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog

from edge.errors import JournalError, JournalUnavailable
from edge.journal import files
from edge.journal.commits import LIFE_BYTES, NOT_OURS, Commits
from edge.journal.ending import ended
from edge.journal.handover import HandOver
from edge.journal.known import Known, Page
from edge.journal.operation import Errand, Operation, Result, Upkeep, apart, refuse, settle, settled, tell, tried
from edge.journal.sealing import Vault
from edge.journal.state import State
from edge.journal.swift import Swift
from edge.limits import (
    FOLD_IDLE_S,
    JOURNAL_GROUP_OPERATIONS_MAX,
    JOURNAL_WAITING_OPERATIONS_MAX,
    SEGMENT_BYTES_MAX,
)

__all__ = ["LIFE_BYTES", "Writer"]

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Writer:
    """Runs operations on the journal. ``operations`` counts since the start."""

    def __init__(self, path: Path, state: State) -> None:
        self._path = path
        self._commits = Commits(path, state)
        self._known = Known()
        self._swift = Swift(self._commits, self._known, self._ended)
        self._waiting = self._nobody_waits()
        self._stopping = True
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._learning: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._lock = -1
        self.state = state
        self.operations = 0

    async def start(self) -> None:
        """Open the file in a thread of its own.

        Raises:
            JournalError: see :func:`edge.journal.files.open_writer`.
        """
        self._loop = loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._waiting, self._timer = self._nobody_waits(), None
        self._commits.when_folded = self._folded
        self._thread = threading.Thread(target=self._run, args=(loop, opened), name="journal", daemon=True)
        self._thread.start()
        try:
            await opened
        except JournalError:
            self._thread = None
            raise
        self._known.begin(sum(self.state.counts.values()))
        self._known.add(self.state.tail.msgids)
        self._swift.start(loop)
        self._stopping = False

    def learn(self, page: Page) -> None:
        """Learn by ``page`` which msgids the tables know; until then the thread looks them up."""
        self._learning = asyncio.create_task(self._learned(page))

    async def _learned(self, page: Page) -> None:
        with contextlib.suppress(JournalUnavailable):  # closed, or a disk that does not read: the thread meets it too
            await self._known.learn(page)

    @property
    def usable(self) -> bool:
        """Whether it writes, as far as the last try told."""
        return self._thread is not None and not self._stopping and not self._commits.stale

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Whose it is; while it is closed, whoever asks."""
        return asyncio.get_running_loop() if self._thread is None or self._loop is None else self._loop

    @property
    def vault(self) -> Vault | None:
        """The keys, once it is open."""
        return self._commits.vault

    @property
    def commits(self) -> int:
        """How many there were since the start."""
        return self._commits.commits

    def refuse_new(self, why: Callable[[], str]) -> None:
        """Ask ``why`` before new work is taken on."""
        self._commits.refuses = why

    async def stop(self) -> None:
        """Do what waits, fold, close."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stopping = True
        for waits in (self._timer, self._learning):
            if waits is not None:
                waits.cancel()
        self._waiting.end()
        await ended(thread.join, self._swift.stop)

    def submit(self, operation: Operation[T]) -> Operation[T]:
        """Queue it. It ends with :class:`JournalUnavailable` if the journal is closed or too much waits."""
        if self._thread is None or self._stopping:
            settle([(operation, None, JournalUnavailable("the journal is closed"))])
        elif self._waiting.waits >= JOURNAL_WAITING_OPERATIONS_MAX:
            settle([(operation, None, JournalUnavailable("too much waits for the disk"))])
        else:
            self._waiting.put(operation)
        return operation

    async def do(self, work: Callable[[Any], T], keys: Sequence[int] = (), weight: int = 0) -> T:
        """Queue ``work`` and wait for the commit that holds it."""
        return await self.submit(Operation(work, keys, weight)).future

    # -- in the loop ----------------------------------------------------------------------------------------------

    def _ended(self, results: Sequence[Result], error: Exception | None) -> None:
        """A commit of the loop's own was written, or failed: then the thread brings it into order before anybody is told."""
        if error is None:
            self._waiting.told(results)
            return
        commits, failed = self._commits, [(one, None, _unwritten()) for one, _, _ in results]
        errand = Errand(lambda _: commits.refused(error))
        errand.future.add_done_callback(lambda _: tell(failed))
        self._waiting.send(errand)

    def _told(self, results: Sequence[Result]) -> list[Result]:
        """Tell the callers who have a future, and look after the journal while nobody writes."""
        self.operations += len(results)
        called = settled(results)
        self._tend()
        return called

    def _judge(self, group: list[Operation[Any]]) -> list[Operation[Any]]:
        """Which names of what the thread gets the tables certainly do not know; from now on they may, and who comes with one of them again has it looked up."""
        try:
            for operation in group:
                operation.new = [key for key in operation.keys if not self._known.may_have(key)]
                self._known.add(operation.keys)
        except Exception:  # noqa: BLE001 -- a fault of ours, too, must not leave callers waiting; what is not among the known must not be written
            _log.exception("what goes to the journal's thread could not be judged")
            settle([(operation, None, _unwritten()) for operation in group if operation.begin()])
            return []
        return group

    def _tend(self, *, idle: bool = False) -> None:
        if self._stopping or not self._waiting.free:
            return
        try:
            tended = self._commits.tended(idle=idle)
        except Exception as error:  # noqa: BLE001 -- the thread meets it too, and brings it into order; nobody may wait for ever
            if not isinstance(error, NOT_OURS):
                _log.exception("a look after the journal failed inside")
            tended = False
        if not tended:
            self._waiting.send(Errand(lambda _: self._commits.look_after(idle=idle)))
        elif self._timer is None and len(self._commits.unfolded):
            assert self._loop is not None
            self._timer = self._loop.call_later(FOLD_IDLE_S, self._idle, self.operations)

    def _idle(self, operations: int) -> None:
        """If nobody came for a while, fold; else look again a while later."""
        self._timer = None
        self._tend(idle=operations == self.operations)

    def _folded(self) -> None:
        """In the fold's thread: it has ended."""
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: whoever closes the journal takes it
            self._loop.call_soon_threadsafe(self._tend)

    # -- in the thread --------------------------------------------------------------------------------------------

    def _run(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None]) -> None:
        try:
            self._lock = files.lock(self._path)
            self._commits.open()
        except Exception as error:  # noqa: BLE001 -- whatever it was, whoever waits for the start must hear of it
            known = isinstance(error, JournalError)
            if not known:
                _log.exception("the journal could not be opened")
            told = error if known else JournalError(f"the journal cannot be opened: {type(error).__name__}")
            self._close()
            loop.call_soon_threadsafe(opened.set_exception, told)
            return
        loop.call_soon_threadsafe(opened.set_result, None)
        group: list[Operation[Any]] = []
        try:
            while group := self._waiting.group():
                for part in apart(group):
                    self._commit(part)
        except Exception:  # noqa: BLE001 -- a fault of ours where there is none to tell it to: those who wait are told below
            _log.exception("the journal's thread has ended")
        finally:
            self._stopping = True
            refuse(group)  # in good order there are none; after a fault of ours nobody may wait for ever
            settle([(operation, None, JournalError("whether it was kept is not known")) for operation in group])
            self._waiting.close()
            self._close()

    def _commit(self, group: list[Operation[Any]]) -> None:
        begun: list[Operation[Any]] = []
        results: Sequence[Result] = ()
        try:
            begun.extend(operation for operation in group if operation.begin())
            if not begun:
                pass
            elif isinstance(begun[0], Errand):
                results = [tried(operation, None) for operation in begun]
            elif isinstance(begun[0], Upkeep):
                results = self._commits.upkept(begun)
            else:
                results = self._commits.written(begun)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, too, must not leave callers waiting, nor end the thread
            if not isinstance(error, NOT_OURS):
                _log.exception("a commit failed inside")
            self._commits.drop(error)
            begun.extend(operation for operation in group if operation.begin())
            results = [(operation, None, _unwritten()) for operation in begun]
        self._waiting.settle(results, len(group))

    def _nobody_waits(self) -> HandOver:
        return HandOver(self._swift, self._told, self._judge, refuse, JOURNAL_GROUP_OPERATIONS_MAX, SEGMENT_BYTES_MAX)

    def _close(self) -> None:
        self._commits.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _unwritten() -> JournalUnavailable:
    return JournalUnavailable("the journal could not be written")
