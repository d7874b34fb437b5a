"""One piece of work for the journal's thread, from the loop that asks for it and back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
from msgspec import Struct, field
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalError, JournalUnavailable
from edge.journal.shapes import Appended, Draft

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Operation(Struct, Generic[T], eq=False):
    """One piece of work, the names it will look up (``new``: those of them that the tables certainly do not know), its weight in bytes, who is told first
    (``then``), and the caller: whom is ``told`` its result, or why there is none; else the ``future`` of that in the caller's loop. To make a future and
    to have the loop call its callback costs more.
    """

    work: Callable[[Any], T] | None
    keys: Sequence[int] = ()
    weight: int = 0
    then: Callable[[T], None] | None = None
    told: Callable[[T | Exception], None] | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    tickets: list[None] = field(default_factory=partial(list, (None,)))
    new: Sequence[int] = ()
    over: bool = False
    awaited: asyncio.Future[T] | None = None

    def __post_init__(self) -> None:
        if self.told is None:
            self.awaited = self.loop.create_future()

    @property
    def future(self) -> asyncio.Future[T]:
        """Of its result; there is one if nobody is ``told``."""
        assert self.awaited is not None
        return self.awaited

    @property
    def ended(self) -> bool:
        """Whether the caller knows, or does not wait any more."""
        return self.over if self.awaited is None else self.awaited.done()

    def end(self, result: Any, error: Exception | None = None) -> None:
        """In the loop: tell the caller, if that is still to be done. Never raises: who tells one has others to tell."""
        if self.ended:
            return
        self.over = True
        told = self.told
        self.told = None  # mostly it knows this operation: else only the collector would part the two
        if told is not None:
            try:
                told(result if error is None else error)
            except (Exception, asyncio.CancelledError):  # noqa: BLE001 -- a fault of ours in one caller must not keep the others from being told
                _log.exception("a caller of the journal failed inside")
        elif error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)

    def done(self, given: Any) -> T:
        """Do it, on a scribe or a connection."""
        assert self.work is not None
        return self.work(given)

    def begin(self) -> bool:
        """Whether it is for the caller's thread to do; whoever asks first, the writer or :meth:`cancel`, has it."""
        try:
            self.tickets.pop()
        except IndexError:
            return False
        return True

    def not_begun(self) -> None:
        """Give it back: somebody else will begin it."""
        self.tickets.append(None)

    def cancel(self) -> bool:
        """Stop it; false: it has begun, and its result will come."""
        return self.begin()


class Append(Operation[Appended], kw_only=True, eq=False):
    """Keep ``draft``, which is all its ``work``; the first of its ``keys`` is that of the draft's msgid."""

    draft: Draft

    def done(self, given: Any) -> Appended:
        """Of a scribe."""
        appended: Appended = given.append(self.draft)
        return appended


def append(
    draft: Draft,
    keys: Sequence[int],
    then: Callable[[Appended], None],
    told: Callable[[Appended | Exception], None] | None,
    loop: asyncio.AbstractEventLoop,
) -> Append:
    """The operation that keeps ``draft``, of a caller in ``loop``. Made for every call, so nothing of it is left to be found out."""
    return Append(None, keys, len(draft.packet), then, told, loop, [None], draft=draft)


class Upkeep(Operation[T], eq=False):
    """Work on the connection itself between commits: pruning, copying. ``work`` gets the writer's connection instead of a scribe."""


class Errand(Upkeep[T], eq=False):
    """What the journal's thread is to do for the journal itself; ``work`` gets nothing that it could use."""


Result = tuple[Operation[Any], Any, Exception | None]
"""An operation, and its result or why there is none."""


def tried(operation: Operation[Any], given: Any) -> Result:
    """Do it, on a scribe or a connection; its own error is its result, an error of the disk is everybody's and goes up."""
    try:
        return operation, operation.done(given), None
    except (sqlite.Error, OSError, JournalError):
        raise
    except Exception as error:  # noqa: BLE001 -- a fault in one operation is its caller's, and must not poison its neighbours
        return operation, None, error


def apart(group: list[Operation[Any]]) -> list[list[Operation[Any]]]:
    """The group in its order, work on the connection apart from what is written, and errands apart from both."""
    return [list(part) for _, part in itertools.groupby(group, _kind)]


def _kind(operation: Operation[Any]) -> type:
    return type(operation) if isinstance(operation, Upkeep) else Operation


def settle(results: Sequence[Result]) -> None:
    """Tell the callers, one call into each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Result]] = {}
    for result in results:
        by_loop.setdefault(result[0].loop, []).append(result)
    for loop, told in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(tell, told)


def refuse(left: Sequence[Operation[Any]]) -> None:
    """Tell those that have not begun that nobody is there for them any more."""
    settle([(op, None, JournalUnavailable("the journal has stopped")) for op in left if op.begin()])


def tell(told: Sequence[Result]) -> None:
    """In the loop: tell all callers."""
    call(settled(told))


def settled(told: Sequence[Result]) -> list[Result]:
    """In the loop: settle the futures; those whose callers have none, and are to be called."""
    called: list[Result] = []
    for one in told:
        operation, result, error = one
        if error is None and operation.then is not None:
            try:
                operation.then(result)
            except Exception:  # noqa: BLE001 -- a fault of ours there must not keep this caller, nor those after it, from being told
                _log.exception("who was to be told of an entry failed inside")
        if operation.awaited is not None:
            operation.end(result, error)
        else:
            called.append(one)
    return called


def call(called: Sequence[Result]) -> None:
    """Call the callers."""
    for operation, result, error in called:
        operation.end(result, error)
