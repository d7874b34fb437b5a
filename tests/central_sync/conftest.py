"""Fixtures of the hub's tests: each test that takes ``url`` or ``store`` runs on SQLite and on a real PostgreSQL server.

The server is started once for the session, on a socket in a folder of its own; each test gets a database copied from a
migrated template. Where PostgreSQL is missing the tests fail; they do not pass in silence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from central_sync.intake import Intake
from central_sync.store import Store, migrate
from tests.central_sync.hospital import RULEBOOK, Hospital, populate

BINARIES = Path("/usr/lib/postgresql")
TEMPLATE = "pishkhan_template"


def _binaries() -> Path:
    found = [path for path in BINARIES.glob("*/bin") if (path / "initdb").exists()]
    if not found:
        pytest.fail("PostgreSQL is missing: install the Debian package `postgresql`", pytrace=False)
    return max(found, key=lambda path: int(path.parent.name))


def _as_server(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: it becomes the package's own user."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "env", f"HOME={folder}"]


class Postgres:
    """One server for the session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> None:
        binaries, data = _binaries(), self.folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        prefix = _as_server(self.folder)
        make = [*prefix, binaries / "initdb", "-D", data, "-A", "trust", "-U", "app", "-E", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, cwd=self.folder, timeout=60)
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
        start = [*prefix, binaries / "pg_ctl", "-D", data, "-w", "-o", options, "-l", self.folder / "log", "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, timeout=60)
        self.sql(f"CREATE DATABASE {TEMPLATE}")
        migrate(self.url(TEMPLATE))

    def stop(self) -> None:
        stop = [_binaries() / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop"]
        subprocess.run([*_as_server(self.folder), *stop], check=False, stdout=subprocess.DEVNULL, cwd=self.folder)

    def url(self, database: str) -> str:
        return f"postgresql://app@/{database}?host={self.folder}"

    def sql(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user=app dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's PostgreSQL server."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = Postgres(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    """A migrated SQLite database to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str]:
    """A migrated, empty database of its own, on SQLite and on PostgreSQL in turn."""
    if request.param == "sqlite":
        path = tmp_path / "hub.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server, name = request.getfixturevalue("postgres"), f"t{uuid.uuid4().hex}"
    server.sql(
        f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY"
    )  # half the price of a copy through the log
    yield server.url(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_url(request, tmp_path, url) -> Iterator[str]:
    """A database with no tables at all, of the same kind as ``url``."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server, name = request.getfixturevalue("postgres"), f"e{uuid.uuid4().hex}"
    server.sql(f"CREATE DATABASE {name}")
    yield server.url(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(url) -> Iterator[Store]:
    """An open store on ``url``."""
    opened = Store(url)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def hub(store) -> Intake:
    """The intake over a store with three hospitals (H1, H2 Chinese; H3 Iranian) and three persons."""
    populate(store)
    return Intake(store, RULEBOOK)


@pytest.fixture
def hospital(store, hub) -> Hospital:
    """H1."""
    return Hospital(store, hub, "H1")


@pytest.fixture
def other(store, hub) -> Hospital:
    """H2, of the same region."""
    return Hospital(store, hub, "H2")


@pytest.fixture
def iranian(store, hub) -> Hospital:
    """H3."""
    return Hospital(store, hub, "H3")
