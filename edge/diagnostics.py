"""SHELL: the bundle for whoever helps from afar: how this edge is, in one zip file, and nobody in it.

What goes in stands here, part by part: versions, settings, health, the journal's counts, the disk, the clock, the last lines of the log. Names of accounts,
workstations, operators, readers, desks and agents, msgids and bodies are not looked at; what is left goes through :mod:`edge.scrub`. Keys, passwords and
their hashes lie in files of their own, which nothing here opens.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import platform
import shutil
import ssl
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edge import files, log
from edge.accounts import FILE as ACCOUNTS_FILE
from edge.accounts import Accounts
from edge.agents import Agents
from edge.audit import Audit
from edge.config import Config
from edge.console.technician import Standing
from edge.console.views import legs
from edge.control import Tell
from edge.errors import EdgeError, JournalError
from edge.journal import Journal, Stats, backup
from edge.scrub import scrubbed
from edge.version import version
from edge.workstations import FILE as WORKSTATIONS_FILE
from edge.workstations import Workstations

LIBRARIES = (
    "aiohttp",
    "cryptography",
    "jinja2",
    "msgspec",
    "pysqlite3",
    "pyscard",
    "pyserial",
    "rbloom",
    "zen-engine",
    "zstandard",
)
LOG_KEYS = log.KEYS - {"detail", "workstation", "reader", "agent", "device", "address"}
"""What is taken over from a line of the log: all but what has a person's or a desk's name in it in some hospitals."""
SETTINGS = (
    "listen", "listen_device", "agents_listen", "sync_url", "enrol_url", "sync_device", "log_level", "journal_kept_days", "backups_kept_days",
    "photo", "card_kept_s", "card_forgotten_on_removal", "card_read_good_s",
)  # fmt: skip
SIZED = ("journal.db", "journal.db-wal", "journal.db-slate", "audit.jsonl", "edge.toml")
README = """How one edge of Pishkhan is. It names no person, no case, no msgid and no key: names of desks and readers are left out,
and whatever looks like a number of a person is replaced by a dot. Each file is JSON; log.jsonl has one object a line, the oldest first.
"""


class Bundle(NamedTuple):
    """A bundle: its file's name, and the zip."""

    name: str
    content: bytes


class Diagnostics:
    """Of one data folder. ``standing`` asks the edge that runs how it is; ``None``: none runs. ``journal``: open, to read or to write."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        institution: str,
        journal: Journal,
        standing: Callable[[], Awaitable[Standing]] | None,
        audit: Audit,
        clock: Callable[[], datetime],
    ) -> None:
        self._folder = folder
        self._config = config
        self._institution = institution
        self._journal = journal
        self._standing = standing
        self._audit = audit
        self._clock = clock

    async def make(self, by: str) -> Bundle:
        """A bundle, made on the word of ``by``, which is noted.

        Raises:
            EdgeError: what must be read cannot be.
        """
        now = self._clock()
        self._audit.note("diagnostics bundle made", now, operator=by)
        parts: dict[str, Any] = {
            "about": self._about(now),
            "settings": self._settings(),
            "disk": self._disk(),
            "people": self._counts(),
            "backups": self._backups(now),
            "journal": await self._journal_part(),
        }
        if self._standing is not None:
            parts |= _health(await self._standing())
        return Bundle(f"pishkhan-{self._institution}-{now:%Y%m%dT%H%M%SZ}.zip", packed(parts, log.recent()))

    async def verb(self, told: Mapping[str, Any], _tell: Tell) -> Mapping[str, Any]:
        """For the command line: make one, and keep it in the folder ``to``."""
        made = await self.make(str(told.get("by", "")))
        path = Path(str(told["to"])) / made.name
        try:
            files.write_new(path, made.content, files.OWNER_ONLY)
        except OSError as error:
            raise EdgeError(f"{path} cannot be written: {error.strerror}") from error
        return {"path": str(path), "bytes": len(made.content)}

    def _about(self, now: datetime) -> Mapping[str, Any]:
        return {
            "institution": self._institution, "made_at": now, "program": version(), "runs": self._standing is not None,
            "python": platform.python_version(), "system": platform.system(), "release": platform.release(), "machine": platform.machine(),
            "openssl": ssl.OPENSSL_VERSION, "libraries": {name: _library(name) for name in LIBRARIES},
            "machine_up_s": round(time.monotonic()), "frozen": bool(getattr(sys, "frozen", False)),
        }  # fmt: skip

    def _settings(self) -> Mapping[str, Any]:
        plain = msgspec.to_builtins(self._config)
        drivers = Counter(reader.driver for reader in self._config.readers)
        return {
            **{name: plain[name] for name in SETTINGS}, "names": len(self._config.names), "origins": len(self._config.origins),
            "readers": dict(drivers), "bound_readers": sum(bool(reader.desk) for reader in self._config.readers),
        }  # fmt: skip

    def _disk(self) -> Mapping[str, Any]:
        usage = shutil.disk_usage(self._folder)
        sizes = {name: path.stat().st_size for name in SIZED if (path := self._folder / name).exists()}
        return {"total": usage.total, "free": usage.free, "files": sizes}

    def _counts(self) -> Mapping[str, Any]:
        looks: Mapping[str, Callable[[], Any]] = {
            "accounts": lambda: dict(Counter(str(row.role) for row in Accounts(self._folder / ACCOUNTS_FILE).all())),
            "workstations": lambda: len(Workstations(self._folder / WORKSTATIONS_FILE).all()),
            "agents": lambda: len(Agents(self._folder).all()),
        }
        return {name: _or_fault(look) for name, look in looks.items()}

    def _backups(self, now: datetime) -> Mapping[str, Any]:
        kept = backup.kept(self._folder / self._config.backups, self._institution)
        return {
            "count": len(kept), "newest_hours": round((now - kept[-1][0]).total_seconds() / 3600, 1) if kept else None,
            "bytes": sum(path.stat().st_size for _, path in kept),
        }  # fmt: skip

    async def _journal_part(self) -> Mapping[str, Any]:
        try:
            stats: Stats = await self._journal.stats()
        except JournalError as error:
            return {"fault": type(error).__name__}
        plain: dict[str, Any] = msgspec.to_builtins(stats)
        return plain


def packed(parts: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> bytes:
    """The zip of ``parts`` and of the log's ``lines``, with nothing that names anybody."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        for name, part in parts.items():
            plain = scrubbed(msgspec.to_builtins(part))
            archive.writestr(f"{name}.json", json.dumps(plain, indent=2))
        kept = ({key: value for key, value in line.items() if key in LOG_KEYS} for line in lines)
        archive.writestr("log.jsonl", "".join(json.dumps(scrubbed(line)) + "\n" for line in kept))
    return made.getvalue()


def _health(standing: Standing) -> Mapping[str, Any]:
    status, signs = standing.status, standing.signs
    plain = {
        name: value
        for name, value in msgspec.to_builtins(status).items()
        if name not in ("name", "maintenance", "warnings", "error")
    }
    readers = [{"driver": row.driver, "connected": row.connected, "trouble": row.trouble} for row in standing.readers]
    judged = {leg.name: str(leg.condition) for leg in legs(signs, status.line_trouble, standing.readers)}
    return {
        "health": {
            **plain,
            "maintenance": status.maintenance is not None,
            "legs": judged,
            "signs": msgspec.to_builtins(signs),
        },
        "readers": readers,
    }


def _library(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _or_fault(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except EdgeError as error:
        return {"fault": type(error).__name__}
