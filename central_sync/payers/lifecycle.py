"""PURE: the life of a deferred share, as one table, and when its payer is asked again.

A share that was taken back while its payer was being asked may have reached it: so that payer is told, also if it never answered. What a
payer said first stands; what it says later is another thing, and nothing is changed by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from central_sync.payers.limits import (
    PAYER_TRIES_MAX,
    PAYER_WAIT_S_MAX,
    PAYER_WAIT_S_MIN,
    PROBE_WAIT_S_MAX,
    PROBE_WAIT_S_MIN,
    SILENT_CLAIMS_MIN,
    SILENT_TRIES_MIN,
)
from central_sync.store.review_records import Unanswered


class ShareState(StrEnum):
    """Where a deferred share stands."""

    ASKING = "asking"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TAKING_BACK = "taking_back"
    TAKEN_BACK = "taken_back"


class ShareEvent(StrEnum):
    """What may happen to it: its payer's answer, the settlement's end, and that the payer has heard of that end."""

    ACCEPT = "accept"
    DECLINE = "decline"
    UNDO = "undo"
    TOLD = "told"


S, E = ShareState, ShareEvent

SHARE: dict[tuple[ShareState, ShareEvent], ShareState] = {
    (S.ASKING, E.ACCEPT): S.ACCEPTED,
    (S.ASKING, E.DECLINE): S.DECLINED,
    (S.ASKING, E.UNDO): S.TAKING_BACK,
    (S.ACCEPTED, E.ACCEPT): S.ACCEPTED,
    (S.ACCEPTED, E.DECLINE): S.ACCEPTED,
    (S.ACCEPTED, E.UNDO): S.TAKING_BACK,
    (S.DECLINED, E.ACCEPT): S.DECLINED,
    (S.DECLINED, E.DECLINE): S.DECLINED,
    (S.DECLINED, E.UNDO): S.TAKEN_BACK,
    (S.TAKING_BACK, E.ACCEPT): S.TAKING_BACK,
    (S.TAKING_BACK, E.DECLINE): S.TAKING_BACK,
    (S.TAKING_BACK, E.UNDO): S.TAKING_BACK,
    (S.TAKING_BACK, E.TOLD): S.TAKEN_BACK,
    **{(S.TAKEN_BACK, event): S.TAKEN_BACK for event in ShareEvent},
}
OPEN = (S.ASKING, S.TAKING_BACK)
"""States in which something is still to be said to the payer."""


def after(state: str, event: ShareEvent) -> ShareState:
    """The state of a deferred share after ``event``."""
    return SHARE[ShareState(state), event]


def again_at(tries: int, now: datetime) -> datetime | None:
    """When to try again after ``tries`` (1 or more) that failed; ``None``: not by its own clock any more, only when the payer answers
    others, when it is the one that is tried now and then (:func:`probe_at`), or when a person says so.
    """
    if tries >= PAYER_TRIES_MAX:
        return None
    return now + timedelta(seconds=min(PAYER_WAIT_S_MIN * 2 ** (tries - 1), PAYER_WAIT_S_MAX))


def probe_at(now: datetime, part: float) -> datetime:
    """When to try once more at a payer of which everything was given up. ``part`` (0 to 1) is chance: hubs do not ask all at once."""
    return now + timedelta(seconds=PROBE_WAIT_S_MIN + part * (PROBE_WAIT_S_MAX - PROBE_WAIT_S_MIN))


def silent_since(open_: Iterable[Unanswered]) -> datetime | None:
    """Since when a payer gives no answer that can be used, by what is ``open_`` at it; ``None``: that cannot be said of it. What counts are claims that were
    signed after its latest answer and failed: two of them, or the only one twice. One that it does not answer while it answers later ones says nothing of it.
    """
    rows = list(open_)
    claims, tries = sum(row.claims for row in rows), sum(row.tries for row in rows)
    if claims < SILENT_CLAIMS_MIN and tries < SILENT_TRIES_MIN:
        return None
    return min((row.silent_since for row in rows if row.silent_since is not None), default=None)


def claim_id(settlement_id: str, place: int, round_: int) -> str:
    """The id under which a share is told to its payer: one for each round of each share."""
    return f"{settlement_id}.{place}.{round_}"
