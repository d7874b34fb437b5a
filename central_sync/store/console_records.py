"""What the console's repositories give and take, without any database in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ConsoleAccount:
    """One person who may sign in. ``scope``: the institutions that it sees; ``None``: all. ``factor``: the sealed secret of its second factor, if
    it has one; ``factor_step``: the time step of the last code that was taken. ``once_until``: its password is a first one, good until then and only
    to choose another. ``disabled_at``: nobody signs in with it since then.
    """

    name: str
    role: str
    password_hash: str
    changed_at: datetime
    scope: frozenset[str] | None = None
    factor: bytes | None = None
    factor_step: int = 0
    once_until: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """One sign-in. ``stage`` is a :class:`central_sync.console.access.Stage`; ``pending``: a second factor that is being set up, sealed."""

    token_hash: bytes
    account: str
    stage: str
    form_key: str
    began_at: datetime
    seen_at: datetime
    pending: bytes | None = None


@dataclass(frozen=True, slots=True)
class ConsoleWait:
    """Wrong passwords about one thing: how many, and until when the next one waits."""

    about: bytes
    failures: int
    until: datetime


@dataclass(frozen=True, slots=True)
class FoundTransaction:
    """One row of the ledger for a list, without its packet. ``known``: it arrived; otherwise a tombstone stands for it."""

    institution: str
    msgid: str
    number: str
    verdict: str
    code: str
    hid: str
    settlement_id: str
    undone_by: str
    recorded_at: datetime | None
    decided_at: datetime
    known: bool


@dataclass(frozen=True, slots=True)
class OpenSettlement:
    """One settlement that awaits its confirmation; amounts in smallest coins."""

    settled_at: datetime
    id: str
    institution: str
    msgid: str
    hid: str
    business_day: date
    currency: str
    total: int
    patient: int


@dataclass(frozen=True, slots=True)
class OpenShare:
    """One deferred share about which something is still to be said to its payer."""

    signed_at: datetime
    settlement_id: str
    place: int
    round: int
    institution: str
    payer: str
    layer: str
    amount: int
    currency: str
    state: str
    tries: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """Something that was pended for a review."""

    id: str
    institution: str
    settlement_id: str
    reason: str
    subject: str
    amount: int
    currency: str
    waits_for: str
    state: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """One invitation that is good, by the digest of its secret."""

    secret_hash: bytes
    institution: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedTo:
    """A hospital, the last day whose journal both sides have signed, and its edge's last report, if there are any."""

    institution: str
    name: str
    added_at: datetime
    day: date | None
    reported_at: datetime | None
    report: bytes | None
