"""What a technician is told about a data directory, whether or not its edge runs: one line for each thing that must be right."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from central_sync.programs.hosts import is_host, is_origin
from central_sync.wire.bundles import WHY
from central_sync.wire.handovers import sentence
from edge import app, config, drivers, health, identity
from edge.agents import AgentError, Agents
from edge.anchors.shadow import ShadowDamaged, slot
from edge.app import JOURNAL_FILE
from edge.config import Config, ConfigError
from edge.errors import JournalError
from edge.faces import certificate
from edge.faces.embed.openapi import BASE
from edge.firmware import SITE_FILE
from edge.firmware.notices import told
from edge.firmware.noticing import noticed
from edge.firmware.sets import SetError
from edge.firmware.tunnel import WORDS
from edge.firmware.watch import leg_now
from edge.health import Status
from edge.identity import NotEnrolled
from edge.journal import Journal, Stats
from edge.limits import QUICK_CHECK_BYTES_MAX
from edge.room import Room
from edge.running import EDGE, NotRunning, face_of
from edge.workstations import FILE as WORKSTATIONS_FILE
from edge.workstations import WorkstationError, Workstations

T = TypeVar("T")
FACE_TIMEOUT_S = 5
ANSWER_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is right, and a sentence."""

    part: str
    well: bool
    sentence: str


def findings(folder: Path, now: datetime) -> Iterator[Finding]:
    """Everything that must be right for the edge in ``folder`` to work."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("folder", lambda: _folder(folder)),
        ("settings", lambda: _settings(folder)),
        ("identity", lambda: _identity(folder, now)),
        ("authority", lambda: _authority(folder)),
        ("journal", lambda: _journal(folder)),
        ("workstations", lambda: _workstations(folder)),
        ("agents", lambda: _agents(folder)),
        ("rulebook", lambda: _rulebook(folder, now)),
        ("disk", lambda: _disk(folder)),
        ("site", lambda: _site(folder)),
        ("tunnel", lambda: _tunnel(folder)),
        ("payers", lambda: _payers(folder)),
        ("running", lambda: _running(folder)),
    ]
    for part, look in checks:
        try:
            yield Finding(part, True, look())
        except (
            OSError,
            ConfigError,
            NotEnrolled,
            JournalError,
            WorkstationError,
            AgentError,
            NotRunning,
            SetError,
            ShadowDamaged,
            Unwell,
        ) as error:
            yield Finding(part, False, str(error))


class Unwell(Exception):
    """Something is not as it should be; the text says what to do."""


def running_status(folder: Path) -> Status:
    """The status of the edge that runs on ``folder``, asked over its own face.

    Raises:
        NotRunning: no edge answers.
    """
    face = face_of(folder, EDGE)
    try:
        return msgspec.json.decode(_got(folder, face, f"{BASE}/status"), type=Status)
    except (OSError, HTTPException, msgspec.DecodeError) as error:
        raise NotRunning(f"The edge does not answer at {face} ({type(error).__name__})") from error


def journal_stats(folder: Path) -> Stats:
    """Counts of the journal, read beside a running edge or without one.

    Raises:
        JournalError: there is none, or it cannot be read.
    """
    return asyncio.run(looked(folder, lambda journal: journal.stats()))


async def looked(folder: Path, look: Callable[[Journal], Awaitable[T]]) -> T:
    """What ``look`` sees in the journal of ``folder``, beside a running edge or without one.

    Raises:
        JournalError: there is none, or it cannot be read.
    """
    path = folder / JOURNAL_FILE
    if not path.exists():
        raise JournalError(f"{path} is not there yet: it is made by the first run")
    journal = Journal(path)
    await journal.open(read_only=True)
    try:
        return await look(journal)
    finally:
        await journal.close()


class _Own(HTTPSConnection):
    """A connection to our own face: by whatever address it goes, ``localhost`` is always in its certificate."""

    def __init__(self, host: str, port: int | None, trusted: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=FACE_TIMEOUT_S, context=trusted)
        self._trusted = trusted

    def connect(self) -> None:
        """As the library's, but for the name."""
        HTTPConnection.connect(self)
        self.sock = self._trusted.wrap_socket(self.sock, server_hostname="localhost")


def _got(folder: Path, face: str, path: str) -> bytes:
    parts = urlsplit(face)
    host, port = parts.hostname or "127.0.0.1", parts.port
    host = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared with, not listened on
    connection: HTTPConnection
    if parts.scheme == "https":
        trusted = ssl.create_default_context(cafile=folder / certificate.FOLDER / "certificate.pem")
        connection = _Own(host, port, trusted)
    else:
        connection = HTTPConnection(host, port, timeout=FACE_TIMEOUT_S)
    with closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read(ANSWER_BYTES_MAX)


def _folder(folder: Path) -> str:
    if not folder.is_dir():
        raise Unwell(f"{folder} does not exist: make it, owned by the account that runs the edge")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Unwell(f"{folder} cannot be written by this account")
    return f"{folder} can be written"


