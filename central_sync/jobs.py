"""The hub's periodic jobs, and its only home of apscheduler.

Every process runs them; each job may therefore run any number of times, at once, on one database, with the same result.
A job that fails says so in the log and runs again at its next time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from central_sync.errors import StoreError
from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.limits import (
    ALERTS_KEPT_DAYS,
    AUTHORITY_WARNING_DAYS,
    EDGE_WARNING_DAYS,
    INVITATION_KEPT_DAYS,
    MESSAGES_KEPT_DAYS,
    OUTAGES_KEPT_DAYS,
)
from central_sync.fleet.signer import Signer
from central_sync.releases.repository import Repository
from central_sync.store import Store

EVERY_HOURS = 6
SESSION_KEPT = timedelta(days=2)
"""How long a row of a console's session stays after whatever ended it: longer than any session lasts."""
RELEASES_WARNING_DAYS = 60
"""So long before its end people are told that a safe has to be opened."""
_log = structlog.get_logger(__name__)


class Jobs:
    """``renewed`` is called, in the jobs' thread, when this or another process has made a new server certificate."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        signer: Signer,
        clock: Callable[[], datetime],
        audit_days: int,
        renewed: Callable[[], None],
        releases: Repository | None = None,
    ) -> None:
        self._store = store
        self._authority = authority
        self._signer = signer
        self._clock = clock
        self._audit_days = audit_days
        self._renewed = renewed
        self._releases = releases
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Run every job now and then every ``EVERY_HOURS``."""
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for job in (
            self.prune, self.renew_server_certificate, self.renew_signer, self.warn_of_certificates, self.renew_releases,
        ):  # fmt: skip
            self._scheduler.add_job(_guarded(job), "interval", hours=EVERY_HOURS, next_run_time=self._clock())
        self._scheduler.start()

    def stop(self) -> None:
        """Let the running jobs finish and start no more. Blocks."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def prune(self) -> None:
        """Delete invitations long expired; audit trail, outages, alerts and their messages beyond their age; what is left of the console's sessions and waits."""
        now = self._clock()
        with self._store.write() as uow:
            invitations = uow.upkeep.prune_invitations(now - timedelta(days=INVITATION_KEPT_DAYS))
            rows = uow.upkeep.prune_audit(now - timedelta(days=self._audit_days))
            rows += uow.console_sessions.prune(now - SESSION_KEPT, now - SESSION_KEPT, now)
            rows += uow.reports.prune_outages(now - timedelta(days=OUTAGES_KEPT_DAYS))
            rows += uow.alerts.prune(now - timedelta(days=ALERTS_KEPT_DAYS))
            rows += uow.alert_messages.prune(now - timedelta(days=MESSAGES_KEPT_DAYS))
        if invitations or rows:
            _log.info("old rows were deleted", count=invitations + rows)

    def renew_server_certificate(self) -> None:
        """Make a new server certificate in time, also while the hub runs for years."""
        if self._authority.renew_server_certificate(self._clock()):
            _log.info("the server certificate was renewed")
        self._renewed()

    def renew_releases(self) -> None:
        """Sign anew what the hub signs of the releases' repository, in time; warn before what offline keys have signed ends."""
        if self._releases is None:
            return
        now = self._clock()
        if self._releases.renew(now):
            _log.info("the repository of releases was signed anew")
        for role, end in self._releases.ends().items():
            if (end - now).days < RELEASES_WARNING_DAYS:
                _log.warning(
                    "the repository of releases needs an offline key soon", part=role, days_left=(end - now).days
                )

    def renew_signer(self) -> None:
        """Make the next signer in time, or take up what another process has made."""
        before = self._signer.name
        self._signer.open(self._clock())
        self._signer.published(self._store, self._clock())
        if self._signer.name != before:
            _log.info("the signer of receipts was renewed", signer=self._signer.name)

    def warn_of_certificates(self) -> None:
        """Say which edges' certificates, and whether the authority itself, will soon end."""
        now = self._clock()
        until = now + timedelta(days=EDGE_WARNING_DAYS)
        with self._store.read() as uow:
            ending = uow.upkeep.certificates_ending(now, until)
        for row in ending:
            left = (row.not_after - now).days
            _log.warning(
                "an edge's certificate ends soon and it has not renewed it: look at its line",
                institution=row.institution,
                days_left=left,
            )
        if self._authority.expires_at() <= now + timedelta(days=AUTHORITY_WARNING_DAYS):
            left = (self._authority.expires_at() - now).days
            _log.warning("the authority itself ends: type pishkhan-hub authority next", days_left=left)


def _guarded(job: Callable[[], None]) -> Callable[[], None]:
    def guarded() -> None:
        try:
            job()
        except (StoreError, AuthorityMissing, OSError):
            _log.exception("a periodic job failed and will run again", what=getattr(job, "__name__", "job"))

    return guarded
