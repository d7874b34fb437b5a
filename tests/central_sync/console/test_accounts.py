"""Accounts: who may sign in, and what they see."""

from __future__ import annotations

import pytest

from central_sync.console.access import Role
from central_sync.console.accounts import AccountError, ConsoleAccountsService
from central_sync.pages import passwords
from tests.central_sync.console.conftest import NOW

PASSWORD = "seven small stones"


def test_an_account_is_made_changed_listed_and_removed_and_each_is_audited(store, hospital) -> None:
    accounts = ConsoleAccountsService(store)
    accounts.put("anna", Role.OBSERVER, PASSWORD, ("H1", "H2"), NOW)
    (row,) = accounts.all()
    assert (row.name, row.role, row.scope, row.factor) == ("anna", "observer", {"H1", "H2"}, None)
    assert passwords.fits(row.password_hash, PASSWORD)
    accounts.put("anna", Role.OPERATOR, PASSWORD, None, NOW)
    (row,) = accounts.all()
    assert (row.role, row.scope) == ("operator", None)
    accounts.forget_factor("anna", NOW)
    accounts.remove("anna", NOW)
    assert accounts.all() == []
    with store.read() as uow:
        rows = [(row.actor, row.action, row.subject, row.detail) for row in uow.audit.latest()][-4:]
    assert rows == [
        ("cli", "account_put", "anna", "observer, hospitals: 2"),
        ("cli", "account_put", "anna", "operator, all hospitals"),
        ("cli", "second_factor_removed", "anna", ""),
        ("cli", "account_removed", "anna", ""),
    ]


@pytest.mark.parametrize(
    ("name", "password", "institutions"),
    [
        ("", PASSWORD, None),
        ("a b", PASSWORD, None),
        ("نام", PASSWORD, None),
        ("anna\n", PASSWORD, None),
        (".", PASSWORD, None),
        ("..", PASSWORD, None),
        ("-anna", PASSWORD, None),
        ("anna", "short", None),
        ("anna", "x" * 201, None),
        ("anna", PASSWORD, ()),
        ("anna", PASSWORD, ("H1", "H9")),
    ],
)
def test_what_will_not_do_is_refused_and_changes_nothing(store, hospital, name, password, institutions) -> None:
    accounts = ConsoleAccountsService(store)
    with pytest.raises(AccountError):
        accounts.put(name, Role.OBSERVER, password, institutions, NOW)
    assert accounts.all() == []
    for act in (accounts.remove, accounts.forget_factor):
        with pytest.raises(AccountError):
            act("nobody", NOW)
