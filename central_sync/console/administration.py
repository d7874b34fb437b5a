"""Use cases of other people's accounts at the console: made, changed, disabled and removed by an administrator. Synchronous, for worker threads.

Rules
    * Nobody raises himself: one's own account is not changed here, and nobody gives a scope that reaches beyond his own, or touches an account that
      does.
    * An administrator who sees all hospitals always remains: of two who remove each other at once, one is refused.
    * A password that is made here is a first one: shown once, good for three days, and only to choose another.
    * Whoever acts has a second factor, and the account's sessions end with each change. Each is a row of the audit trail.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from central_sync.console.access import Right, Role
from central_sync.console.accounts import ACCOUNTS_MAX, INSTITUTIONS_MAX, NAME
from central_sync.console.sessions import Visitor
from central_sync.console.sign_in import UNKNOWN
from central_sync.console.words import N_
from central_sync.pages import passwords
from central_sync.store import Store, UnitOfWork
from central_sync.store.console_records import ConsoleAccount

FIRST_PASSWORD_GOOD = timedelta(hours=72)
FIRST_PASSWORD_BYTES = 15
GROUP = 6
Scope = Sequence[str] | None


class NotDone(Exception):
    """Nothing was changed; the text is a message that says why."""


class NoSuchAccount(NotDone):
    """There is none of that name, or it is not for these eyes."""


class Administration:
    """The use cases; every one raises :class:`NotDone`. ``by``: whoever acts, whose right to this the page has checked."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def listed(self, by: Visitor) -> list[ConsoleAccount]:
        """The accounts that ``by`` may see, by name."""
        with self._store.read() as uow:
            return [one for one in uow.console_accounts.all(ACCOUNTS_MAX) if _reaches(by.scope, one.scope)]

    def one(self, by: Visitor, name: str) -> ConsoleAccount:
        """The account of that name."""
        with self._store.read() as uow:
            return _found(uow.console_accounts.get(name), by)

    def subject(self, name: str) -> str:
        """How the audit trail names the account of a try that was refused: what was typed as a name stands there only if it is one."""
        with self._store.read() as uow:
            return name if uow.console_accounts.get(name) is not None else UNKNOWN

    def add(self, by: Visitor, name: str, role: Role, institutions: Scope) -> str:
        """A new account; its first password."""
        password, now = new_password(), self._clock()
        kept = passwords.hashed(password)
        if not NAME.match(name):
            raise NotDone(
                N_(
                    "A name has 1 to 40 Latin letters, digits, dots, dashes or underscores, and begins with a letter or a digit."
                )
            )
        with self._store.write() as uow:
            self._check_actor(uow, by)
            _check_scope(uow, by, institutions)
            if uow.console_accounts.get(name, lock=True) is not None:
                raise NotDone(N_("There is an account of that name already."))
            if uow.console_accounts.count() >= ACCOUNTS_MAX:
                raise NotDone(N_("There are as many accounts as there may be. Remove those that nobody needs."))
            uow.console_accounts.put(name, role, kept, institutions, now)
            uow.console_accounts.change_password(name, kept, now, now + FIRST_PASSWORD_GOOD)
            uow.audit.add(now, by.actor, "account_added", name, _told(role, institutions))
        return password

    def change(self, by: Visitor, name: str, role: Role, institutions: Scope) -> None:
        """Another role and scope."""
        with self._changing(by, name) as uow:
            _check_scope(uow, by, institutions)
            uow.console_accounts.change(name, role, institutions, self._clock())
            uow.audit.add(self._clock(), by.actor, "account_changed", name, _told(role, institutions))

    def disable(self, by: Visitor, name: str) -> None:
        """Nobody signs in with it from now on."""
        with self._changing(by, name) as uow:
            uow.console_accounts.disable(name, self._clock())
            uow.audit.add(self._clock(), by.actor, "account_disabled", name)

    def enable(self, by: Visitor, name: str) -> None:
        """It is good again."""
        with self._changing(by, name) as uow:
            uow.console_accounts.disable(name, None)
            uow.audit.add(self._clock(), by.actor, "account_enabled", name)

    def renew_password(self, by: Visitor, name: str) -> str:
        """A first password in the place of the one it has."""
        password, now = new_password(), self._clock()
        kept = passwords.hashed(password)
        with self._changing(by, name) as uow:
            uow.console_accounts.change_password(name, kept, now, now + FIRST_PASSWORD_GOOD)
            uow.audit.add(now, by.actor, "password_reset", name)
        return password

    def forget_factor(self, by: Visitor, name: str) -> str:
        """The phone is lost: no second factor and no recovery codes any more, and a first password, since whoever knows the old one must not set the
        next factor up.
        """
        password, now = new_password(), self._clock()
        kept = passwords.hashed(password)
        with self._changing(by, name) as uow:
            uow.console_accounts.set_factor(name, None, 0)
            uow.console_accounts.set_recovery(name, ())
            uow.console_accounts.change_password(name, kept, now, now + FIRST_PASSWORD_GOOD)
            uow.audit.add(now, by.actor, "second_factor_removed", name)
        return password

    def remove(self, by: Visitor, name: str) -> None:
        """Take it away."""
        with self._changing(by, name) as uow:
            uow.console_accounts.remove(name)
            uow.audit.add(self._clock(), by.actor, "account_removed", name)

    @contextmanager
    def _changing(self, by: Visitor, name: str) -> Iterator[UnitOfWork]:
        with self._store.write() as uow:
            before = self._check_actor(uow, by)
            account = _found(uow.console_accounts.get(name, lock=True), by)
            if account.name == by.name:
                raise NotDone(N_("Nobody changes their own account here. Another administrator does."))
            yield uow
            if account.name in before and not uow.console_accounts.administrators(Role.ADMINISTRATOR):
                raise NotDone(N_("It is the last administrator of all hospitals. Make another one first."))

    def _check_actor(self, uow: UnitOfWork, by: Visitor) -> list[str]:
        """Whoever acts still may; the administrators of all hospitals, whom nobody else changes meanwhile."""
        administrators = uow.console_accounts.administrators(Role.ADMINISTRATOR)
        actor = uow.console_accounts.get(by.name, lock=True)
        good = actor is not None and actor.disabled_at is None and (actor.role, actor.scope) == (by.role, by.scope)
        if actor is None or not good or not by.may(Right.ACCOUNTS):
            raise NotDone(N_("Your own account was changed meanwhile."))
        if actor.factor is None:
            raise NotDone(N_("Set up a second factor of your own first."))
        return administrators


