"""Which computer a page is open on, and its business day.

A computer becomes a desk once, with the workstation key that the technician issued. Its browser then keeps a cookie that no script can read: the workstation's
name under a seal of this edge (``DIR/console.key``) that also holds what proves the key. So it outlives restarts of browser and edge, is worth nothing at another
edge, and ends when the workstation gets another key or is removed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from central_sync.pages import forms
from central_sync.wire.refusals import Refused
from edge import files
from edge.business_days import BusinessDays
from edge.calls import Context, Reply
from edge.cycles import Cycle
from edge.workstations import WorkstationError, Workstations

SEAT_COOKIE = "pishkhan_desk"
KEY_FILE = "console.key"
KEY_CHARACTERS_MAX = 200


class Seat(NamedTuple):
    """A clerk at a desk, on a business day that is open. ``key``: what proves the workstation's key."""

    workstation: str
    cycle: Cycle
    context: Context
    key: str = ""


class Seats:
    """The desks of one edge."""

    def __init__(self, folder: Path, workstations: Workstations, days: BusinessDays) -> None:
        self._path = folder / KEY_FILE
        self._workstations = workstations
        self._days = days
        self._secret = b""

    def start(self) -> None:
        """Have a secret.

        Raises:
            OSError: it can be neither read nor made.
        """
        try:
            self._secret = self._path.read_bytes()
        except FileNotFoundError:
            self._secret = secrets.token_bytes(32)
            files.replace(self._path, self._secret)

    def sealed(self, workstation: str, key: str) -> str | None:
        """The cookie of a computer that shows the key of ``workstation``; ``None``: it is not its key."""
        try:
            if not self._workstations.admits(workstation, key[:KEY_CHARACTERS_MAX]):
                return None
            return f"{workstation}.{self._seal(workstation, self._workstations.key_sha256(workstation))}"
        except WorkstationError:
            return None

    def workstation(self, request: web.Request) -> str:
        """The workstation that the caller's computer is; empty: none, or no more."""
        name, _, seal = request.cookies.get(SEAT_COOKIE, "").rpartition(".")
        try:
            proves = self._workstations.key_sha256(name) if name else ""
        except WorkstationError:
            return ""
        return name if proves and forms.same(self._seal(name, proves), seal) else ""

    async def seat(self, workstation: str, operator: str) -> Seat:
        """The clerk's seat; her business day is begun if it is not open yet.

        Raises:
            Refused: why not: the hub's word on 9001, or the workstation is no longer admitted.
            JournalUnavailable: the day could not be kept.
        """
        cycle = self._days.today(workstation, operator)
        try:
            key = self._workstations.key_sha256(workstation)
        except WorkstationError as error:
            raise Refused("workstation_refused", "the list of workstations cannot be read") from error
        if not key:
            raise Refused("workstation_refused")
        if cycle is None:
            begun = await self._days.begin(workstation, operator, key, token=False)
            if begun.refused:
                raise Refused(begun.reply.code, begun.reply.detail)
            cycle = begun.cycle
        return Seat(workstation, cycle, self._days.context(cycle), key)

    def current(self, seat: Seat) -> bool:
        """Whether the seat of a page that only listens is still one: the same business day is open, and the computer has the key that it was."""
        try:
            admitted = bool(seat.key) and self._workstations.still(seat.workstation, seat.key)
        except WorkstationError:
            return False
        today = self._days.today(seat.workstation, seat.cycle.operator)
        return admitted and today is not None and today.serial == seat.cycle.serial

    async def end(self, seat: Seat, deadline_ms: int) -> Reply:
        """Close the seat's business day (9002)."""
        return await self._days.end(seat.cycle, deadline_ms)

    def _seal(self, workstation: str, key_sha256: str) -> str:
        told = f"{workstation}\x00{key_sha256}".encode()
        return hmac.new(self._secret, told, hashlib.sha256).hexdigest()
