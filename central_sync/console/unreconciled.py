"""PURE: why the books of a hospital and of the hub are not reconciled: each reason with its age and what to do next, as messages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from central_sync.console.words import N_
from central_sync.store.console_records import SignedTo
from central_sync.wire.messages import EdgeReport

SIGNED_LATE = timedelta(days=3)
"""A day is signed in the night after it; a hospital whose last signed day is older than this wants to be seen to."""
SETTLED_LATE = timedelta(days=1)
"""A transaction or a confirmation that is so much older than its day is missing in that day's books."""


class Why(NamedTuple):
    """One reason: what is the matter, since when (a day, an instant, or not known), how many (0: nobody counts them), and what to do."""

    reason: str
    day: date | None
    at: datetime | None
    many: int
    advice: str


class Unreconciled(NamedTuple):
    """A hospital and why its books are not reconciled."""

    hospital: SignedTo
    reasons: list[Why]


def reasons(hospital: SignedTo, report: EdgeReport | None, awaited_since: date | None, now: datetime) -> list[Why]:
    """Why; empty: they are reconciled as far as the hub can know. ``awaited_since``: the oldest business day with a settlement that awaits its
    confirmation.
    """
    found: list[Why] = []
    lives = hospital.day is not None or hospital.reported_at is not None
    if report is not None and report.differences:
        advice = N_("At the edge: `pishkhan-edge journal compare` names each; send again what the hub lacks.")
        found.append(Why(N_("the last comparison found differences"), None, report.sent_at, report.differences, advice))
    if report is not None and report.contradictions:
        advice = N_("At the edge: `pishkhan-edge doctor` and its log say which; tell whoever maintains the hub.")
        found.append(
            Why(N_("hub and journal contradict each other"), None, report.sent_at, report.contradictions, advice)
        )
    if report is not None and report.oldest_at is not None and now - report.oldest_at > SETTLED_LATE:
        advice = N_("See why the edge does not send: its page under Edges says which leg is broken.")
        found.append(
            Why(N_("transactions of days ago wait at the edge"), None, report.oldest_at, report.pending, advice)
        )
    if report is not None and report.parked:
        advice = N_("The hospital's technician looks at each parked entry and lets it go.")
        found.append(Why(N_("transactions are parked"), None, report.sent_at, report.parked, advice))
    if awaited_since is not None and awaited_since < (now - SETTLED_LATE).date():
        advice = N_("The hospital confirms or annuls them (49); they stand under Confirmations awaited.")
        found.append(Why(N_("settlements of days ago await their confirmation"), awaited_since, None, 0, advice))
    if lives and (hospital.day or hospital.added_at.date()) < (now - SIGNED_LATE).date():
        advice = N_("See that the edge is up and has a clock that is right: it signs its days by itself then.")
        found.append(
            Why(N_("days are not signed by both sides"), hospital.day or hospital.added_at.date(), None, 0, advice)
        )
    return found