def new_password() -> str:
    """120 random bits, in groups that can be read aloud."""
    text = b32encode(secrets.token_bytes(FIRST_PASSWORD_BYTES)).decode().lower()
    return "-".join(text[place : place + GROUP] for place in range(0, len(text), GROUP))


def _reaches(mine: frozenset[str] | None, theirs: frozenset[str] | None) -> bool:
    """Whether whoever sees ``mine`` may see and give ``theirs``."""
    return mine is None or (theirs is not None and theirs <= mine)


def _found(account: ConsoleAccount | None, by: Visitor) -> ConsoleAccount:
    if account is None or not _reaches(by.scope, account.scope):
        raise NoSuchAccount(N_("There is no such account."))
    return account


def _check_scope(uow: UnitOfWork, by: Visitor, institutions: Scope) -> None:
    wanted = None if institutions is None else frozenset(institutions)
    if wanted is not None and not 1 <= len(wanted) <= INSTITUTIONS_MAX:
        raise NotDone(N_("An account is bound to 1 to 500 hospitals, or to none for all."))
    if not _reaches(by.scope, wanted):
        raise NotDone(N_("You can give no more hospitals than you see yourself."))
    if any(uow.institutions.get(code) is None for code in wanted or ()):
        raise NotDone(N_("One of the codes is no hospital's."))


def _told(role: Role, institutions: Scope) -> str:
    return f"{role}, " + ("all hospitals" if institutions is None else f"hospitals: {len(set(institutions))}")
