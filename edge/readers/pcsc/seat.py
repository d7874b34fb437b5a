"""SHELL: a thread that keeps its conversation with the service open, so that a read need not begin one.

A call of the service that never returns costs the seat it was made in and nothing else: whoever waits takes another seat, and threads of a program
that ends are not waited for.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from edge.readers.pcsc.service import Context, library


class Seat:
    """One thread; ``label`` is for whoever looks at the program's threads."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._context: Context | None = None

    def start(self) -> None:
        """Begin to wait for work.

        Raises:
            RuntimeError: no thread can be started.
        """
        threading.Thread(target=self._run, name=f"pcsc read {self._label}", daemon=True).start()

    def do(self, work: Callable[[], None]) -> None:
        """Call ``work`` in the thread, after what was given before. It must not raise."""
        self._work.put(work)

    def end(self) -> None:
        """Let the thread end when all that was given is done."""
        self._work.put(None)

    @property
    def kept(self) -> bool:
        """Whether the conversation is one of before, whose service may have died meanwhile. In the thread."""
        return self._context is not None

    def context(self) -> Context:
        """The conversation. In the thread.

        Raises:
            LibraryMissing: there is no library.
            ServiceError: the service does not run, or is not for this user.
        """
        if self._context is None:
            self._context = Context.begun(library())
        return self._context

    def forget(self) -> None:
        """Give the conversation back, so that the next read begins a new one. In the thread."""
        context, self._context = self._context, None
        if context is not None:
            context.release()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
        self.forget()
