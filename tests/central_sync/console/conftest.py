"""A console over a real database, with a clock that a test sets, and people who are signed in without a password's thirty milliseconds."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from central_sync.audit import Trail
from central_sync.config import ConsoleSetting
from central_sync.console.access import Role
from central_sync.console.lobby import SESSION_COOKIE
from central_sync.console.site import Console
from central_sync.fleet.alerts import shipped
from central_sync.fleet.authority import Authority
from central_sync.fleet.lifecycle import Thresholds
from central_sync.fleet.operations import Operations
from central_sync.fleet.service import Fleet
from central_sync.store import Store
from tests.central_sync.hospital import RULEBOOK, populate

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
KEY = re.compile(r'name="form_key" value="([^"]+)"')


class World:
    """A console, and whoever is signed in there."""

    def __init__(self, store: Store, folder: Path, **setting: object) -> None:
        self.now = NOW
        self.store = store
        self.authority = Authority(folder)
        self.authority.open()
        self.trail = Trail(store, lambda: self.now)
        self.fleet = Fleet(store, self.authority, RULEBOOK)
        self.operations = Operations(store, Thresholds(), shipped(), {}, "hub", lambda: self.now)
        self.operations.watch.look()
        self.console = Console(
            store,
            self.authority,
            self.fleet,
            self.trail,
            lambda: self.now,
            ConsoleSetting(**setting),
            self.operations,
            secure=False,
        )

    def account(self, name: str, role: Role, institutions: tuple[str, ...] | None = None, password_hash="x") -> None:
        with self.store.write() as uow:
            uow.console_accounts.put(name, role, password_hash, institutions, self.now)

    def token(self, name: str, *, passed: bool = True) -> str:
        """A session of that account."""
        with self.store.write() as uow:
            account = uow.console_accounts.get(name)
            return self.console.sessions.begin(uow, account, passed=passed)[0]

    def audited(self, action: str) -> list[tuple[str, str, str]]:
        with self.store.read() as uow:
            return [(row.actor, row.subject, row.detail) for row in uow.audit.latest() if row.action == action]


class Browser:
    """Somebody at a browser; ``token`` is their session."""

    def __init__(self, client: TestClient, token: str = "") -> None:
        self.client = client
        self.cookies = {SESSION_COOKIE: token} if token else {}
        self.headers: dict[str, str] = {}

    async def get(self, path: str) -> tuple[int, str]:
        answer = await self.client.get(path, allow_redirects=False, cookies=self.cookies, headers=self.headers)
        self._kept(answer)
        if answer.content_type == "text/event-stream":  # it would not end
            answer.close()
            return answer.status, ""
        return answer.status, await answer.text()

    async def post(self, address: str, key: str = "", **fields: str) -> tuple[int, str, str]:
        """Status, text, and where it sends."""
        answer = await self.client.post(
            address,
            data={"form_key": key, **fields},
            allow_redirects=False,
            cookies=self.cookies,
            headers=self.headers,
        )
        self._kept(answer)
        return answer.status, await answer.text(), answer.headers.get("Location", "")

    async def key(self, path: str = "/account") -> str:
        """The form key of this session's pages."""
        found = KEY.search((await self.get(path))[1])
        return found[1] if found else ""

    def _kept(self, answer) -> None:
        for name, morsel in answer.cookies.items():
            self.cookies[name] = morsel.value
        self.client.session.cookie_jar.clear()


@pytest.fixture(scope="session")
def authority_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority") / "authority"
    Authority(folder).create([], datetime.now(UTC))
    return folder


@pytest.fixture
def world(store: Store, authority_folder: Path) -> World:
    """On both databases in turn; nobody must have a second factor."""
    populate(store)
    return World(store, authority_folder, second_factor=())


@pytest.fixture
def small_world(sqlite_template: Path, tmp_path: Path, authority_folder: Path):
    """On SQLite alone."""
    path = tmp_path / "hub.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    store.open()
    populate(store)
    yield World(store, authority_folder, second_factor=())
    store.close()


async def serving(world: World) -> AsyncIterator[TestClient]:
    world.console.start()
    world.trail.start()
    async with TestClient(TestServer(world.console.application())) as client:
        yield client
    world.trail.stop()
    world.console.stop()


@pytest.fixture
async def client(world: World) -> AsyncIterator[TestClient]:
    async for made in serving(world):
        yield made


@pytest.fixture
async def small_client(small_world: World) -> AsyncIterator[TestClient]:
    async for made in serving(small_world):
        yield made
