"""Who is signed in at the hub's console. Sessions stand in the database, so that all processes of a hub know them.

Rules
    * A session ends when it was idle, or after a day's work, whatever it did; earlier when its account is changed or removed, for that deletes it.
    * Role and scope are the account's, read anew at each request: what was taken from somebody is gone at once.
    * The token stands in the browser's cookie alone, its digest in the database. Each step of signing in gets a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from central_sync.console.access import Right, Stage, allowed
from central_sync.errors import StoreError
from central_sync.pages import forms
from central_sync.store import Store, UnitOfWork
from central_sync.store.console_records import ConsoleAccount, ConsoleSession

SESSIONS_PER_ACCOUNT_MAX = 10
HALF_SIGNED_IN = timedelta(minutes=10)
SEEN_EVERY = timedelta(seconds=60)
"""A session's last use is written at most this often; more often where it may be idle for minutes only, or use would not keep it."""
SEEN_IN_IDLE = 10
_log = structlog.get_logger(__name__)


class Visitor(NamedTuple):
    """Whoever asks for a page. ``scope``: the institutions that they see; ``None``: all."""

    name: str = ""
    role: str = ""
    scope: frozenset[str] | None = frozenset()
    stage: Stage = Stage.NOBODY
    form_key: str = ""
    token_hash: bytes = b""
    has_factor: bool = False

    def may(self, right: Right) -> bool:
        """Whether the role has that right."""
        return allowed(self.role, self.stage, right)

    def sees(self, institution: str) -> bool:
        """Whether the institution is within the scope."""
        return self.scope is None or institution in self.scope

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"console:{self.name}"


NOBODY = Visitor()


class Sessions:
    """``idle`` and ``length``: how long a session lasts unused, and at all. ``forced``: roles that must have a second factor."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        idle: timedelta,
        length: timedelta,
        forced: Collection[str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._idle = idle
        self._seen_every = min(SEEN_EVERY, idle / SEEN_IN_IDLE)
        self._length = length
        self._forced = frozenset(forced)

    def begin(self, uow: UnitOfWork, account: ConsoleAccount, *, passed: bool) -> tuple[str, Stage]:
        """Sign ``account`` in; the token for its cookie, and how far that is. ``passed``: its second factor was shown, too."""
        token, now = forms.new_token(), self._clock()
        stage = Stage.WHOLE
        if account.once_until is not None:
            stage = Stage.RENEW
        elif account.factor is not None and not passed:
            stage = Stage.SECOND
        elif account.factor is None and account.role in self._forced:
            stage = Stage.SET_UP
        row = ConsoleSession(forms.digest(token), account.name, stage, forms.new_form_key(), now, now)
        uow.console_sessions.add(row)
        uow.console_sessions.keep_newest(account.name, row, SESSIONS_PER_ACCOUNT_MAX - 1)
        return token, stage

    def of(self, token: str, *, listening: bool = False) -> Visitor:
        """Whose token it is; :data:`NOBODY` if it is nobody's, or no longer. ``listening``: that is no use of the session."""
        if not token:
            return NOBODY
        now, token_hash = self._clock(), forms.digest(token)
        with self._store.read() as uow:
            session = uow.console_sessions.get(token_hash)
            account = uow.console_accounts.get(session.account) if session else None
        if session is None or account is None or not self._holds(session, account, now):
            return NOBODY
        if not listening and now - session.seen_at >= self._seen_every:
            self._seen(token_hash, now)
        return Visitor(
            name=account.name,
            role=account.role,
            scope=account.scope,
            stage=self._stage(session, account),
            form_key=session.form_key,
            token_hash=token_hash,
            has_factor=account.factor is not None,
        )

    def going_on(self, tokens: Collection[str]) -> set[str]:
        """Those of ``tokens`` with which somebody is wholly signed in, read at once; that is no use of their sessions."""
        now, named = self._clock(), {forms.digest(token): token for token in tokens}
        with self._store.read() as uow:
            found = uow.console_sessions.listed(named)
            accounts = {one.name: one for one in uow.console_accounts.listed({row.account for row in found})}
        return {
            named[row.token_hash]
            for row in found
            if (account := accounts.get(row.account)) is not None
            and self._holds(row, account, now)
            and self._stage(row, account) is Stage.WHOLE
        }

    def end(self, token_hash: bytes, actor: str) -> None:
        """Sign out."""
        with self._store.write() as uow:
            uow.console_sessions.end(token_hash)
            uow.audit.add(self._clock(), actor, "signed_out", "console")

    def _seen(self, token_hash: bytes, now: datetime) -> None:
        try:
            with self._store.write(urgent=False) as uow:
                uow.console_sessions.change(token_hash, seen_at=now)
        except StoreError:
            _log.warning("a session's use could not be noted; the next page notes it")

    def _holds(self, session: ConsoleSession, account: ConsoleAccount, now: datetime) -> bool:
        return account.disabled_at is None and self._lasts(session, now)

    def _lasts(self, session: ConsoleSession, now: datetime) -> bool:
        length = self._length if session.stage == Stage.WHOLE else HALF_SIGNED_IN
        return now - session.seen_at < self._idle and now - session.began_at < length

    def _stage(self, session: ConsoleSession, account: ConsoleAccount) -> Stage:
        stage = Stage(session.stage)
        if stage is Stage.WHOLE and account.factor is None and account.role in self._forced:
            return Stage.SET_UP  # it became a must while somebody was signed in
        return stage
