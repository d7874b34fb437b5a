"""Accounts of the console in the database: what is used up is used up once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def _put(store, name="anna", institutions=None) -> None:
    with store.write() as uow:
        uow.console_accounts.put(name, "operator", "hash", institutions, NOW)


def test_a_scope_is_what_was_put_last_and_an_empty_one_is_not_everything(store) -> None:
    for institutions in (("H1", "H2"), ("H3",), None, ()):
        _put(store, institutions=institutions)
        with store.read() as uow:
            found = uow.console_accounts.get("anna").scope
        assert found == (None if institutions is None else frozenset(institutions))


def test_one_of_many_gets_a_code_and_a_time_step(store) -> None:
    _put(store)
    with store.write() as uow:
        uow.console_accounts.set_factor("anna", b"sealed", 10)
        uow.console_accounts.set_recovery("anna", [bytes(32)])

    def take(_: int) -> tuple[bool, bool]:
        with store.write() as uow:
            return uow.console_accounts.take_step("anna", 11), uow.console_accounts.take_recovery("anna", bytes(32))

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(4)))
    assert [sum(step for step, _ in taken), sum(code for _, code in taken)] == [1, 1]
    with store.write() as uow:
        assert not uow.console_accounts.take_step("anna", 9)
        assert uow.console_accounts.recovery_left("anna") == 0


def test_a_removed_account_leaves_nothing(store) -> None:
    _put(store, institutions=("H1",))
    with store.write() as uow:
        uow.console_accounts.set_recovery("anna", [bytes(32)])
        assert uow.console_accounts.remove("anna")
        assert not uow.console_accounts.remove("anna")
        assert uow.console_accounts.recovery_left("anna") == 0
        assert (uow.console_accounts.get("anna"), uow.console_accounts.count(), uow.console_accounts.all(9)) == (
            None, 0, [],
        )  # fmt: skip
