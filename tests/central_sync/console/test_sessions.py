"""Sessions in the database; their ends over HTTP stand in ``test_sign_in.py``."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

from central_sync.console.access import Role, Stage
from central_sync.console.sessions import NOBODY, SESSIONS_PER_ACCOUNT_MAX
from central_sync.errors import StoreBusy
from central_sync.pages import forms
from tests.central_sync.console.conftest import World


def test_a_page_is_not_lost_because_its_sessions_use_could_not_be_noted(small_world: World, monkeypatch) -> None:
    small_world.account("anna", Role.OBSERVER, ("H1",))
    token = small_world.token("anna")
    small_world.now += timedelta(minutes=5)

    @contextmanager
    def busy(**_):
        raise StoreBusy("somebody writes")
        yield

    monkeypatch.setattr(small_world.store, "write", busy)
    visitor = small_world.console.sessions.of(token)
    assert (visitor.name, visitor.stage, visitor.scope) == ("anna", Stage.WHOLE, {"H1"})
    assert visitor.sees("H1")
    assert not visitor.sees("H2")


def test_use_is_noted_now_and_then_and_listening_is_none(small_world: World) -> None:
    small_world.account("anna", Role.OBSERVER)
    token, sessions = small_world.token("anna"), small_world.console.sessions

    def seen():
        with small_world.store.read() as uow:
            return uow.console_sessions.get(forms.digest(token)).seen_at

    began = small_world.now
    small_world.now += timedelta(seconds=30)
    sessions.of(token)
    assert seen() == began
    small_world.now += timedelta(seconds=30)
    sessions.of(token, listening=True)
    assert seen() == began
    sessions.of(token)
    assert seen() == small_world.now


def test_a_token_that_was_never_given_is_nobodys(small_world: World) -> None:
    for token in ("", "x", "\ud800", "x" * 10_000):
        assert small_world.console.sessions.of(token) == NOBODY
    assert not NOBODY.sees("H1")


def test_whoever_knows_a_password_alone_ends_no_session_that_is_whole(small_world: World) -> None:
    small_world.account("anna", Role.OPERATOR)
    whole = small_world.token("anna")
    with small_world.store.write() as uow:
        uow.console_accounts.set_factor("anna", b"sealed", 0)
    halves = [small_world.token("anna", passed=False) for _ in range(SESSIONS_PER_ACCOUNT_MAX + 2)]
    assert small_world.console.sessions.of(whole).stage is Stage.WHOLE
    known = [small_world.console.sessions.of(half).stage for half in halves]
    assert known.count(Stage.SECOND) == SESSIONS_PER_ACCOUNT_MAX, "the halves are bounded among themselves"
    small_world.now += timedelta(seconds=1)
    wholes = [small_world.token("anna", passed=True) for _ in range(SESSIONS_PER_ACCOUNT_MAX)]
    assert small_world.console.sessions.of(whole).stage is Stage.NOBODY
    assert all(small_world.console.sessions.of(one).stage is Stage.WHOLE for one in wholes)


def test_a_session_that_may_be_idle_for_a_minute_lasts_as_long_as_it_is_used(
    small_world: World, authority_folder
) -> None:
    world = World(small_world.store, authority_folder, second_factor=(), idle_minutes=1)
    world.account("anna", Role.OBSERVER)
    token = world.token("anna")
    for _ in range(9):
        world.now += timedelta(seconds=20)
        assert world.console.sessions.of(token).name == "anna"
    world.now += timedelta(seconds=60)
    assert world.console.sessions.of(token) == NOBODY
