"""Use cases of the console's accounts: made, changed and removed by who may use the hub's command line, or their own password by whoever is signed in.

An account's scope is checked against the hospitals there are: a typing error must not leave somebody with nothing, or with more than was meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from central_sync.console.access import Role
from central_sync.errors import HubError
from central_sync.pages import passwords
from central_sync.store import Store, UnitOfWork
from central_sync.store.console_records import ConsoleAccount

ACCOUNTS_MAX = 1_000
INSTITUTIONS_MAX = 500
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}\Z")
"""One that begins with a dot could be a step of a path, one that begins with a dash an option of a command."""


class AccountError(HubError):
    """The account cannot be made or changed as asked; the text says why."""


class ConsoleAccountsService:
    """The use cases. Synchronous, for worker threads and the command line; ``now`` is aware UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        name: str,
        role: Role,
        password: str,
        institutions: Sequence[str] | None,
        now: datetime,
        actor: str = "cli",
    ) -> None:
        """Make an account, or give it another role, password and scope (``None``: all hospitals). Its sessions end; a second factor stays.

        Raises:
            AccountError: name, password or scope will not do, or there are too many.
        """
        if not NAME.match(name):
            raise AccountError(
                "an account's name has 1 to 40 letters, digits, dots, dashes or underscores, a letter or digit first"
            )
        _acceptable(password)
        if institutions is not None and not 1 <= len(set(institutions)) <= INSTITUTIONS_MAX:
            raise AccountError(f"an account is bound to 1 to {INSTITUTIONS_MAX} hospitals, or to none for all")
        kept = passwords.hashed(password)
        with self._store.write() as uow:
            _known(uow, institutions or ())
            if uow.console_accounts.get(name) is None and uow.console_accounts.count() >= ACCOUNTS_MAX:
                raise AccountError(f"there are already {ACCOUNTS_MAX} accounts")
            uow.console_accounts.put(name, role, kept, institutions, now)
            bound = "all hospitals" if institutions is None else f"hospitals: {len(set(institutions))}"
            uow.audit.add(now, actor, "account_put", name, f"{role}, {bound}")

    def all(self) -> list[ConsoleAccount]:
        """Every account, by name."""
        with self._store.read() as uow:
            return uow.console_accounts.all(ACCOUNTS_MAX)

    def remove(self, name: str, now: datetime, actor: str = "cli") -> None:
        """Take an account away; whoever is signed in with it is signed out.

        Raises:
            AccountError: there is none of that name.
        """
        with self._store.write() as uow:
            if not uow.console_accounts.remove(name):
                raise AccountError(f"there is no account {name}: see `pishkhan-hub account list`")
            uow.audit.add(now, actor, "account_removed", name)

    def forget_factor(self, name: str, now: datetime, actor: str = "cli") -> None:
        """Take an account's second factor away: the phone is lost. Its sessions end.

        Raises:
            AccountError: there is no such account.
        """
        with self._store.write() as uow:
            if uow.console_accounts.get(name) is None:
                raise AccountError(f"there is no account {name}: see `pishkhan-hub account list`")
            uow.console_accounts.set_factor(name, None, 0)
            uow.console_accounts.set_recovery(name, ())
            uow.console_accounts.signed_out(name)
            uow.audit.add(now, actor, "second_factor_removed", name)


def _acceptable(password: str) -> None:
    if not passwords.acceptable(password):
        raise AccountError(f"a password has {passwords.CHARACTERS_MIN} to {passwords.CHARACTERS_MAX} characters")


def _known(uow: UnitOfWork, institutions: Sequence[str]) -> None:
    for code in institutions:
        if uow.institutions.get(code) is None:
            raise AccountError(f"there is no hospital {code}: see `pishkhan-hub hospital list`")
