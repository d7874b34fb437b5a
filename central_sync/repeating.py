"""Work that a thread of its own does again and again until it is told to end: the hub's looks at what other processes have changed.

The work answers for its own faults: what it raises ends the thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Repeating:
    """``work`` is done in a thread called ``name``. It may be started again after its end."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self._name = name
        self._work = work
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, every_s: float, *, at_once: bool = False) -> None:
        """Work every ``every_s`` seconds from now on, for the first time ``at_once`` or after as long."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, args=(every_s, at_once), name=self._name, daemon=True)
        self._thread.start()

    def stop(self, patience_s: float | None = None) -> bool:
        """Work no more; whether it was started. Blocks until the thread is gone, at most ``patience_s``. May be called twice."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(patience_s)
        return thread is not None

    def _run(self, every_s: float, at_once: bool) -> None:
        while at_once or not self._stopping.wait(every_s):
            at_once = False
            self._work()
