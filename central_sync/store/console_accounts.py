"""Repository of the accounts of the hub's console. Whoever changes an account ends its sessions in the same unit of work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, update

from central_sync.store.console_records import ConsoleAccount
from central_sync.store.console_tables import console_account as account
from central_sync.store.console_tables import console_browser as browser
from central_sync.store.console_tables import console_recovery as recovery
from central_sync.store.console_tables import console_scope as scope
from central_sync.store.console_tables import console_session as session
from central_sync.store.statements import insert


class ConsoleAccounts:
    """People who may sign in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str, *, lock: bool = False) -> ConsoleAccount | None:
        """The account of that name; with ``lock``, nobody else changes it until the unit of work ends."""
        statement = select(account).where(account.c.name == name)
        row = self._connection.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
        if row is None:
            return None
        return _made(row, self._scope(name) if row["bound"] else None)

    def all(self, rows_max: int) -> list[ConsoleAccount]:
        """Every account, by name."""
        found = self._connection.execute(select(account).order_by(account.c.name).limit(rows_max)).mappings().all()
        scopes = self._scopes(select(scope.c.account, scope.c.institution))
        return [_made(row, frozenset(scopes.get(row["name"], ())) if row["bound"] else None) for row in found]

    def listed(self, names: Collection[str]) -> list[ConsoleAccount]:
        """The accounts of those names, as far as there are any."""
        wanted = list(names)
        found = self._connection.execute(select(account).where(account.c.name.in_(wanted))).mappings().all()
        scopes = self._scopes(select(scope.c.account, scope.c.institution).where(scope.c.account.in_(wanted)))
        return [_made(row, frozenset(scopes.get(row["name"], ())) if row["bound"] else None) for row in found]

    def count(self) -> int:
        """How many there are."""
        return int(self._connection.execute(select(func.count()).select_from(account)).scalar_one())

    def put(self, name: str, role: str, password_hash: str, institutions: Sequence[str] | None, now: datetime) -> None:
        """Make the account, or give it another role, password and scope (``None``: all). A second factor stays; sessions end."""
        fresh = {
            "role": role, "bound": institutions is not None, "password_hash": password_hash, "changed_at": now, "once_until": None,
            "disabled_at": None,
        }  # fmt: skip
        statement = insert(self._connection, account).values(name=name, factor=None, factor_step=0, **fresh)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=fresh))
        self._set_scope(name, institutions)
        self.signed_out(name)

    def change(self, name: str, role: str, institutions: Sequence[str] | None, now: datetime) -> None:
        """Another role and scope; every session ends."""
        values = {"role": role, "bound": institutions is not None, "changed_at": now}
        self._connection.execute(update(account).where(account.c.name == name).values(**values))
        self._set_scope(name, institutions)
        self.signed_out(name)

    def disable(self, name: str, at: datetime | None) -> None:
        """Nobody signs in with it since ``at``, ``None``: it is good again; every session ends."""
        self._connection.execute(update(account).where(account.c.name == name).values(disabled_at=at))
        self.signed_out(name)

    def administrators(self, role: str) -> list[str]:
        """Accounts of ``role`` that see all and may sign in; none of them is changed by anybody else until the unit of work ends."""
        c = account.c
        statement = select(c.name).where(c.role == role, c.bound.is_(False), c.disabled_at.is_(None)).order_by(c.name)
        return list(self._connection.execute(statement.with_for_update()).scalars())

    def change_password(self, name: str, password_hash: str, now: datetime, once_until: datetime | None = None) -> None:
        """Another password, with ``once_until`` a first one that is good until then; every session ends."""
        values = {"password_hash": password_hash, "changed_at": now, "once_until": once_until}
        self._connection.execute(update(account).where(account.c.name == name).values(**values))
        self.signed_out(name)

    def remove(self, name: str) -> bool:
        """Take the account away with all that is its own; ``False`` if there is none."""
        for table in (scope, recovery):
            self._connection.execute(delete(table).where(table.c.account == name))
        self.signed_out(name)
        return self._connection.execute(delete(account).where(account.c.name == name)).rowcount == 1

    def signed_out(self, name: str) -> None:
        """End its sessions, and forget its browsers."""
        self._connection.execute(delete(session).where(session.c.account == name))
        self._connection.execute(delete(browser).where(browser.c.account == name))

    # -- second factor --------------------------------------------------------------------------------------------

    def set_factor(self, name: str, factor: bytes | None, step: int) -> None:
        """Give it a second factor, whose code of ``step`` was taken, or take it away."""
        values = {"factor": factor, "factor_step": step}
        self._connection.execute(update(account).where(account.c.name == name).values(**values))

    def take_step(self, name: str, step: int) -> bool:
        """Use the code of ``step`` up; ``False`` if that or a later one was used before. Only one caller ever gets it."""
        statement = update(account).where(account.c.name == name, account.c.factor_step < step)
        return self._connection.execute(statement.values(factor_step=step)).rowcount == 1

    def set_recovery(self, name: str, hashes: Iterable[bytes]) -> None:
        """Give it new recovery codes in the place of the old."""
        self._connection.execute(delete(recovery).where(recovery.c.account == name))
        rows = [{"account": name, "code_hash": one} for one in hashes]
        if rows:
            self._connection.execute(recovery.insert(), rows)

    def take_recovery(self, name: str, code_hash: bytes) -> bool:
        """Use a recovery code up; ``False`` if there is no such code. Only one caller ever gets it."""
        statement = delete(recovery).where(recovery.c.account == name, recovery.c.code_hash == code_hash)
        return self._connection.execute(statement).rowcount == 1

    def recovery_left(self, name: str) -> int:
        """How many recovery codes are left."""
        statement = select(func.count()).select_from(recovery).where(recovery.c.account == name)
        return int(self._connection.execute(statement).scalar_one())

    def _set_scope(self, name: str, institutions: Sequence[str] | None) -> None:
        self._connection.execute(delete(scope).where(scope.c.account == name))
        rows = [{"account": name, "institution": code} for code in sorted(set(institutions or ()))]
        if rows:
            self._connection.execute(scope.insert(), rows)

    def _scopes(self, statement: Select[Any]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, institution in self._connection.execute(statement):
            found.setdefault(name, set()).add(institution)
        return found

    def _scope(self, name: str) -> frozenset[str]:
        return frozenset(self._connection.execute(select(scope.c.institution).where(scope.c.account == name)).scalars())


def _made(row: object, institutions: frozenset[str] | None) -> ConsoleAccount:
    values = {name: value for name, value in dict(row).items() if name != "bound"}  # type: ignore[call-overload]
    return ConsoleAccount(**values, scope=institutions)