def _settings(folder: Path) -> str:
    found: Config = config.load(folder)
    address = config.address(found.listen)
    if not address.loopback and address.host in app.ANY_ADDRESS and not found.names:
        raise Unwell(f"listen is {found.listen}: write the names that the hospital uses in names, for the certificate")
    for name in found.names:
        if not is_host(name):
            raise Unwell(
                f"names has {name!r}, by which nobody calls: write a host name or an address alone, as edge.hospital"
            )
    for origin in found.origins:
        if not is_origin(origin.rstrip("/")):
            raise Unwell(f"origins has {origin!r}, which no browser says: write it as https://his.hospital")
    if found.agents_listen:
        config.address(found.agents_listen)
    for row in found.readers:
        drivers.reader(row, folder, lambda *_: None)
    return f"the face is set to {found.listen}, with {len(found.readers)} readers"


def _identity(folder: Path, now: datetime) -> str:
    who = identity.load(folder)
    identity.client_context(who)
    left = who.days_left(now)
    if left < health.CERTIFICATE_DAYS_LOW:
        raise Unwell(f"The certificate ends in {left} days and was not renewed: look at the line")
    return f"enrolled for {who.institution}; the certificate lasts {left} days; the hub is {who.sync_url}"


def _authority(folder: Path) -> str:
    who = identity.load(folder)
    kept = slot(folder).content()
    if kept.trouble:
        raise Unwell(
            f"the hub's next authority was tried and is not believed ({kept.trouble}: {sentence(kept.trouble)});"
            " work goes on with the present one: tell central operations"
        )
    count = len(identity.believed(who.authority.read_text()))
    if count == 1:
        return f"the hub's authority is {who.issuer}"
    return f"the hub goes from one authority to the next, and both are proven here; our certificate is of {who.issuer}"


def _journal(folder: Path) -> str:
    stats = journal_stats(folder)
    small = stats.file_bytes <= QUICK_CHECK_BYTES_MAX
    wrong = asyncio.run(looked(folder, lambda journal: journal.check())) if small else []
    if wrong:
        raise Unwell(f"the journal is damaged: keep it, and restore a backup ({len(wrong)} findings)")
    return f"{'sound' if small else 'not looked through: journal verify'}; {sum(stats.entries.values())} transactions, {stats.pending} pending, {stats.hids_left} case numbers"


def _workstations(folder: Path) -> str:
    count = len(Workstations(folder / WORKSTATIONS_FILE).all())
    if not count:
        raise Unwell("No workstation may sign in: pishkhan-edge workstation add NAME")
    return f"{count} may sign in"


def _agents(folder: Path) -> str:
    count, listen = len(Agents(folder).all()), config.load(folder).agents_listen
    if count and not listen:
        raise Unwell(
            f"{count} computers are paired and cannot reach us: set agents_listen in edge.toml, and start the edge again"
        )
    return f"{count} computers are paired; their port is {listen}" if listen else "no readers on the clerks' computers"


def _rulebook(folder: Path, now: datetime) -> str:
    from edge.shelf import Shelf  # with the engine, which the running edge, whose verbs these are, loads later

    who = identity.load(folder)
    found, fault = Shelf(folder, who.evidence, who.institution).best()
    if fault is not None:
        raise Unwell(
            f"a rulebook that is kept cannot be used ({fault}: {WHY[fault]}): it is fetched anew when the line is up"
        )
    if found is None:
        return "none from the hub yet: forecasts use the rules that came with this version"
    days = max(0, (now - found.told.issued_at).days)
    return f"version {found.told.version[:12]}, number {found.told.number}, issued {days} days ago"


def _disk(folder: Path) -> str:
    free = health.free_bytes(folder)
    if Room(folder).refuses():
        raise Unwell(f"only {free // 2**20} MiB are free, and new work is refused: make room")
    if free < health.FREE_BYTES_LOW:
        raise Unwell(f"only {free // 2**20} MiB are free")
    return f"{free // 2**20} MiB are free"


def _site(folder: Path) -> str:
    root = Path(config.load(folder).appliance)
    if not (root / SITE_FILE).exists():
        return "no appliance is set up here"
    if notice := told(noticed(root)):
        raise Unwell(notice)
    return f"{root / SITE_FILE} is in place"


def _tunnel(folder: Path) -> str:
    root = Path(config.load(folder).appliance)
    if not (root / SITE_FILE).exists():
        return "no tunnel is watched here"
    words = WORDS.get(leg_now(root))
    if words is not None:
        raise Unwell(f"{words.what} {words.do}")
    return "the tunnel is up"


def _payers(folder: Path) -> str:
    try:
        status = running_status(folder)
    except NotRunning:
        return "not known while the edge does not run"  # which is a finding of its own
    if status.line != "up" or status.payers is None:
        return "not known: the hub has not said which payers it waits for"
    if status.payers:
        raise Unwell(" ".join(health.of_payers(status.payers)))
    return "the hub waits for no payer's answer"


def _running(folder: Path) -> str:
    status = running_status(folder)
    if status.warnings:
        raise Unwell(" ".join(status.warnings))
    return f"version {status.version}, line {status.line}"
