"""Restoring a backup on a new box: the journal goes on in a new life, and what has to be asked of the hub is told exactly.

The box is enrolled first, for the same hospital. Everything is made in a scratch folder and checked there; then the keys and, last, the
journal's file are moved into place, so that a power cut leaves a restore that can be begun again.

In its new life the journal has no leases (the hub gives new ones), so no HID is given twice. What the HIS was told after the backup's head
is not here: open fences are asked about, open replays sent again, and whatever else the hub has beyond the last record is
found by comparing with it, from ``compare_from`` on.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from msgspec import Struct

from central_sync.wire.catalogue import BY_NUMBER, Resolution
from edge.errors import JournalError
from edge.files import sync_folder
from edge.journal import Journal, backup, envelope, files, slate
from edge.journal.backup import Tell, check_owner
from edge.journal.envelope import BackupUnusable, Header
from edge.journal.proof import INSTITUTION_URI
from edge.journal.sealing import DEVICE_FILE, KEYS_FILE
from edge.journal.verify import Signers
from edge.signatures import issued_by

SCRATCH = ".restore"
_WHY = "restored from a backup"
_PAGE = 1_000


class Restored(Struct, frozen=True, kw_only=True):
    """What is there now, and what is to be asked of the hub.

    ``asked``: msgids of open fences, which the edge asks about by itself; ``sent``: how many open replays it sends again by itself.
    ``compare_from``: whatever was recorded from then on is to be compared with the hub; ``None``: everything.
    """

    head: int
    transactions: int
    made_at: datetime
    asked: list[str]
    sent: int
    compare_from: datetime | None


async def restore(
    file: Path,
    folder: Path,
    recovery: str,
    institution: str,
    authority: str,
    signers: Signers,
    now: datetime,
    tell: Tell,
) -> Restored:
    """Restore ``file`` into the data folder of an edge enrolled for ``institution`` under ``authority`` (PEM, one or several).

    Raises:
        BackupUnusable: it was altered, is another hospital's, needs another recovery key, or the folder has a journal already.
        JournalError: the journal in it cannot be used.
        OSError: the folder cannot be written.
    """
    target = folder / "journal.db"
    if target.exists() or files.log_alone(target):
        raise BackupUnusable(f"{folder} has a journal already: nothing is restored over it")
    key = envelope.recovery_of(recovery)
    header = envelope.verify(file, tell)
    check_owner(header, institution)
    _issued(header, institution, authority)
    scratch = folder / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        report = backup.tried(file, envelope.file_key_of(header, key), scratch, signers, tell)
        journal = Journal(scratch / "journal.db")
        await journal.open()
        try:
            await journal.begin_life(_WHY, now)
            asked, sent = await _open(journal)
            head = journal.head
        finally:
            await journal.close()
        if _log_left(scratch):
            raise JournalError(
                "the restored journal could not be brought to the disk as a whole: make room, and begin again"
            )
        _move(scratch, folder, now)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Restored(
        head=head, transactions=report.transactions, made_at=header.manifest.made_at, asked=asked, sent=sent,
        compare_from=header.manifest.recorded_at,
    )  # fmt: skip


async def _open(journal: Journal) -> tuple[list[str], int]:
    """The open fences' msgids, and how many other transactions are open."""
    asked, sent, after = [], 0, 0
    while pending := await journal.waiting(after, _PAGE):
        after = pending[-1].seq
        fences = [one.seq for one in pending if BY_NUMBER[one.number].resolution is Resolution.FENCE]
        asked += [standing.msgid for standing in (await journal.standings(fences)).values()]
        sent += len(pending) - len(fences)
    return asked, sent


def _log_left(scratch: Path) -> bool:
    """Whether something is in the log file or on the slate alone: it would stay behind, and with it the new life and that the old leases are void."""
    log = scratch / "journal.db-wal"
    if log.exists() and log.stat().st_size > 0:
        return True
    with files.reading(scratch / "journal.db") as c:
        return bool(slate.name(c))


def _issued(header: Header, institution: str, authority: str) -> None:
    """The backup is signed by an edge of ours: its certificate is the hub's for this hospital, whether or not it has ended since."""
    try:
        certificate = x509.load_pem_x509_certificate(header.certificate.encode())
        roots = x509.load_pem_x509_certificates(authority.encode())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.InvalidVersion) as error:
        raise BackupUnusable("the backup was signed by no edge of this hub") from error
    if not any(issued_by(certificate, root) for root in roots):
        raise BackupUnusable("the backup was signed by no edge of this hub")
    if INSTITUTION_URI + institution not in names.get_values_for_type(x509.UniformResourceIdentifier):
        raise BackupUnusable("the backup was signed by another hospital's edge")


def _move(scratch: Path, folder: Path, now: datetime) -> None:
    """The keys first, the journal last: without it the folder counts as one without a journal. Keys of a lost journal are set aside."""
    for name in (DEVICE_FILE, KEYS_FILE):
        if (folder / name).exists():
            (folder / name).rename(folder / f"{name}.before-{now:%Y%m%dT%H%M%SZ}")
        (scratch / name).rename(folder / name)
    sync_folder(folder)
    (scratch / "journal.db").rename(folder / "journal.db")
    sync_folder(folder)
