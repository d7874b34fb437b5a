"""What the console's repositories give and take, without any database in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConsoleAccount:
    """One person who may sign in. ``scope``: the institutions that it sees; ``None``: all. ``factor``: the sealed secret of its second factor, if
    it has one; ``factor_step``: the time step of the last code that was taken.
    """

    name: str
    role: str
    password_hash: str
    changed_at: datetime
    scope: frozenset[str] | None = None
    factor: bytes | None = None
    factor_step: int = 0


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
