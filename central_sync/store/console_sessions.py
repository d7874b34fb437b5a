"""Repositories of who is signed in at the hub's console, from which browsers, and who has to wait after wrong passwords.

All processes of a hub share them: a person who was signed in by one is known to the other, and a guesser who goes from one to the other finds the
same wait at both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from central_sync.store.console_records import ConsoleSession, ConsoleWait
from central_sync.store.console_tables import console_browser as browser
from central_sync.store.console_tables import console_session as session
from central_sync.store.console_tables import console_wait as wait
from central_sync.store.statements import insert, insert_new


class ConsoleSessions:
    """Who is signed in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: ConsoleSession) -> None:
        """Keep a new session."""
        self._connection.execute(session.insert().values(**{n: getattr(row, n) for n in ConsoleSession.__slots__}))

    def get(self, token_hash: bytes) -> ConsoleSession | None:
        """The session whose token has that digest, whatever became of it."""
        row = self._connection.execute(select(session).where(session.c.token_hash == token_hash)).mappings().first()
        return ConsoleSession(**row) if row else None

    def listed(self, token_hashes: Collection[bytes]) -> list[ConsoleSession]:
        """The sessions of those digests, as far as there are any."""
        statement = select(session).where(session.c.token_hash.in_(list(token_hashes)))
        return [ConsoleSession(**row) for row in self._connection.execute(statement).mappings()]

    def change(self, token_hash: bytes, **values: Any) -> None:
        """Set columns of a session."""
        self._connection.execute(update(session).where(session.c.token_hash == token_hash).values(**values))

    def end(self, token_hash: bytes) -> None:
        """Forget a session."""
        self._connection.execute(delete(session).where(session.c.token_hash == token_hash))

    def keep_newest(self, account: str, present: ConsoleSession, others_max: int) -> None:
        """End all sessions of an account that are as far as the ``present`` one, but that and ``others_max`` others that were busy last: whoever knows
        a password and no more cannot end the sessions of whoever has shown a second factor, too.
        """
        mine = (session.c.account == account) & (session.c.token_hash != present.token_hash)
        mine &= session.c.stage == present.stage
        newest = select(session.c.token_hash).where(mine).order_by(session.c.seen_at.desc())
        keep = list(self._connection.execute(newest.limit(others_max)).scalars())
        self._connection.execute(delete(session).where(mine, session.c.token_hash.not_in(keep)))

    def know_browser(self, mark_hash: bytes, account: str, until: datetime) -> None:
        """Remember a browser from which the account has signed in."""
        insert_new(self._connection, browser, {"mark_hash": mark_hash, "account": account, "until": until})

    def knows_browser(self, mark_hash: bytes, account: str, now: datetime) -> bool:
        """Whether the account has signed in from that browser."""
        statement = select(browser.c.account).where(
            browser.c.mark_hash == mark_hash, browser.c.account == account, browser.c.until > now
        )
        return self._connection.execute(statement).first() is not None

    def prune(self, idle_since: datetime, began_since: datetime, now: datetime) -> int:
        """Delete what has ended by itself; returns how many rows."""
        ended = delete(session).where((session.c.seen_at < idle_since) | (session.c.began_at < began_since))
        count = self._connection.execute(ended).rowcount
        count += self._connection.execute(delete(browser).where(browser.c.until < now)).rowcount
        return count + self._connection.execute(delete(wait).where(wait.c.forgotten_at < now)).rowcount


class ConsoleWaits:
    """Who has to wait."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def locked(self, abouts: Sequence[bytes], now: datetime) -> list[ConsoleWait]:
        """What is known about each, in the order of their digests; nobody else counts on them until the unit of work ends."""
        wanted = sorted(abouts)
        for about in wanted:
            values = {"about": about, "failures": 0, "until": now, "forgotten_at": now}
            self._connection.execute(insert(self._connection, wait).values(**values).on_conflict_do_nothing())
        columns = (wait.c.about, wait.c.failures, wait.c.until, wait.c.forgotten_at)
        statement = select(*columns).where(wait.c.about.in_(wanted)).order_by(wait.c.about)
        rows = self._connection.execute(statement.with_for_update()).all()
        return [ConsoleWait(row.about, row.failures if row.forgotten_at > now else 0, row.until) for row in rows]

    def note(self, about: bytes, failures: int, until: datetime, forgotten_at: datetime) -> None:
        """Count anew."""
        values = {"failures": failures, "until": until, "forgotten_at": forgotten_at}
        self._connection.execute(update(wait).where(wait.c.about == about).values(**values))

    def forget(self, abouts: Sequence[bytes]) -> None:
        """What went before is forgotten."""
        self._connection.execute(delete(wait).where(wait.c.about.in_(list(abouts))))
