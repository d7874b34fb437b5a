"""What is done to the journal beside the transactions, by a job or by a technician's command: one place for both, whoever runs it.

A running edge offers these as verbs on its control socket and runs some of them daily; a command on a data folder without an edge opens the
journal itself and calls the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog

from edge.audit import Audit
from edge.config import Config
from edge.control import Tell, Verb
from edge.entries import seq_of
from edge.errors import EdgeError, JournalError
from edge.identity import Identity
from edge.journal import Journal, Standing, backup
from edge.journal.backup import Owner
from edge.journal.envelope import RECOVERY_FILE
from edge.journal.sealing import DEVICE_FILE
from edge.limits import DATA_KEY_DAYS_MAX
from edge.signers import known

BACKUP_EVERY = timedelta(hours=23, minutes=30)
BY_HAND = "parked_by_hand"
_log = structlog.get_logger(__name__)


class KeptBackup(NamedTuple):
    """A backup that passed its trial: when it was made, its file's name and size."""

    at: datetime
    name: str
    bytes: int


class Housekeeping:
    """Over one open journal. ``who`` gives the identity in use, ``clock`` the time; ``version`` is the program's.

    ``parked`` and ``released`` are told of what a person parked or let go, so that whoever carries it knows; ``audit``: who did it.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        who: Callable[[], Identity],
        config: Config,
        clock: Callable[[], datetime],
        version: str,
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._who = who
        self._config = config
        self._clock = clock
        self._version = version
        self._one = asyncio.Lock()
        self.parked: Callable[[Standing], None] = _quiet
        self.released: Callable[[Standing], None] = _quiet
        self.audit: Audit | None = None

    @property
    def verbs(self) -> Mapping[str, Verb]:
        """What the control socket offers."""
        return {
            "park": self._park,
            "release": self._release,
            "prune": self._prune,
            "rotate": self._rotate,
            "backup": self._backup,
        }

    @property
    def openable(self) -> bool:
        """Whether there is a recovery key, without which no backup is made."""
        return (self._folder / RECOVERY_FILE).exists()

    @property
    def where(self) -> str:
        """The folder of the daily backups."""
        return str(self._folder / self._config.backups)

    def backups(self) -> list[KeptBackup]:
        """Those in that folder, oldest first."""
        found = backup.kept(self._folder / self._config.backups, self._who().institution)
        return [KeptBackup(at, path.name, path.stat().st_size) for at, path in found if path.exists()]

    async def run(self) -> None:
        """Change an old data key, prune, back up once a day: whatever is due now. Whatever fails is tried again the next time."""
        if self._clock() - self._journal.keeping.key_since >= timedelta(days=DATA_KEY_DAYS_MAX):
            await self._rotate({}, _quiet)
        pruned = await self._prune({}, _quiet)
        if pruned["segments"] or pruned["held"]:
            _log.info("the journal was pruned", count=pruned["transactions"], detail=pruned["held"])
        if self._backup_is_due():
            made = await self._backup({}, _quiet)
            _log.info("the journal was backed up", count=made["transactions"], size=made["bytes"])

    def _backup_is_due(self) -> bool:
        if not self.openable:
            return False  # nobody could open it; `status` says so
        kept = backup.kept(self._folder / self._config.backups, self._who().institution)
        return not kept or self._clock() - kept[-1][0] >= BACKUP_EVERY

    async def _prune(self, told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
        days = int(told.get("keep_days") or self._config.journal_kept_days)
        async with self._one:
            pruned = await self._journal.keeping.prune(self._clock().date(), days, tell)
        plain: dict[str, Any] = msgspec.to_builtins(pruned)
        return plain

    async def _rotate(self, told: Mapping[str, Any], _tell: Tell) -> Mapping[str, Any]:
        async with self._one:
            if told.get("device_key"):
                await self._journal.keeping.change_device_key()
            return {"key": await self._journal.keeping.rotate(self._clock())}

    async def _backup(self, told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
        to = Path(told.get("to") or self._folder / self._config.backups)
        now = self._clock()
        loop = asyncio.get_running_loop()
        async with self._one:
            owner = self._owner()
            try:
                made = await asyncio.to_thread(
                    backup.make,
                    self._journal.path,
                    to,
                    owner,
                    now,
                    _from_thread(loop, tell),
                )
            except OSError as error:
                raise JournalError(f"{to} cannot be written: {error.strerror}") from error
            self._note("backed up", told)
            if not told.get("to"):  # what lies elsewhere is a person's
                backup.drop_old(to, self._who().institution, now, self._config.backups_kept_days)
        plain: dict[str, Any] = msgspec.to_builtins(made)
        return plain

    async def _park(self, told: Mapping[str, Any], _tell: Tell) -> Mapping[str, Any]:
        standing = await self._named(str(told["what"]))
        if standing.outcome.decided:
            raise EdgeError(f"{standing.msgid} is decided already ({standing.outcome}): nothing is left to be parked")
        self.parked(await self._journal.park(standing.seq, BY_HAND, self._clock()) or standing)
        self._note("parked by hand", told, standing.seq)
        return {"seq": standing.seq, "msgid": standing.msgid}

    async def _release(self, told: Mapping[str, Any], _tell: Tell) -> Mapping[str, Any]:
        standing = await self._named(str(told["what"]))
        if not standing.parked:
            raise EdgeError(f"{standing.msgid} is not parked")
        self.released(await self._journal.release(standing.seq, self._clock()) or standing)
        self._note("released", told, standing.seq)
        return {"seq": standing.seq, "msgid": standing.msgid}

    def _note(self, act: str, told: Mapping[str, Any], record: int = 0) -> None:
        if self.audit is not None:
            self.audit.note(act, self._clock(), operator=str(told.get("by", "")), record=record)

    async def _named(self, what: str) -> Standing:
        """The transaction with that msgid, or else with that number in the journal."""
        found = await self._journal.find(self._who().institution, what)
        if found is None and (seq := seq_of(what)) is not None:
            found = await self._journal.standing(seq)
        if found is None:
            raise EdgeError(f"the journal does not hold {what}, or not any more")
        return found

    def _owner(self) -> Owner:
        who = self._who()
        return Owner(
            institution=who.institution,
            certificate=who.certificate.read_text(),
            key=who.key.read_bytes(),
            version=self._version,
            signers={name: one.key for name, one in known(self._folder, who.evidence).items()},
        )


def backup_age(folder: Path, config: Config, institution: str, now: datetime) -> timedelta:
    """How long ago the journal was last backed up into its daily folder; without any, how long there has been a journal."""
    kept = backup.kept(folder / config.backups, institution)
    if kept:
        return now - kept[-1][0]
    try:
        return now - datetime.fromtimestamp((folder / DEVICE_FILE).stat().st_mtime, UTC)
    except OSError:
        return timedelta(0)


def _from_thread(loop: asyncio.AbstractEventLoop, tell: Tell) -> Tell:
    def told(done: int, of: int, what: str) -> None:
        loop.call_soon_threadsafe(tell, done, of, what)

    return told


def _quiet(*_: object) -> None:
    return None
