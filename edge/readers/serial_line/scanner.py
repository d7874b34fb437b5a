"""SHELL: a barcode or QR scanner on a port.

What it scans lies there like a card: until it was read, a moment longer, so that it is told as removed after the read has ended; or for the configured
time. A new scan takes the place of one that nobody read. Nobody scans faster than ``SCANS_PER_S_MAX``: what comes faster is a broken
scanner, a wrong speed or another device, which is passed over, so that it fills no log and keeps no loop busy.
"""

from __future__ import annotations

import time

from central_sync.wire.refusals import Refused
from edge.readers.cards.identity import CardIdentity
from edge.readers.serial_line import codec
from edge.readers.serial_line.address import LineAddress
from edge.readers.serial_line.worker import Line, Task

SCANS_AT_ONCE_MAX = 50
SCANS_PER_S_MAX = 20.0


class Scanner:
    """One scanner."""

    def __init__(self, line: Line, address: LineAddress) -> None:
        self._line = line
        self._address = address
        self._lines = codec.Lines()
        self._last_byte_at = 0.0
        self._scan: CardIdentity | Refused | None = None
        self._scanned_at = 0.0
        self._taken = False
        self._scans_left = float(SCANS_AT_ONCE_MAX)
        self._counted_at = 0.0

    def begin(self) -> None:
        """A scanner says nothing before it scans."""

    def turn(self, task: Task | None) -> float:
        """Take what was scanned, and give it to ``task``.

        Raises:
            PortTrouble: the port is gone.
        """
        some = self._line.port.read()
        self._line.live()
        now = time.monotonic()
        if (returned := self._line.returned()) is not None and (self._taken or self._scan is None):
            self._scan, self._scanned_at, self._taken = returned, now, False
            self._line.seen(True)
        if self._taken:
            self._forget()
        for line in self._heard(some, now):
            self._forget()
            self._scan, self._scanned_at = self._understood(line), now
            self._line.seen(True)
        if self._scan is not None and task is not None:
            self._taken = self._given(self._scan)
        if self._scan is not None and not self._taken and now - self._scanned_at >= self._address.kept_s:
            self._forget()
        return 0.0

    def _heard(self, some: bytes, now: float) -> list[bytes]:
        """The scans in ``some``: all of them, or of more than anybody can have scanned in that time none."""
        lines = self._lines_of(some, now)
        self._scans_left = min(SCANS_AT_ONCE_MAX, self._scans_left + (now - self._counted_at) * SCANS_PER_S_MAX)
        self._counted_at = now
        self._scans_left = max(self._scans_left - len(lines), -SCANS_PER_S_MAX)
        return lines if self._scans_left >= 0 else []

    def _lines_of(self, some: bytes, now: float) -> list[bytes]:
        if some:
            self._last_byte_at = now
            return self._lines.feed(some)
        paused = self._lines.begun and now - self._last_byte_at >= self._address.pause_s
        return self._lines.end() if paused else []

    def _understood(self, line: bytes) -> CardIdentity | Refused:
        try:
            return codec.identity(line, self._address.expects)
        except Refused as why:
            return why

    def _given(self, scan: CardIdentity | Refused) -> bool:
        """Whether somebody took it: all who wait do."""
        tasks = self._line.waiting()
        if isinstance(scan, Refused):
            for task in tasks:
                task.refuse(scan)
            return bool(tasks)
        return bool([task for task in tasks if task.give(scan)])

    def _forget(self) -> None:
        if self._scan is not None:
            self._scan, self._taken = None, False
            self._line.seen(False)
