"""A desk's pages over a real edge core, journal, reader and socket; the hub is the simulator's. A browser without scripts, as far as forms go."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from edge.accounts import FILE, Account, Accounts, Role
from edge.audit import Audit
from edge.clerks import Clerks
from edge.console.lobby import BASE, SESSION_COOKIE, Lobby
from edge.console.routes import Console
from edge.cycles import Cycles
from edge.faces.door import Door
from edge.readers.bindings import Binding, by_row
from edge.readers.front import Front
from edge.readers.simulated.driver import SimulatedReader
from edge.workstations import FILE as WORKSTATIONS_FILE
from edge.workstations import Workstations
from tests.edge.world import Edge

NUMBER, NAME = "0499370899", "زهرا <b>آزمایشی</b>"
CARD = json.dumps({"kind": "ir_national_code", "number": NUMBER, "name": NAME}, ensure_ascii=False)
FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
FIELD = re.compile(r"<(?:input|button|select)\b[^>]*>")
WHO = SimpleNamespace(institution="H1", name="H <1>", currency="CNY", zone="Asia/Shanghai", shown_in=Calendar.GREGORIAN)


class Hospital:
    """One edge with two desks, a clerk and a technician. ``now`` is the wall clock, moved by ``ahead``."""

    def __init__(self, folder: Path, edge: Edge) -> None:
        self.folder, self.edge = folder, edge
        self.ahead = timedelta()
        self.reader = folder / "reader"
        self.reader.mkdir(exist_ok=True)
        self.accounts = Accounts(folder / FILE)
        self.workstations = Workstations(folder / WORKSTATIONS_FILE)
        self.audit = Audit(folder)
        self.audit.start()
        self.lobby = Lobby(self.accounts, self.now, WHO.name, WHO.zone, WHO.shown_in, secure=False)
        self.front = Front(
            lambda told: [SimulatedReader("card", self.reader, told)], self.now, lambda: self.now().date(),
            by_row({"card": Binding(desk="desk-1")}),
        )  # fmt: skip
        edge.intake._presence = self.front.presence
        self.cycles = Cycles(edge.journal, WHO.zone)
        self.clerks = Clerks(
            folder, WHO, edge.journal, edge.intake, self.cycles, self.workstations, self.front, edge.events, self.audit, self.now,
            lambda: "" if edge.uplink.up else "line_down", lambda: None,
        )  # fmt: skip
        self.console = Console(self.lobby, self._standing, self.audit, self.clerks.further)
        self.server: TestServer | None = None
        self._clients: list[TestClient] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def _standing(self) -> Any:
        raise AssertionError("nobody asks")

    async def __aenter__(self) -> Hospital:
        await self.cycles.start()
        await self.front.start()
        await self.clerks.start()
        door = Door([], [])
        app = web.Application(middlewares=[door.middleware])
        app.add_routes(self.console.routes())
        self.server = TestServer(app)
        await self.server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.session.close()
        await self.console.stop()
        await self.clerks.stop()
        await self.front.quieten()
        await self.front.stop()
        await self.server.close()

    async def person(self, name: str = "clerk", role: Role = Role.CLERK, language: str = "en") -> Person:
        """Somebody signed in, at a browser of their own."""
        account = Account(name=name, role=role, password_hash="h", changed_at=self.now())
        if self.accounts.find(name) is None:
            with self.accounts._file.changing() as kept:
                self.accounts._file.write(type(kept)([*kept.accounts, account]))
        client = TestClient(self.server)
        self._clients.append(client)
        token = self.lobby.sessions.begin(self.accounts.find(name), self.now())
        client.session.cookie_jar.update_cookies({SESSION_COOKIE: token}, self.server.make_url(BASE))
        return Person(self, client, language)

    async def clerk(self, desk: str = "desk-1", name: str = "clerk", language: str = "en") -> Person:
        """A clerk whose computer is ``desk``."""
        one = await self.person(name, language=language)
        await one.sit(desk)
        return one

    async def numbers(self, hid: str) -> list[str]:
        """What the journal has of a case, by number."""
        return [step.number for step in await self.clerks._casebook.steps(hid, self.now())]

    def put(self, card: str = CARD) -> None:
        part = self.reader / "card.part"
        part.write_text(card, encoding="utf-8")
        part.rename(self.reader / "card.json")

    def take(self) -> None:
        (self.reader / "card.json").unlink()


class Person:
    """A browser: the page that it shows, and the forms on it."""

    def __init__(self, hospital: Hospital, client: TestClient, language: str) -> None:
        self.hospital, self.client = hospital, client
        self._headers = {"Accept-Language": language}
        self.path = self.page = ""
        self.status = 0

    async def sit(self, desk: str) -> None:
        key = self.hospital.workstations.add(desk, self.hospital.now())
        await self.get("/desk/pair")
        await self.send("/desk/pair", name=desk, key=key)

    async def get(self, path: str) -> str:
        """Open a page, and whatever it sends to."""
        return await self._shown(await self.client.get(BASE + path, headers=self._headers))

    async def send(self, action: str, _place: int = 0, **fields: str) -> str:
        """Fill in the form of the page whose address ends with ``action``, and send it."""
        whole, form = self.form(action, _place)
        return await self.post(whole, {**form, **fields})

    async def post(self, whole: str, form: dict[str, str]) -> str:
        return await self._shown(await self.client.post(whole, data=form, headers=self._headers))

    def form(self, action: str, place: int = 0) -> tuple[str, dict[str, str]]:
        found = [(where, inside) for where, inside in FORM.findall(self.page) if where.endswith(action)]
        assert found, f"no form {action} on {self.path}"
        fields = {}
        for tag in FIELD.findall(found[place][1]):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and (value or not tag.startswith("<select")):
                fields[name.group(1)] = html.unescape(value.group(1)) if value else ""
        return found[place][0], fields

    def has(self, action: str) -> bool:
        return any(where.endswith(action) for where, _ in FORM.findall(self.page))

    async def visit(self, number: str = NUMBER) -> str:
        """Look somebody up and open a visit; its HID."""
        await self.get("/desk")
        await self.send("/find", who=number)
        await self.send("/open")
        assert "/case/" in self.path, self.page
        return self.path.rpartition("/")[2]

    async def charge(self, item: str = "A1", price: str = "10", **more: str) -> str:
        return await self.send("/fees", item=item, price=price, **more)

    @property
    def main(self) -> str:
        """What the page says, without markup."""
        return html.unescape(
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.page.partition("<main")[2].partition(">")[2]))
        )

    async def _shown(self, answer: Any) -> str:
        self.status, self.path = answer.status, answer.url.path.removeprefix(BASE)
        self.page = await answer.text()
        return self.page


LANGUAGES = [language.value for language in Language]
