"""One piece of work for the journal's thread, from the loop that asks for it and back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from operator import methodcaller
from typing import Any, Generic, TypeVar

import structlog
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalError, JournalUnavailable
from edge.journal.shapes import Appended, Draft

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Operation(Generic[T]):
    """One piece of work, the names it will look up, its weight in bytes, who is told first (``then``), and the caller: whom is ``told`` its result, or why
    there is none; else the ``future`` of that in the caller's loop. To make a future and to have the loop call its callback costs more.
    """

    __slots__ = ("_ended", "_told", "future", "has_future", "keys", "loop", "then", "ticket", "weight", "work")

    future: asyncio.Future[T]

    def __init__(
        self,
        work: Callable[[Any], T],
        keys: Sequence[int] = (),
        weight: int = 0,
        then: Callable[[T], None] | None = None,
        told: Callable[[T | Exception], None] | None = None,
    ) -> None:
        self.work = work
        self.keys = keys
        self.weight = weight
        self.then = then
        self.loop = asyncio.get_running_loop()
        self.ticket = [None]
        self._told = told
        self._ended = False
        self.has_future = told is None
        if told is None:
            self.future = self.loop.create_future()

    @property
    def ended(self) -> bool:
        """Whether the caller knows, or does not wait any more."""
        return self.future.done() if self.has_future else self._ended

    def end(self, result: Any, error: Exception | None = None) -> None:
        """In the loop: tell the caller, if that is still to be done. Never raises: who tells one has others to tell."""
        if self.ended:
            return
        self._ended = True
        told = self._told
        self._told = None  # mostly it knows this operation: else only the collector would part the two
        if told is not None:
            try:
                told(result if error is None else error)
            except (Exception, asyncio.CancelledError):  # noqa: BLE001 -- a fault of ours in one caller must not keep the others from being told
                _log.exception("a caller of the journal failed inside")
        elif error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)

    def begin(self) -> bool:
        """Whether it is for the caller's thread to do; whoever asks first, the writer or :meth:`cancel`, has it."""
        try:
            self.ticket.pop()
        except IndexError:
            return False
        return True

    def not_begun(self) -> None:
        """Give it back: somebody else will begin it."""
        self.ticket.append(None)

    def cancel(self) -> bool:
        """Stop it; false: it has begun, and its result will come."""
        return self.begin()


class Append(Operation[Appended]):
    """Keep ``draft``; ``keys``: that of its msgid first."""

    __slots__ = ("draft",)

    def __init__(
        self,
        draft: Draft,
        keys: Sequence[int],
        then: Callable[[Appended], None],
        told: Callable[[Appended | Exception], None] | None,
    ) -> None:
        super().__init__(methodcaller("append", draft), keys, len(draft.packet), then, told)
        self.draft = draft


class Upkeep(Operation[T]):
    """Work on the connection itself between commits: pruning, copying. ``work`` gets the writer's connection instead of a scribe."""

    __slots__ = ()

    def __init__(self, work: Callable[[Connection], T]) -> None:
        super().__init__(work)


class Errand(Upkeep[T]):
    """What the journal's thread is to do for the journal itself; ``work`` gets nothing."""

    __slots__ = ()

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(lambda _: work())


Result = tuple[Operation[Any], Any, Exception | None]
"""An operation, and its result or why there is none."""


def tried(operation: Operation[Any], given: Any) -> Result:
    """Do it, on a scribe or a connection; its own error is its result, an error of the disk is everybody's and goes up."""
    try:
        return operation, operation.work(given), None
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
        if operation.has_future:
            operation.end(result, error)
        else:
            called.append(one)
    return called


def call(called: Sequence[Result]) -> None:
    """Call the callers."""
    for operation, result, error in called:
        operation.end(result, error)
