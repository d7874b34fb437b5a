"""Other people's accounts: nobody raises himself, an administrator always remains, and a first password is only to choose another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from central_sync.console.access import Role, Stage
from central_sync.console.administration import FIRST_PASSWORD_GOOD, Administration, NoSuchAccount, NotDone
from central_sync.console.sessions import Visitor
from central_sync.pages import passwords
from tests.central_sync.console.conftest import NOW


def visitor(name: str = "boss", scope: frozenset[str] | None = None, role: Role = Role.ADMINISTRATOR) -> Visitor:
    return Visitor(name, role, scope, Stage.WHOLE, "key", name.encode(), True)


@pytest.fixture
def house(store, hospital) -> Administration:
    """Two administrators of all, one of H1 alone, and an observer."""
    with store.write() as uow:
        for name, role, scope in (
            ("boss", Role.ADMINISTRATOR, None), ("chief", Role.ADMINISTRATOR, None), ("local", Role.ADMINISTRATOR, ("H1",)), ("looker", Role.OBSERVER, None),
        ):  # fmt: skip
            uow.console_accounts.put(name, role, "x", scope, NOW)
            uow.console_accounts.set_factor(name, b"sealed", 0)
    return Administration(store, lambda: NOW)


def trail(store) -> list[tuple[str, str, str, str]]:
    with store.read() as uow:
        rows = [(row.actor, row.action, row.subject, row.detail) for row in uow.audit.latest()]
    return [row for row in rows if row[0].startswith("console:")]


def test_an_account_is_made_changed_disabled_and_removed_and_each_is_audited(store, house) -> None:
    boss = visitor()
    password = house.add(boss, "anna", Role.OPERATOR, ["H1", "H2"])
    made = house.one(boss, "anna")
    assert passwords.fits(made.password_hash, password)
    assert (made.role, made.scope, made.once_until) == ("operator", {"H1", "H2"}, NOW + FIRST_PASSWORD_GOOD)
    house.change(boss, "anna", Role.OBSERVER, None)
    assert (house.one(boss, "anna").role, house.one(boss, "anna").scope) == ("observer", None)
    house.disable(boss, "anna")
    assert house.one(boss, "anna").disabled_at == NOW
    house.enable(boss, "anna")
    assert house.one(boss, "anna").disabled_at is None
    assert house.renew_password(boss, "anna") != password
    assert passwords.fits(house.one(boss, "looker").password_hash, house.forget_factor(boss, "looker")) is False
    assert house.one(boss, "looker").factor is None
    assert house.one(boss, "looker").once_until is not None
    house.remove(boss, "anna")
    assert [one.name for one in house.listed(boss)] == ["boss", "chief", "local", "looker"]
    assert trail(store) == [
        ("console:boss", "account_added", "anna", "operator, hospitals: 2"),
        ("console:boss", "account_changed", "anna", "observer, all hospitals"),
        ("console:boss", "account_disabled", "anna", ""),
        ("console:boss", "account_enabled", "anna", ""),
        ("console:boss", "password_reset", "anna", ""),
        ("console:boss", "second_factor_removed", "looker", ""),
        ("console:boss", "account_removed", "anna", ""),
    ]


ACTS: dict[str, Callable[[Administration, Visitor, str], object]] = {
    "change": lambda house, by, name: house.change(by, name, Role.OBSERVER, ["H1"]),
    "disable": lambda house, by, name: house.disable(by, name),
    "enable": lambda house, by, name: house.enable(by, name),
    "password": lambda house, by, name: house.renew_password(by, name),
    "factor": lambda house, by, name: house.forget_factor(by, name),
    "remove": lambda house, by, name: house.remove(by, name),
}


@pytest.mark.parametrize("act", ACTS)
def test_nobody_touches_their_own_account_or_one_that_reaches_further(store, house, act: str) -> None:
    with store.read() as uow:
        before = uow.console_accounts.all(99)
    with pytest.raises(NotDone, match="their own"):
        ACTS[act](house, visitor(), "boss")
    local = visitor("local", frozenset({"H1"}))
    for name in ("boss", "looker", "nobody"):
        with pytest.raises(NoSuchAccount):
            ACTS[act](house, local, name)
    with store.read() as uow:
        assert uow.console_accounts.all(99) == before
    assert trail(store) == []


def test_nobody_gives_more_hospitals_than_they_see_or_hospitals_that_are_none(store, house) -> None:
    local = visitor("local", frozenset({"H1"}))
    for scope in (None, ["H2"], ["H1", "H2"], []):
        with pytest.raises(NotDone):
            house.add(local, "anna", Role.OBSERVER, scope)
    for scope in (["H9"], ["H1", "H9"], []):
        with pytest.raises(NotDone):
            house.add(visitor(), "anna", Role.OBSERVER, scope)
    for name in ("", "a b", "نام", "x" * 41, ".", "..", "-x", "looker"):
        with pytest.raises(NotDone):
            house.add(visitor(), name, Role.OBSERVER, None)
    house.add(local, "anna", Role.OBSERVER, ["H1"])
    assert [one.name for one in house.listed(local)] == ["anna", "local"]
    with pytest.raises(NotDone):
        house.change(local, "anna", Role.OBSERVER, None)


def test_whoever_was_changed_or_has_no_second_factor_does_nothing_more(store, house) -> None:
    with store.write() as uow:
        uow.console_accounts.set_factor("boss", None, 0)
    with pytest.raises(NotDone, match="second factor"):
        house.disable(visitor(), "looker")
    for role in (Role.OPERATOR, Role.OBSERVER):
        with store.write() as uow:
            uow.console_accounts.change("chief", role, None, NOW)
        with pytest.raises(NotDone, match="changed meanwhile"):
            house.disable(visitor("chief"), "looker")
        with pytest.raises(NotDone, match="changed meanwhile"):
            house.disable(visitor("chief", role=role), "looker")


def test_of_administrators_who_end_each_other_at_once_one_remains(store, house) -> None:
    refused: list[str] = []
    ready = threading.Barrier(2)

    def end(name: str, other: str) -> None:
        ready.wait()
        try:
            house.remove(visitor(name), other)
        except NotDone as error:
            refused.append(str(error))

    threads = [threading.Thread(target=end, args=pair) for pair in (("boss", "chief"), ("chief", "boss"))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(refused) == 1
    with store.read() as uow:
        left = [one.name for one in uow.console_accounts.all(99) if one.role == "administrator" and one.scope is None]
    assert len(left) == 1


def test_a_bound_administrator_cannot_end_the_last_of_all(store, house) -> None:
    house.remove(visitor(), "chief")
    for act in ACTS.values():
        with pytest.raises(NotDone):
            act(house, visitor(), "boss")


async def test_a_first_password_is_only_to_choose_another_and_ends(small_world) -> None:
    world = small_world
    house = Administration(world.store, lambda: world.now)
    world.account("boss", Role.ADMINISTRATOR)
    with world.store.write() as uow:
        uow.console_accounts.set_factor("boss", b"sealed", 0)
    password = house.add(visitor(), "anna", Role.OBSERVER, None)
    sign_in, sessions = world.console.sign_in, world.console.sessions
    entered = sign_in.password("anna", password, "192.0.2.1", "")
    assert entered.stage is Stage.RENEW
    anna = sessions.of(entered.token)
    assert anna.stage is Stage.RENEW
    assert not anna.may("look")
    assert not hasattr(sign_in.own_password(anna, password, "192.0.2.1"), "token"), "not the first one again"
    own = sign_in.own_password(anna, "twelve small stones", "192.0.2.1")
    assert own.stage is Stage.WHOLE
    assert sessions.of(entered.token).stage is Stage.NOBODY
    assert not hasattr(sign_in.own_password(anna, "another small stone", "192.0.2.1"), "token")
    assert not hasattr(sign_in.password("anna", password, "192.0.2.1", ""), "token")
    again = house.renew_password(visitor(), "anna")
    assert sessions.of(own.token).stage is Stage.NOBODY
    world.now += FIRST_PASSWORD_GOOD + timedelta(seconds=1)
    assert not hasattr(sign_in.password("anna", again, "192.0.2.1", ""), "token"), "it has ended"


async def test_a_disabled_account_is_nobodys(small_world) -> None:
    world = small_world
    world.account("boss", Role.ADMINISTRATOR)
    world.account("anna", Role.OBSERVER, password_hash=passwords.hashed("seven small stones"))
    with world.store.write() as uow:
        uow.console_accounts.set_factor("boss", b"sealed", 0)
    house, token = Administration(world.store, lambda: world.now), world.token("anna")
    house.disable(visitor(), "anna")
    assert world.console.sessions.of(token).stage is Stage.NOBODY
    assert not hasattr(world.console.sign_in.password("anna", "seven small stones", "192.0.2.1", ""), "token")
    house.enable(visitor(), "anna")
    assert world.console.sign_in.password("anna", "seven small stones", "192.0.2.1", "").stage is Stage.WHOLE
