"""A face on a real socket, with real cycles, workstations and journal; behind it a desk that answers as the test tells it.

The desk implements the port ``Handles`` that the intake fills in the edge; what the intake itself does is tested with the intake.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from central_sync.terms.languages import Language
from edge.audit import Audit
from edge.calls import Call, Reply
from edge.config import Address
from edge.cycles import Cycles
from edge.events import Events
from edge.faces.cards.routes import CardsFace
from edge.faces.door import Door
from edge.faces.embed.routes import EmbedFace
from edge.faces.gate import Gate
from edge.faces.limits import BODY_BYTES_MAX
from edge.faces.listener import Listener
from edge.faces.shortcut import Shortcut
from edge.faces.stream import Stream
from edge.health import Status
from edge.journal import Journal
from edge.outcome import Outcome
from edge.readers.bindings import Binding, by_row
from edge.readers.front import Front
from edge.readers.simulated.driver import SimulatedReader
from edge.workstations import Workstations
from tests.patience import HUNG_S

NOON = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
CONTEXT = {"institution": "H1", "operator": "op-1", "workstation": "desk-1"}


class Desk:
    """Answers every call final, unless told otherwise; keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.outcome = Outcome.FINAL
        self.code = ""
        self.retry_after_s = 0
        self.answer: dict[str, Any] | None = {"hid": "1"}
        self.hold: asyncio.Event | None = None
        self.fault: Exception | None = None
        self.quick: list[Callable[[Reply], None]] | None = None
        """If it is a list: who is to be told, of the calls that were taken on at once."""

    def at_once(self, call: Call, told: Callable[[Reply], None]) -> bool:
        if self.quick is None:
            return False
        self.calls.append(call)
        self.quick.append(told)
        return True

    async def handle(self, call: Call) -> Reply:
        self.calls.append(call)
        if self.hold is not None:
            await self.hold.wait()
        if self.fault is not None:
            raise self.fault
        return Reply(
            outcome=self.outcome, msgid=call.msgid, number=call.number, answer=self.answer, code=self.code, retry_after_s=self.retry_after_s,
            ticket=call.msgid if self.outcome in (Outcome.IN_DOUBT, Outcome.PROVISIONAL) else "",
        )  # fmt: skip


class Hospital:
    """Everything from the socket to the desk, at a time that the test sets."""

    def __init__(
        self,
        folder: Path,
        names: tuple[str, ...] = (),
        origins: tuple[str, ...] = (),
        readers: Mapping[str, Binding] | None = None,
        **cards: Any,
    ) -> None:
        self.now = NOON
        self.folder = folder
        self.desk = Desk()
        self.events = Events()
        self.journal = Journal(folder / "journal.db")
        self.workstations = Workstations(folder / "workstations.json")
        self.cycles = Cycles(self.journal, "Asia/Tehran")
        self.door = Door(names, origins)
        self.stream = Stream(self.events, self.clock)
        self.reader_folder = folder / "reader"
        rows = readers or {"reader-1": Binding()}
        self.front = Front(
            lambda told: [
                SimulatedReader(name, self.reader_folder if name == "reader-1" else folder / name, told)
                for name in rows
            ],
            self.clock,
            bound=by_row(rows),
            **cards,
        )
        self.card_stream = Stream(self.front.events, self.clock)
        self.audit = Audit(folder)
        gate = Gate("H1", self.workstations, self.cycles, self.clock)
        embed = EmbedFace(
            self.desk, gate, self.cycles, self.stream, self.status, self.audit, self.clock, called=self.called
        )
        app = web.Application(middlewares=[self.door.middleware], client_max_size=BODY_BYTES_MAX)
        app.on_response_prepare.append(self.door.before_headers)
        cards_face = CardsFace(self.front.desks, self.front.requests, gate, self.card_stream)
        self.routes = [*embed.routes(), *cards_face.routes()]
        app.add_routes(self.routes)
        self.shortcut = Shortcut(self.routes, self.door, embed.shortcuts())
        self.listener = Listener(app, Address("127.0.0.1", 0), "", None, self.shortcut)
        self.key = ""
        self.names: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.context = CONTEXT
        self.token = ""
        self.http: aiohttp.ClientSession

    def clock(self) -> datetime:
        return self.now

    def called(self, key: str, _language: Language) -> str:
        """What the rulebook in use calls it."""
        return self.names.get(key, "")

    async def status(self) -> Status:
        return Status(
            return_code=0, institution="H1", name="Test", version="0", now=self.now, line="up", line_trouble="", clock="right", clock_skew_s=0.0,
            hids_left=9, pending=0, awaited=0, entries={}, certificate_days_left=100, warnings=[],
        )  # fmt: skip

    async def __aenter__(self) -> Hospital:
        await self.journal.open()
        await self.cycles.start()
        self.audit.start()
        self.key = self.workstations.add("desk-1", self.now)
        self.keys = {"desk-1": self.key}
        await self.front.start()
        await self.listener.start()
        self.http = aiohttp.ClientSession(base_url=self.listener.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        await self.front.quieten()
        await self.stream.stop()
        await self.card_stream.stop()
        await self.listener.stop()
        await self.front.stop()
        await self.journal.close()

    async def sign_in(self, desk: str = "desk-1") -> str:
        """Init; the token is used by :meth:`call` and :meth:`get` from then on, and the desk is who calls."""
        if desk not in self.keys:
            self.keys[desk] = self.workstations.add(desk, self.now)
        context = {**CONTEXT, "workstation": desk}
        status, body = await self.post("init", {**context, "workstation_key": self.keys[desk]})
        assert status == 200, body
        self.context, self.token = context, body["token"]
        return self.token

    def put_card(self, text: str, reader: str = "reader-1") -> Path:
        """Put a card on a reader, all of it at once."""
        folder = self.reader_folder if reader == "reader-1" else self.folder / reader
        folder.mkdir(exist_ok=True)
        unfinished = folder / "card.part"
        unfinished.write_text(text, encoding="utf-8")
        return unfinished.rename(folder / "card.json")

    async def get(self, path: str, method: str = "GET", **query: str) -> tuple[int, dict[str, Any]]:
        """A call without a body, with context and token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.request(method, path, params={**self.context, **query}, headers=headers) as response:
            return response.status, await response.json()

    async def opened(self, path: str, **query: str) -> aiohttp.ClientResponse:
        """An event stream."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.http.get(path, params={**self.context, **query}, headers=headers)

    async def post(self, path: str, body: Any, **more: Any) -> tuple[int, dict[str, Any]]:
        """A POST as it stands: a dict goes as JSON, bytes as they are."""
        body = {"data": body} if isinstance(body, bytes) else {"json": body}
        path = path if path.startswith("/") else f"/embed/v1/{path}"
        async with self.http.post(path, **body, **more) as response:
            return response.status, await response.json()

    async def call(
        self, path: str, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> tuple[int, dict[str, Any]]:
        """A POST with context and token."""
        signed = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return await self.post(path, {"context": self.context, **fields}, headers=signed)


async def next_event(response: aiohttp.ClientResponse) -> tuple[str, dict[str, Any]]:
    """The next event of a stream: its kind and data."""
    async with asyncio.timeout(HUNG_S):
        kind = (await response.content.readline()).decode().strip().removeprefix("event: ")
        data = (await response.content.readline()).decode().removeprefix("data: ")
        await response.content.readline()
    return kind, json.loads(data)


async def until(look: Callable[[], object]) -> None:
    """Wait until ``look`` says so."""
    async with asyncio.timeout(HUNG_S):
        while not look():  # noqa: ASYNC110 - what is looked at has no bell of its own
            await asyncio.sleep(0.01)
