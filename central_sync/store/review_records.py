"""What the repositories of deferred shares, of the hub's audit and of the review queue give and take, without any database in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple


class Unanswered(NamedTuple):
    """Of one institution and one payer: how many ``shares`` are open, the oldest settled ``since`` then; and of those that were signed after the payer's
    latest answer, how many failed at least once (``claims``), how often together (``tries``), and when the oldest was signed (``silent_since``).
    """

    institution: str
    since: datetime
    shares: int
    claims: int
    tries: int
    silent_since: datetime | None


@dataclass(frozen=True, slots=True)
class PayerShare:
    """A deferred share: the hub's statement about it, and what its payer said since (``state``, see ``payers/lifecycle.py``). ``place``
    counts the shares of the settlement; each ``round`` is one asking. ``next_at``: when the payer is asked or told next. ``answer`` is what
    the payer said, signed, as it came.
    """

    member: str
    settlement_id: str
    place: int
    round: int
    institution: str
    layer: str
    scheme: str
    payer: str
    amount: int
    currency: str
    day: date
    rulebook: str
    signed_at: datetime
    signer: str
    signature: bytes
    state: str
    tries: int
    next_at: datetime | None
    reason: str = ""
    answered_at: datetime | None = None
    answer: bytes = b""

    def asked_anew(self, now: datetime) -> PayerShare:
        """The next round of the same share, due now."""
        again = replace(self, round=self.round + 1, state="asking", tries=0, next_at=now)
        return replace(again, reason="", answered_at=None, answer=b"")


@dataclass(frozen=True, slots=True)
class SettledAudit:
    """What the hub's own audit found in a settlement. ``due_at``: it is to be judged (again) from then on; ``wanted`` counts the marks.
    ``findings`` is MessagePack.
    """

    member: str
    settlement_id: str
    institution: str
    hid: str
    wanted: int
    due_at: datetime | None
    tries: int
    rules: str
    judged_at: datetime | None
    total: int
    deduction: int
    findings: bytes


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One thing that was pended. ``reason`` and ``state``: see ``review/lifecycle.py``; ``subject`` is the share or the rule and line;
    ``amount`` is the money at stake.
    """

    id: str
    institution: str
    member: str
    settlement_id: str
    hid: str
    reason: str
    subject: str
    detail: str
    amount: int
    currency: str
    waits_for: str
    state: str
    reruns: int
    opened_at: datetime
    changed_at: datetime
    decision: str = ""
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """One step of an entry's history. No personal data."""

    entry: str
    number: int
    at: datetime
    event: str
    state: str
    actor: str
    detail: str
