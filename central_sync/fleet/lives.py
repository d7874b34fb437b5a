"""The lives of the edges' journals: how the hub finds out that a journal was put back in time, or runs twice.

Rules
    * A journal bears a random name, its life, and counts its records: its head only grows. Each start of the edge's program is a run,
      with a random name, too; what it tells is its head now, and the head with which it opened the journal.
    * Within a run heads may arrive out of order, and the highest counts. A new run that opened with less than an earlier run told has
      lost records (an old backup, a disk or a machine set back, a copy): its life is over. The edge then begins a new one.
    * A life that was never heard of is accepted: a restored or newly installed edge. That it began is audited and logged; what the
      hub leased to the life before is not delivered to it.
    * A life that has ended is refused wherever it comes: a second box with a copy of the journal makes itself known by this.
    * Polls of the feed decide. Batches are refused if their life is over, and raise the head of the run that has polled, written at most
      every ``HEAD_KEPT_EVERY_S``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import structlog

from central_sync.fleet.limits import HEAD_KEPT_EVERY_S
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import Certificate, JournalLife
from central_sync.wire.limits import JOURNAL_SEQ_MAX
from central_sync.wire.messages import Batch
from central_sync.wire.refusals import Refused

_log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """What a poll says of the edge's journal. ``opened``: the head when this run opened it."""

    life: bytes
    head: int
    run: bytes
    opened: int


class Found(StrEnum):
    """What the hub makes of it."""

    SAME = "same"
    NEW = "new"
    OVER = "over"


def judged(present: JournalLife | None, known: JournalLife | None, told: Told) -> Found:
    """PURE: what ``told`` means, given the institution's ``present`` life and the row ``known`` of the life it names, if any."""
    if known is None:
        return Found.NEW
    if present is None or present.life != told.life:
        return Found.OVER
    return Found.OVER if told.run != present.run and told.opened < present.head else Found.SAME


class Lives:
    """Of one process: it remembers only when it last wrote a head. Synchronous, for worker threads; ``now`` is aware UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._written: dict[str, tuple[bytes, bytes, datetime]] = {}

    def polled(self, certificate: Certificate, told: Told, now: datetime) -> None:
        """Take what a poll tells.

        Raises:
            Refused: ``life_over``.
        """
        institution = certificate.institution
        with self._store.read() as uow:
            present, known = uow.lives.present(institution), uow.lives.get(institution, told.life)
        found = judged(present, known, told)
        if found is Found.OVER:
            raise Refused("life_over")
        if found is Found.NEW:
            self._begin(certificate, told, now)
        elif present is not None and (present.run != told.run or present.head < told.head):
            with self._store.write() as uow:
                uow.lives.tell(institution, told.life, told.run, told.head, now)
        self._written[institution] = (told.life, told.run, now)

    def sent(self, institution: str, batch: Batch, now: datetime) -> None:
        """Take what a batch tells; an older edge tells nothing.

        Raises:
            Refused: ``life_over``.
        """
        if not batch.life:
            return
        life, run, at = self._written.get(institution, (b"", b"", now))
        if (life, run) == (batch.life, batch.run) and now - at < timedelta(seconds=HEAD_KEPT_EVERY_S):
            return
        with self._store.read() as uow:
            present, known = uow.lives.present(institution), uow.lives.get(institution, batch.life)
        if known is None or present is None:
            return  # its first poll will say more
        if present.life != batch.life:
            raise Refused("life_over")
        if present.run != batch.run:
            return
        if present.head < batch.head:
            with self._store.write() as uow:
                uow.lives.tell(institution, batch.life, batch.run, min(batch.head, JOURNAL_SEQ_MAX), now)
        self._written[institution] = (batch.life, batch.run, now)

    def _begin(self, certificate: Certificate, told: Told, now: datetime) -> None:
        institution = certificate.institution
        with self._store.write() as uow:
            before = uow.lives.present(institution)
            first = before is None or before.began_at < certificate.since
            leases_from = certificate.since if first else now
            row = JournalLife(institution, told.life, told.run, told.head, leases_from, now, now)
            if not uow.lives.begin(row):
                return  # another process was first
            after = f" after {before.life.hex()[:8]} at {before.head}" if before is not None else ""
            uow.audit.add(now, institution, "life_begun", institution, f"journal {told.life.hex()[:8]}{after}")
        if before is not None:
            _log.warning("the journal of an edge began a new life", institution=institution)


def leases_from(uow: UnitOfWork, certificate: Certificate) -> datetime:
    """Since when HID blocks belong to the journal that the edge has now: older ones may be half used, by an earlier life or box."""
    present = uow.lives.present(certificate.institution)
    return certificate.since if present is None else max(certificate.since, present.leases_from)
