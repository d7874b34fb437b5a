"""The audit trail of what strangers and technicians do at the hub's doors: written soon, never in the way, never without bound.

Rows inside a unit of work (an enrolment, a revocation) are written by who does the work. This trail is for what happens
outside of one, on the event loop: refused handshakes, refused certificates, wrong codes.

Rules
    * :meth:`Trail.note` never blocks and never raises; a thread writes.
    * Within a minute the same note is written once; its repeats become one row with their number, when the minute is over.
    * Above ``AUDIT_REFUSALS_PER_MINUTE_MAX`` different notes a minute, the rest becomes one row with their number: a port
      scanner cannot fill the disk.
    * What the database does not take is tried again while there is room; what is lost then is counted and logged.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from central_sync.api.limits import AUDIT_REFUSALS_PER_MINUTE_MAX, AUDIT_ROWS_WAITING_MAX
from central_sync.errors import StoreError
from central_sync.store import Store

MINUTE = timedelta(minutes=1)
_RETRY_S = 2.0
TEXT_CHARACTERS_MAX = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """``actor`` (an address, an institution, ``cli``) did ``action`` to ``subject``; none of it personal."""

    actor: str
    action: str
    subject: str
    detail: str = ""


class Window:
    """PURE: which notes of this minute are written, and the rows that stand for the others."""

    def __init__(self, distinct_max: int = AUDIT_REFUSALS_PER_MINUTE_MAX) -> None:
        self._distinct_max = distinct_max
        self._began: datetime | None = None
        self._repeats: dict[Note, int] = {}
        self._suppressed = 0

    def take(self, note: Note, now: datetime) -> list[Note]:
        """What to write for ``note``, with what an ended minute left."""
        rows = self.ended(now)
        self._began = self._began or now
        if note in self._repeats:
            self._repeats[note] += 1
        elif len(self._repeats) < self._distinct_max:
            self._repeats[note] = 0
            rows.append(note)
        else:
            self._suppressed += 1
        return rows

    def ended(self, now: datetime, *, at_once: bool = False) -> list[Note]:
        """The rows that sum up the minute, if it is over or ``at_once``; afterwards a new one begins."""
        if self._began is None or not (at_once or now - self._began >= MINUTE):
            return []
        rows = [
            Note(note.actor, note.action, note.subject, f"{note.detail} repeated {count} times".strip())
            for note, count in self._repeats.items()
            if count
        ]
        if self._suppressed:
            rows.append(Note("hub", "audit_suppressed", "refusals", f"{self._suppressed} more within a minute"))
        self._began, self._repeats, self._suppressed = None, {}, 0
        return rows


class Trail:
    """The trail of one process. ``clock`` gives aware UTC instants."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._window = Window()
        self._waiting: deque[tuple[datetime, Note]] = deque()
        self._lost = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._keep(self._window.ended(self._clock(), at_once=True))
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def note(self, actor: str, action: str, subject: str, detail: str = "") -> bool:
        """Have a row written soon; ``False`` if it only counts as one of many."""
        note = Note(_kept(actor), action, _kept(subject), detail)
        with self._changed:
            rows = self._window.take(note, self._clock())
            self._keep(rows)
        return note in rows

    def _keep(self, notes: list[Note]) -> None:
        for note in notes:
            if len(self._waiting) < AUDIT_ROWS_WAITING_MAX:
                self._waiting.append((self._clock(), note))
            else:
                self._lost += 1
        if notes:
            self._changed.notify()

    def _run(self) -> None:
        pause: float | None = None
        while True:
            with self._changed:
                if not self._stopping and (pause or not self._waiting):
                    self._changed.wait(pause or MINUTE.total_seconds())
                self._keep(self._window.ended(self._clock()))
                rows = list(self._waiting)
                stopping = self._stopping
            pause = None if self._written(rows) else _RETRY_S
            if stopping:
                return

    def _written(self, rows: list[tuple[datetime, Note]]) -> bool:
        if not rows:
            return True
        try:
            with self._store.write() as uow:
                for at, note in rows:
                    uow.audit.add(at, note.actor, note.action, note.subject, note.detail)
        except StoreError:
            _log.exception("the audit trail cannot be written", count=len(rows))
            return False
        with self._changed:
            for _ in rows:
                self._waiting.popleft()
            lost, self._lost = self._lost, 0
        if lost:
            _log.error("audit rows were lost while the database was away", count=lost)
        return True


def _kept(text: str) -> str:
    """What a stranger typed, as every database takes it: one row that none takes would hold up all that come after it."""
    return "".join(character for character in text[:TEXT_CHARACTERS_MAX] if character.isprintable())
