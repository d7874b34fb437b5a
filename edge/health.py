"""Self-checks: how the edge stands, for the HIS's status line, for ``status`` and for ``doctor``.

Values first; :func:`free_bytes` looks at the disk. Nothing here names a person or a case.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from central_sync.wire.handovers import sentence
from central_sync.wire.messages import PayerWord
from edge.firmware.notices import NOTHING, Notice, told
from edge.firmware.tunnel import WORDS as TUNNEL_WORDS
from edge.firmware.tunnel import Leg
from edge.limits import CAPACITY_HOURS_LOW
from edge.maintenance.window import Window

CERTIFICATE_DAYS_LOW = 30
FREE_BYTES_LOW = 512 * 1024 * 1024
HIDS_LOW = 50
BACKUP_DAYS_LATE = 2


class Planned(Struct, frozen=True, kw_only=True):
    """Maintenance that lasts (``on``: new work is refused with ``maintenance``) or is announced."""

    on: bool
    begin: datetime
    end: datetime
    reason: str


class Status(Struct, frozen=True, kw_only=True):
    """How the edge stands. ``line`` is ``up`` or ``down`` (``line_trouble`` then says why, as a refusal code); ``clock`` is ``right`` or ``wrong``.

    ``hours_left``: how long the journal's disk lasts at today's rate, ``None`` while no rate is known.

    ``entries`` counts transactions by outcome; ``pending`` are those without the hub's receipt; ``awaited`` settlements that the HIS has
    not confirmed. ``rulebook`` is the version of the hub's rulebook in use (empty: what the program was shipped with), ``rulebook_days`` how
    long ago it was issued, ``rulebook_trouble`` why a newer one is not used. ``answer_ms``: how long the hub took for the
    last exchange of late. ``payers``: those whose answers the hub waits for, ``None`` while it has not said. ``warnings`` are sentences for the technician; empty: all is well.

    ``takes_work``: new work is taken now. ``works``: it is, or only a full disk or maintenance keeps it out, which is no fault of the program; a new version on trial is
    judged by it. An older edge does not say ``works``, and had that in ``takes_work``.
    """

    return_code: int
    institution: str
    name: str
    version: str
    now: datetime
    line: str
    line_trouble: str
    clock: str
    clock_skew_s: float
    hids_left: int
    pending: int
    awaited: int
    entries: dict[str, int]
    certificate_days_left: int
    warnings: list[str]
    hours_left: float | None = None
    rulebook: str = ""
    rulebook_number: int = 0
    rulebook_days: int | None = None
    rulebook_trouble: str = ""
    maintenance: Planned | None = None
    answer_ms: int | None = None
    payers: list[PayerWord] | None = None
    takes_work: bool = True
    works: bool = False
    error: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Signs:
    """What :func:`warnings` judges. ``full``: new work is refused; ``backup_days``: since the last backup, or since there is a journal."""

    journal_usable: bool
    line_up: bool
    clock_right: bool
    hids_left: int
    certificate_days_left: int
    free_bytes: int
    workstations: int
    full: bool = False
    hours_left: float | None = None
    backup_days: int = 0
    parked: int = 0
    contradictions: int = 0
    rulebook_trouble: str = ""
    authority_trouble: str = ""
    maintained: bool = False
    tunnel: Leg | None = None
    """How the appliance's tunnel is; ``None``: there is no appliance here."""
    site: Notice = NOTHING
    payers: tuple[PayerWord, ...] | None = None
    """Those whose answers the hub waits for; ``None``: it has not said."""


def takes_work(signs: Signs) -> bool:
    """Whether new work is taken."""
    return signs.journal_usable and not signs.full and not signs.maintained


def works(signs: Signs) -> bool:
    """Whether nothing but a full disk or maintenance keeps new work out."""
    return signs.journal_usable or signs.full


def warnings(signs: Signs) -> list[str]:
    """What a technician should see to, the most urgent first."""
    found = _of_maintenance(signs)
    if not signs.journal_usable:
        found.append("The journal cannot be used: look at the disk of the data directory.")
    if signs.full:
        found.append("The journal's disk is nearly full and new work is refused: make room.")
    elif signs.hours_left is not None and signs.hours_left < CAPACITY_HOURS_LOW:
        found.append(f"At today's rate the journal's disk lasts {signs.hours_left:g} hours: make room.")
    if signs.certificate_days_left < 0:
        found.append(
            "The certificate has ended: the edge renews it when it reaches the hub's enrolment port; else enrol again."
        )
    elif signs.certificate_days_left < CERTIFICATE_DAYS_LOW:
        found.append(
            f"The certificate ends in {signs.certificate_days_left} days and is not renewed: look at the line."
        )
    if not signs.clock_right:
        found.append("The clock differs from the hub's: mend time synchronisation.")
    if signs.free_bytes < FREE_BYTES_LOW:
        found.append(f"Only {signs.free_bytes // 2**20} MiB are free on the disk of the journal.")
    if not signs.line_up:
        found.append("The line to the hub is down.")
    found += of_payers(signs.payers if signs.line_up else None)
    found += _of_appliance(signs)
    found += _of_transactions(signs)
    found += _of_rulebook(signs)
    if signs.hids_left < HIDS_LOW:
        found.append(f"Only {signs.hids_left} case numbers are left; the hub leases more when the line is up.")
    if signs.backup_days > BACKUP_DAYS_LATE:
        found.append(f"The journal was not backed up for {signs.backup_days} days: pishkhan-edge journal backup.")
    if not signs.workstations:
        found.append("No workstation may sign in: pishkhan-edge workstation add NAME.")
    return found


def of_payers(payers: Iterable[PayerWord] | None) -> list[str]:
    """What is told of payers that the hub waits for."""
    return [
        f"The payer {one.payer} has given no answer that can be used since {one.since:%Y-%m-%d %H:%M} UTC, and {one.shares} shares of this hospital wait for it: "
        "the hub asks again by itself; if it lasts, tell central operations."
        for one in payers or ()
    ]


def _of_maintenance(signs: Signs) -> list[str]:
    if not signs.maintained:
        return []
    return ["Maintenance is on and new work is refused; it ends by itself, or by: pishkhan-edge maintenance end."]


def _of_appliance(signs: Signs) -> list[str]:
    words = TUNNEL_WORDS.get(signs.tunnel) if signs.tunnel is not None else None
    found = [f"{words.what} {words.do}"] if words is not None else []
    notice = told(signs.site)
    return [*found, notice] if notice else found


def _of_transactions(signs: Signs) -> list[str]:
    found = []
    if signs.parked:
        found.append(
            f"{signs.parked} transactions are parked, and what follows them in their cases waits: pishkhan-edge journal show."
        )
    if signs.contradictions:
        found.append(
            f"The hub contradicted the journal {signs.contradictions} times since the start: look into the log."
        )
    return found


def _of_rulebook(signs: Signs) -> list[str]:
    found = []
    if signs.rulebook_trouble:
        found.append(f"A rulebook of the hub is not used ({signs.rulebook_trouble}): tell central operations.")
    if signs.authority_trouble:
        found.append(
            f"The hub's next authority was tried and is not believed ({signs.authority_trouble}: {sentence(signs.authority_trouble)})."
            " Work goes on with the present one: tell central operations."
        )
    return found


def planned(window: Window | None, now: datetime) -> Planned | None:
    """What is told of maintenance."""
    if window is None:
        return None
    return Planned(on=window.lasts(now), begin=window.begin, end=window.end, reason=window.reason)


def free_bytes(folder: Path) -> int:
    """What is free on the disk of ``folder`` for us."""
    return shutil.disk_usage(folder).free
