"""Backups: a consistent copy beside a writer that goes on, put into an envelope, and tried by a restore before it counts.

The copy is made from one reading connection that holds one moment of the file; the writer does not wait for it (its log grows meanwhile). The trial
opens the envelope with the file's own key into a scratch folder, with keys of its own, and checks the whole chain up to the head that
the manifest tells. Only what passed it gets its name. It takes twice the journal's room while it is made.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct
from pysqlite3 import dbapi2 as sqlite

from edge import platform
from edge.files import OWNER_ONLY, sync_folder, write_new
from edge.journal import envelope, files, slate
from edge.journal import records as r
from edge.journal.envelope import RECOVERY_FILE, BackupUnusable, Header, Manifest
from edge.journal.sealing import KEY_BYTES, Vault
from edge.journal.state import State
from edge.journal.verify import Signers, Verified, verify

Connection = Any  # pysqlite3 has no types
Tell = Callable[[int, int, str], None]

SUFFIX = ".pskb"
_MOMENT = "%Y%m%dT%H%M%SZ"
_COPY_PAGES = 256
_SCRATCH = ".trial"


class Owner(Struct, frozen=True, kw_only=True):
    """Who makes a backup: the edge's certificate (PEM) and key as PEM, the program's version, and the hub's signers that it knows."""

    institution: str
    certificate: str
    key: bytes
    version: str
    signers: Signers


class Made(Struct, frozen=True, kw_only=True):
    """A backup that passed its trial."""

    path: str
    head: int
    transactions: int
    bytes: int


def recovery_public(folder: Path) -> bytes:
    """The public half of the recovery key of the data folder.

    Raises:
        BackupUnusable: none was made yet, or the file is damaged.
    """
    try:
        data = bytes.fromhex((folder / RECOVERY_FILE).read_text("ascii").strip())
    except FileNotFoundError as error:
        raise BackupUnusable(
            "no recovery key was made yet, so nobody could open a backup: pishkhan-edge journal recovery-key"
        ) from error
    except (OSError, ValueError) as error:
        raise BackupUnusable(f"{RECOVERY_FILE} cannot be read: make a new recovery key") from error
    if len(data) != KEY_BYTES:
        raise BackupUnusable(f"{RECOVERY_FILE} is damaged: make a new recovery key")
    return data


def make(journal: Path, to: Path, owner: Owner, now: datetime, tell: Tell) -> Made:
    """Back ``journal`` up into the folder ``to``. Synchronous, for a thread of its own.

    Raises:
        BackupUnusable: there is no recovery key, no room, or the copy did not pass its trial; no backup is left.
        JournalError: the journal cannot be read.
        OSError: the folder cannot be written.
    """
    recovery = recovery_public(journal.parent)
    _prepare(to, journal)
    scratch = to / _SCRATCH
    target = to / f"{owner.institution}-{now.astimezone(UTC):{_MOMENT}}{SUFFIX}"
    try:
        vault = Vault.open(journal.parent, create=False)
        manifest = _copy(journal, vault, scratch / "copy.db", owner, now, tell)
        key = serialization.load_pem_private_key(owner.key, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        fresh = scratch / target.name
        file_key = envelope.write(
            fresh, scratch / "copy.db", manifest, vault.keys, recovery, owner.certificate, key, tell
        )
        (scratch / "copy.db").unlink()
        envelope.verify(fresh, tell)
        report = tried(fresh, file_key, scratch / "restored", owner.signers, tell)
        platform.replace(fresh, target)
        sync_folder(to)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Made(path=str(target), head=manifest.head, transactions=report.transactions, bytes=target.stat().st_size)


def tried(path: Path, file_key: bytes, folder: Path, signers: Signers, tell: Tell) -> Verified:
    """Restore ``path`` into the new ``folder`` (journal and keys) and check all of it against its manifest.

    Raises:
        BackupUnusable: it is not what its manifest tells.
    """
    platform.private(folder, fresh=True)
    manifest = envelope.read_header(path).manifest
    keys = envelope.extract(path, file_key, folder / "journal.db", tell)
    vault = Vault.adopt(folder, keys)
    with files.reading(folder / "journal.db") as c:
        report = verify(c, vault, manifest.institution, signers, tell)
    if report.wrong:
        raise BackupUnusable(f"the journal in the backup is not sound: {report.findings[0]}")
    if (report.head, report.link) != (manifest.head, manifest.link):
        raise BackupUnusable("the journal in the backup does not end as its manifest tells")
    return report


def kept(to: Path, institution: str) -> list[tuple[datetime, Path]]:
    """The backups of this edge in ``to`` by their moments, oldest first."""
    found = []
    for path in to.glob(f"{institution}-*{SUFFIX}"):
        with contextlib.suppress(ValueError):  # a file that somebody else named is left alone
            moment = path.name.removeprefix(f"{institution}-").removesuffix(SUFFIX)
            found.append((datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC), path))
    return sorted(found)


def drop_old(to: Path, institution: str, now: datetime, keep_days: int) -> int:
    """Remove backups older than ``keep_days``, never the newest; how many went."""
    old = [path for at, path in kept(to, institution)[:-1] if (now - at) / timedelta(days=1) > keep_days]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def make_recovery_key(folder: Path) -> str:
    """Make a recovery key; its secret half, to be written down. Backups made before are opened by the one before.

    Raises:
        OSError: the public half cannot be written.
    """
    secret, public = envelope.new_recovery()
    path = folder / RECOVERY_FILE
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, public.hex().encode() + b"\n", OWNER_ONLY)
    platform.replace(fresh, path)
    sync_folder(folder)
    return secret


def check_owner(header: Header, institution: str) -> None:
    """Raise unless the backup is one of ``institution``."""
    if header.manifest.institution != institution:
        raise BackupUnusable(
            f"this is a backup of {header.manifest.institution}, and this edge is enrolled for {institution}"
        )


def _prepare(to: Path, journal: Path) -> None:
    platform.private(to)
    scratch = to / _SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    needed, free = int(2.2 * journal.stat().st_size), shutil.disk_usage(to).free
    if free < needed:
        raise BackupUnusable(
            f"{to} has {free // 2**20} MiB free; making a backup takes {needed // 2**20 + 1}: make room"
        )
    platform.private(scratch, fresh=True)


def _copy(journal: Path, vault: Vault, target: Path, owner: Owner, now: datetime, tell: Tell) -> Manifest:
    with files.reading(journal) as c, closing(sqlite.connect(str(target))) as copy:
        target.chmod(OWNER_ONLY)
        c.execute("begin")
        written = slate.beside(c, journal)
        state = State()
        state.load_within(c, vault, written)
        copy.execute("pragma synchronous = off")  # it is thrown away if anything happens
        c.backup(copy, pages=_COPY_PAGES, progress=lambda _, left, of: tell(of - left, of, "copying"))
        slate.carry_over(copy, written)
        row = c.execute("select at from entry order by seq desc limit 1").fetchone()
    entries = state.tail.entries
    last = entries[max(entries)].recorded_at if entries else row[0] if row else None
    return Manifest(
        institution=owner.institution,
        life=state.life,
        head=state.head,
        link=state.link,
        made_at=now,
        recorded_at=None if last is None else r.instant(last),
        version=owner.version,
        file_bytes=target.stat().st_size,
    )
