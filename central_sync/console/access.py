"""PURE: who may do what at the hub's console. One table; what is not in it is refused.

A page says what it needs (:class:`Right`, or :class:`Need` for what comes before and beside rights); the lobby asks :func:`allowed` before the page's own
code runs. Whose data an account sees is a second question: its scope.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What an account is for."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    OBSERVER = "observer"


class Right(StrEnum):
    """One thing that a role may do."""

    LOOK = "look"
    """Boards, lists and transactions, with nobody's name in them."""
    UNMASK = "unmask"
    """A transaction's packets and whose they are; each look is audited."""
    FIND_PERSON = "find_person"
    """Transactions of one person by their whole number; each search is audited."""
    TRUST = "trust"
    """Invite an edge, withdraw an invitation, revoke a certificate."""
    TRAIL = "trail"
    """Who did what."""
    ACKNOWLEDGE = "acknowledge"
    """Say that an alert is seen to."""
    ACCOUNTS = "accounts"
    """Make, change, disable and remove other people's accounts."""


class Stage(StrEnum):
    """How far somebody has signed in."""

    NOBODY = "nobody"
    RENEW = "renew"
    """The first password was right; the account's own is to be chosen."""
    SECOND = "second"
    """The password was right; the second factor is to come."""
    SET_UP = "set_up"
    """The password was right; the role must have a second factor, and the account has none yet."""
    WHOLE = "whole"


class Need(StrEnum):
    """What a page needs that no role gives."""

    ANYBODY = "anybody"
    RENEW = "renew"
    """The page on which an account's own password is chosen."""
    SECOND = "second"
    """The page that asks for the second factor."""
    SET_UP = "set_up"
    """Pages that set a second factor up: for who must, and for who is signed in."""
    SESSION = "session"
    """Whoever has begun to sign in: they may leave."""
    SIGNED_IN = "signed_in"


_EVERYBODY = {Right.LOOK, Right.TRAIL}
GRANTED: Mapping[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset({*_EVERYBODY, Right.TRUST, Right.ACKNOWLEDGE, Right.ACCOUNTS}),
    Role.OPERATOR: frozenset({*_EVERYBODY, Right.TRUST, Right.UNMASK, Right.FIND_PERSON, Right.ACKNOWLEDGE}),
    Role.REVIEWER: frozenset({Right.LOOK, Right.UNMASK, Right.FIND_PERSON}),
    Role.OBSERVER: frozenset(_EVERYBODY),
}
"""An administrator sets the house up and reads nobody's file; who works with transactions sees them; an observer changes nothing."""

assert set(GRANTED) == set(Role)


def allowed(role: str, stage: Stage, need: Right | Need) -> bool:
    """Whether ``need`` is met. A role that is not known may do nothing."""
    match need:
        case Need.ANYBODY:
            return True
        case Need.RENEW:
            return stage is Stage.RENEW
        case Need.SECOND:
            return stage is Stage.SECOND
        case Need.SET_UP:
            return stage in (Stage.SET_UP, Stage.WHOLE)
        case Need.SESSION:
            return stage is not Stage.NOBODY
        case Need.SIGNED_IN:
            return stage is Stage.WHOLE
        case _:
            return stage is Stage.WHOLE and role in set(Role) and need in GRANTED[Role(role)]
