"""What is announced: ``DIR/maintenance.json``, which a command may change while the edge runs. Each change is in the audit file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog
from msgspec import Struct

from edge.audit import Audit
from edge.errors import EdgeError
from edge.events import Event, Events
from edge.kept_file import KeptFile
from edge.log import located
from edge.maintenance.window import Window, announced

FILE = "maintenance.json"
log = structlog.get_logger(__name__)


class MaintenanceFileError(EdgeError):
    """The file cannot be read or changed; the text says why."""


class _File(Struct, frozen=True):
    window: Window | None = None


class Maintenance:
    """Of one data folder. ``clock`` gives the time; ``events``, where an edge runs, are told of what changes."""

    def __init__(self, folder: Path, audit: Audit, clock: Callable[[], datetime], events: Events | None = None) -> None:
        self._file = KeptFile(folder / FILE, _File, MaintenanceFileError)
        self._audit = audit
        self._clock = clock
        self._events = events
        self._told: tuple[Window | None, bool] = (None, False)
        self._unread = False

    def window(self) -> Window | None:
        """What lasts now or is to come; ``None``: nothing, or the file cannot be read, which is logged once."""
        try:
            found = self._file.content().window
        except MaintenanceFileError as error:
            if not self._unread:
                log.error("what maintenance is announced cannot be read: no work is refused for it", **located(error))
            self._unread = True
            return None
        self._unread = False
        return None if found is None or found.over(self._clock()) else found

    def announce(self, begin: datetime, end: datetime, reason: str, by: str) -> Window:
        """Announce it, instead of what was announced before; ``by``: who does.

        Raises:
            MaintenanceError: its times or its reason will not do.
            MaintenanceFileError: the file cannot be changed.
        """
        now = self._clock()
        fresh = announced(begin, end, reason, now)
        with self._file.changing():
            self._file.write(_File(fresh))
        self._audit.note("maintenance announced", now, operator=by)
        return fresh

    def end(self, by: str) -> bool:
        """End what lasts, or call off what is to come; ``False``: there was nothing.

        Raises:
            MaintenanceFileError: the file cannot be changed.
        """
        now = self._clock()
        with self._file.changing() as kept:
            there = kept.window is not None and not kept.window.over(now)
            self._file.write(_File())
        if there:
            self._audit.note("maintenance ended", now, operator=by)
        return there

    async def tell(self) -> None:
        """Tell the desks' programs of what has changed since the last time; a job calls it."""
        now, window = self._clock(), self.window()
        state = (window, window is not None and window.lasts(now))
        if state == self._told:
            return
        before, self._told = self._told, state
        if before[0] is not None and before[0].over(now):
            self._audit.note("maintenance ended by itself", now)
        name = "on" if state[1] else "announced" if window else "off"
        log.info("maintenance", state=name)
        if self._events is not None:
            data = {
                "state": name,
                "begin": window and window.begin,
                "end": window and window.end,
                "reason": window.reason if window else "",
            }
            self._events.publish(Event(kind="maintenance", at=now, data=data))
