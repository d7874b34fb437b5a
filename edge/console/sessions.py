"""Who is signed in at the console. In memory: a restart signs everybody out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from central_sync.pages import forms
from edge.accounts import Account, Role

SESSIONS_MAX = 1_000
IDLE_MAX = timedelta(minutes=30)
LENGTH_MAX = timedelta(hours=12)


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
        token = forms.new_token()
        self._open = {key: one for key, one in self._open.items() if _lasts(one, now)}
        if len(self._open) >= SESSIONS_MAX:
            del self._open[min(self._open, key=lambda key: self._open[key].seen_at)]
        fresh = Session(account.name, account.role, account.password_hash, forms.new_form_key(), now, now)
        self._open[forms.digest(token)] = fresh
        return token

    def of(self, token: str, account: Account | None, now: datetime) -> Session | None:
        """The open session of ``token``, whose account is now ``account``. It ends when that has changed since, or when it was quiet too long."""
        key = forms.digest(token)
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
        session = self._open.get(forms.digest(token))
        return session.name if session else ""

    def touch(self, token: str, now: datetime) -> None:
        """Whoever holds ``token`` was busy: a card was put down, say. A session that is over stays so."""
        session = self._open.get(forms.digest(token))
        if session is not None and _lasts(session, now):
            self._open[forms.digest(token)] = session._replace(seen_at=now)

    def still(self, token: str, account: Account | None, now: datetime) -> bool:
        """As :meth:`of`, by a page that only listens: it does not count as being busy."""
        session = self._open.get(forms.digest(token))
        return (
            session is not None
            and account is not None
            and (account.role, account.password_hash) == (session.role, session.password_hash)
            and _lasts(session, now)
        )

    def end(self, token: str) -> None:
        """Sign out."""
        self._open.pop(forms.digest(token), None)


def same_form(session: Session, given: str) -> bool:
    """Whether a form came from a page of this session."""
    return forms.same(session.form_key, given)


def _lasts(session: Session, now: datetime) -> bool:
    return now - session.seen_at < IDLE_MAX and now - session.began_at < LENGTH_MAX
