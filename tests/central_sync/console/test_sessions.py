"""Sessions in the database; their ends over HTTP stand in ``test_sign_in.py``."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

from central_sync.console.access import Role, Stage
from central_sync.console.sessions import NOBODY
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
