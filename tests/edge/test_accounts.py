"""Accounts of the console: what is kept of a password, and that changes are noticed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.accounts import ACCOUNTS_MAX, FILE, AccountError, Accounts, Role, password_fits

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
PASSWORD = "seven small stones"


def test_a_password_fits_its_account_alone_and_is_not_kept(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / FILE)
    accounts.put("tech", Role.TECHNICIAN, PASSWORD, NOW)
    account = accounts.find("tech")
    assert password_fits(account, PASSWORD)
    assert not password_fits(account, PASSWORD + " ")
    assert not password_fits(None, PASSWORD)
    assert not password_fits(account, "x" * 100_000)
    written = (tmp_path / FILE).read_text()
    assert PASSWORD not in written
    assert "argon2id" in written
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_two_accounts_with_one_password_do_not_look_alike(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / FILE)
    for name in ("one", "two"):
        accounts.put(name, Role.TECHNICIAN, PASSWORD, NOW)
    assert len({row.password_hash for row in accounts.all()}) == 2


def test_what_another_program_writes_is_noticed(tmp_path: Path) -> None:
    ours, theirs = Accounts(tmp_path / FILE), Accounts(tmp_path / FILE)
    assert ours.find("tech") is None
    theirs.put("tech", Role.TECHNICIAN, PASSWORD, NOW)
    assert ours.find("tech") is not None
    assert theirs.remove("tech")
    assert not theirs.remove("tech")
    assert ours.find("tech") is None


@pytest.mark.parametrize("name", ["", "a b", "x" * 41, "نام", "../x"])
def test_a_name_that_will_not_do_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AccountError, match="name"):
        Accounts(tmp_path / FILE).put(name, Role.TECHNICIAN, PASSWORD, NOW)


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_that_will_not_do_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(AccountError, match="password"):
        Accounts(tmp_path / FILE).put("tech", Role.TECHNICIAN, password, NOW)
    assert not (tmp_path / FILE).exists()


def test_a_damaged_file_is_told_and_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"accounts": [{"name": "x"}]}')
    with pytest.raises(AccountError, match="damaged"):
        Accounts(tmp_path / FILE).find("x")
    assert ACCOUNTS_MAX > 100
