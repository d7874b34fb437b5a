"""Who is signed in, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from edge.accounts import Account, Role
from edge.console.sessions import IDLE_MAX, LENGTH_MAX, SESSIONS_MAX, Sessions, same_form

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


def account(password_hash: str = "h", name: str = "tech") -> Account:
    return Account(name=name, role=Role.TECHNICIAN, password_hash=password_hash, changed_at=NOW)


def test_a_session_lasts_while_it_is_used_and_not_for_ever() -> None:
    sessions = Sessions()
    token, now = sessions.begin(account(), NOW), NOW
    while now - NOW < LENGTH_MAX - IDLE_MAX:
        now += IDLE_MAX - MOMENT
        assert sessions.of(token, account(), now)
    assert sessions.of(token, account(), NOW + LENGTH_MAX) is None


def test_a_session_that_is_quiet_ends_and_listening_is_quiet() -> None:
    sessions = Sessions()
    token = sessions.begin(account(), NOW)
    assert sessions.still(token, account(), NOW + IDLE_MAX - MOMENT)
    assert not sessions.still(token, account(), NOW + IDLE_MAX)
    assert sessions.of(token, account(), NOW + IDLE_MAX) is None


def test_another_password_or_no_account_ends_it() -> None:
    sessions = Sessions()
    for now_is in (account("other"), None):
        token = sessions.begin(account(), NOW)
        assert sessions.name_of(token) == "tech"
        assert not sessions.still(token, now_is, NOW)
        assert sessions.of(token, now_is, NOW) is None
        assert sessions.of(token, account(), NOW) is None


def test_a_token_that_was_never_given_is_nobodys() -> None:
    sessions = Sessions()
    sessions.begin(account(), NOW)
    assert sessions.of("", account(), NOW) is None
    assert sessions.of("\ud800", account(), NOW) is None
    assert sessions.name_of("x") == ""


def test_one_too_many_ends_the_one_that_was_quiet_longest() -> None:
    sessions = Sessions()
    tokens = [sessions.begin(account(), NOW + n * timedelta(milliseconds=1)) for n in range(SESSIONS_MAX + 1)]
    assert sessions.of(tokens[0], account(), NOW + MOMENT) is None
    assert sessions.of(tokens[1], account(), NOW + MOMENT)


def test_a_forms_key_is_its_sessions_own() -> None:
    sessions = Sessions()
    one, two = (sessions.of(sessions.begin(account(), NOW), account(), NOW) for _ in range(2))
    assert one
    assert two
    assert same_form(one, one.form_key)
    assert not same_form(one, two.form_key)
    assert not same_form(one, "")
