"""SHELL: the technician's page of maintenance: announce it to the desks, see what is announced, end it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from central_sync.pages.rendering import commands, typed
from central_sync.terms.days import Calendar, civil_day, parse
from central_sync.terms.languages import day_typed, plain_digits
from edge.accounts import Role
from edge.console.lobby import BASE, Lobby
from edge.console.views import N_
from edge.errors import EdgeError
from edge.limits import MAINTENANCE_HOURS_MAX
from edge.maintenance.window import MaintenanceError, Window

HERE = "/technician/maintenance"
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
LATE = timedelta(minutes=30)
"""So long ago a form may have offered its beginning, which is now then; what was earlier was meant otherwise: tonight at two, say."""
LENGTHS_MINUTES = (15, 30, 60, 120, 240, 480)

WRONG: Mapping[str, str] = {
    "begin": N_("Write the day and the time of the beginning like %(now)s."),
    "length": N_("Maintenance lasts 1 minute to %(hours)s hours."),
    "past": N_("That time is over. Look at the day and the time of the beginning again."),
    "ended": N_("It would be over before it begins."),
    "long": N_("Maintenance lasts 1 minute to %(hours)s hours."),
    "far": N_("So far ahead nothing is announced."),
    "reason": N_("Say in one line why: the desks read it."),
    "file": N_("It could not be kept. Look at the disk of the data directory."),
}
"""What is wrong with a form, by its code."""


class Announces(Protocol):
    """What is announced, and its changes."""

    def window(self) -> Window | None:
        """What lasts now or is to come."""
        ...

    def announce(self, begin: datetime, end: datetime, reason: str, by: str) -> Window:
        """Announce it."""
        ...

    def end(self, by: str) -> bool:
        """End it."""
        ...


class MaintenancePages:
    """``zone`` and ``calendar`` are those in which the technician writes days and times."""

    def __init__(self, lobby: Lobby, maintenance: Announces, zone: str, calendar: Calendar) -> None:
        self._lobby = lobby
        self._maintenance = maintenance
        self._zone = zone
        self._calendar = calendar

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served = self._lobby.served
        return [
            web.get(BASE + HERE, served(self.show)),
            web.post(BASE + HERE, served(self.announce)),
            web.post(f"{BASE}{HERE}/end", served(self.end)),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """What is announced, and the form."""
        self._lobby.session(request, Role.TECHNICIAN)
        return self._page(request, {}, "")

    async def announce(self, request: web.Request) -> web.Response:
        """Announce it."""
        session = await self._lobby.form_session(request, Role.TECHNICIAN)
        form = {name: str(value)[:400] for name, value in (await request.post()).items() if isinstance(value, str)}
        try:
            begin, end = self._times(form)
            self._maintenance.announce(begin, end, form.get("reason", ""), session.name)
        except MaintenanceError as error:
            return self._page(request, form, error.code)
        except EdgeError:
            return self._page(request, form, "file")
        return self._lobby.sent_to(HERE)

    async def end(self, request: web.Request) -> web.Response:
        """End it, or call it off."""
        session = await self._lobby.form_session(request, Role.TECHNICIAN)
        try:
            self._maintenance.end(session.name)
        except EdgeError:
            return self._page(request, {}, "file")
        return self._lobby.sent_to(HERE)

    def _times(self, form: Mapping[str, str]) -> tuple[datetime, datetime]:
        minutes = form.get("minutes", "").strip()
        if not (minutes.isdecimal() and len(minutes) <= 6 and 0 < int(minutes) <= MAINTENANCE_HOURS_MAX * 60):
            raise MaintenanceError("length", "the length is none")
        clock = _TIME.fullmatch(form.get("time", "").strip())
        try:
            day = parse(form.get("day", "").strip(), self._calendar)
            at = time(int(clock[1]), int(clock[2])) if clock else None
        except ValueError:
            at = None
        if at is None:
            raise MaintenanceError("begin", "the beginning is none")
        try:
            begin = datetime.combine(day, at, ZoneInfo(self._zone)).astimezone(
                UTC
            )  # so that a length is one over a change of the clocks too
        except OverflowError:
            raise MaintenanceError("begin", "the beginning is none") from None
        now = self._lobby.clock()
        if begin <= now - LATE:
            raise MaintenanceError("past", "the beginning is over")
        begin = max(begin, now)  # what the form offered, some moments ago: now, and for as long
        try:
            return begin, begin + timedelta(minutes=int(minutes))
        except OverflowError:
            raise MaintenanceError("far", "the end is none") from None

    def _page(self, request: web.Request, form: Mapping[str, str], wrong: str) -> web.Response:
        session = self._lobby.session(request, Role.TECHNICIAN)
        now, tongue = self._lobby.clock(), self._lobby.tongue(request)
        there = now.astimezone(ZoneInfo(self._zone))
        given = {
            "day": day_typed(civil_day(now, self._zone), self._calendar, tongue.language),
            "time": plain_digits(f"{there:%H:%M}", tongue.language), "minutes": plain_digits("30", tongue.language), "reason": "",
        }  # fmt: skip
        values: dict[str, Any] = {
            "window": self._maintenance.window(), "now": now, "here": HERE, "form": {**given, **form}, "wrong": wrong, "lengths": LENGTHS_MINUTES,
            "typed": lambda minutes: plain_digits(str(minutes), tongue.language),
            "told": commands(tongue.text(WRONG[wrong])) % {"now": typed(f"{given['day']} {given['time']}"), "hours": tongue.number(MAINTENANCE_HOURS_MAX)}
            if wrong else "",
        }  # fmt: skip
        return self._lobby.page(request, "maintenance.html", values, session, 400 if wrong else 200)
