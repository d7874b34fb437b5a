"""Who is signed in at the console. In memory: a restart signs everybody out.

Wrong passwords make whoever comes from that address, or tries that account, wait (:class:`Tries`); the wait ends by itself, so that no stranger locks
anybody out for good.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from edge.accounts import Account, Role

SESSIONS_MAX = 1_000
IDLE_MAX = timedelta(minutes=30)
LENGTH_MAX = timedelta(hours=12)
TRIES_WINDOW_S = 600.0
TRIES_MAX = {"both": 5, "address": 20, "account": 50}
"""Wrong passwords within the window: of one account from one address, of any from one address, of one account from anywhere."""
TRIES_KEPT_MAX = 10_000


class Session(NamedTuple):
    """One sign-in. ``form_key`` stands in each form of its pages: another site's page cannot know it."""

    name: str
    role: Role
    password_hash: str
    form_key: str
    began_at: datetime
    seen_at: datetime


class Sessions:
    """All that are open, by the digest of their token."""

    def __init__(self) -> None:
        self._open: dict[bytes, Session] = {}

    def begin(self, account: Account, now: datetime) -> str:
        """Sign ``account`` in; the token for its cookie. One more than ``SESSIONS_MAX``, and the one that was quiet longest ends."""
        token = secrets.token_urlsafe(32)
        self._open = {key: one for key, one in self._open.items() if _lasts(one, now)}
        if len(self._open) >= SESSIONS_MAX:
            del self._open[min(self._open, key=lambda key: self._open[key].seen_at)]
        fresh = Session(account.name, account.role, account.password_hash, secrets.token_urlsafe(16), now, now)
        self._open[_digest(token)] = fresh
        return token

    def of(self, token: str, account: Account | None, now: datetime) -> Session | None:
        """The open session of ``token``, whose account is now ``account``. It ends when that has changed since, or when it was quiet too long."""
        key = _digest(token)
        session = self._open.get(key)
        if session is None:
            return None
        same = account is not None and account.role == session.role
        if not (same and account and account.password_hash == session.password_hash and _lasts(session, now)):
            del self._open[key]
            return None
        self._open[key] = session._replace(seen_at=now)
        return self._open[key]

    def name_of(self, token: str) -> str:
        """Whose session it is; empty if there is none."""
        session = self._open.get(_digest(token))
        return session.name if session else ""

    def still(self, token: str, account: Account | None, now: datetime) -> bool:
        """As :meth:`of`, by a page that only listens: it does not count as being busy."""
        session = self._open.get(_digest(token))
        return (
            session is not None
            and account is not None
            and (account.role, account.password_hash) == (session.role, session.password_hash)
            and _lasts(session, now)
        )

    def end(self, token: str) -> None:
        """Sign out."""
        self._open.pop(_digest(token), None)


class Tries:
    """Wrong passwords of the last while, by account and by address."""

    def __init__(self) -> None:
        self._wrong: dict[tuple[str, str], list[float]] = {}

    def allowed(self, name: str, address: str, now_s: float) -> bool:
        """Whether one more may be tried for the account ``name`` from ``address``; ``now_s`` is of a clock that never jumps."""
        return all(len(self._recent(key, now_s)) < TRIES_MAX[key[0]] for key in _keys(name, address))

    def failed(self, name: str, address: str, now_s: float) -> None:
        """One was wrong."""
        for key in _keys(name, address):
            if key not in self._wrong and len(self._wrong) >= TRIES_KEPT_MAX:
                del self._wrong[next(iter(self._wrong))]
            self._wrong[key] = [*self._recent(key, now_s), now_s]

    def passed(self, name: str, address: str) -> None:
        """One was right: what went before is forgotten."""
        for key in _keys(name, address):
            self._wrong.pop(key, None)

    def _recent(self, key: tuple[str, str], now_s: float) -> list[float]:
        return [at for at in self._wrong.get(key, ()) if now_s - at < TRIES_WINDOW_S]


def same_form(session: Session, given: str) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(session.form_key.encode(), given.encode("utf-8", "surrogatepass"))


def _keys(name: str, address: str) -> tuple[tuple[str, str], ...]:
    return ("both", f"{address} {name}"), ("address", address), ("account", name)


def _lasts(session: Session, now: datetime) -> bool:
    return now - session.seen_at < IDLE_MAX and now - session.began_at < LENGTH_MAX


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
