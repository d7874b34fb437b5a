"""Who may sign in at the console of this edge: ``DIR/accounts.json``, names, roles and passwords as Argon2id keeps them.

Accounts are the edge's own, so that they work without the line. The command line writes the file while the edge runs; the edge reads it again
when it has changed, and whoever lost the account or got another password or role is signed out at once.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from central_sync.pages import passwords
from edge.errors import NotTaken
from edge.kept_file import KeptFile

FILE = "accounts.json"
ACCOUNTS_MAX = 500
PASSWORD_CHARACTERS_MIN = passwords.CHARACTERS_MIN
PASSWORD_CHARACTERS_MAX = passwords.CHARACTERS_MAX
_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,40}$")


class Role(StrEnum):
    """What an account may do at the console."""

    TECHNICIAN = "technician"
    CLERK = "clerk"


class AccountError(NotTaken):
    """The list cannot be read or changed as asked; the text says why."""


class Account(Struct, frozen=True, kw_only=True):
    """One person. ``password_hash`` is Argon2id's own text, with salt and costs. ``may_see_bodies``: a technician who may see what stands in
    transactions; each look is noted.
    """

    name: str
    role: Role
    password_hash: str
    changed_at: datetime
    may_see_bodies: bool = False


class _File(Struct, frozen=True):
    accounts: list[Account] = []


class Accounts:
    """The list in one file, with its changes noticed. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self._file = KeptFile(path, _File, AccountError)

    def all(self) -> list[Account]:
        """All accounts by name.

        Raises:
            AccountError: the file is unreadable or damaged.
        """
        return sorted(self._file.content().accounts, key=lambda row: row.name)

    def find(self, name: str) -> Account | None:
        """The account of that name.

        Raises:
            AccountError: the file is unreadable or damaged.
        """
        return next((row for row in self._file.content().accounts if row.name == name), None)

    def put(self, name: str, role: Role, password: str, now: datetime, *, may_see_bodies: bool = False) -> None:
        """Make the account, or give it another role, password and right.

        Raises:
            AccountError: name or password will not do, there are too many, or the file fails.
        """
        if not _NAME.match(name):
            raise AccountError(
                "an account's name has 1 to 40 letters, digits, dots, dashes or underscores", "account_name"
            )
        if not passwords.acceptable(password):
            raise AccountError(
                f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters", "password"
            )
        fresh = Account(
            name=name,
            role=role,
            password_hash=passwords.hashed(password),
            changed_at=now,
            may_see_bodies=may_see_bodies,
        )
        with self._file.changing() as kept:
            others = [row for row in kept.accounts if row.name != name]
            if len(others) >= ACCOUNTS_MAX:
                raise AccountError(f"there are already {ACCOUNTS_MAX} accounts", "full")
            self._file.write(_File([*others, fresh]))

    def remove(self, name: str) -> bool:
        """Take the account away; ``False`` if it was not there."""
        with self._file.changing() as kept:
            rest = [row for row in kept.accounts if row.name != name]
            if len(rest) == len(kept.accounts):
                return False
            self._file.write(_File(rest))
        return True


def password_fits(account: Account | None, password: str) -> bool:
    """Whether ``password`` is the account's; takes as long where there is no such account. Some 30 ms: not for the event loop."""
    return passwords.fits(account.password_hash if account else None, password)
