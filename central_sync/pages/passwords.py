"""Passwords, kept as Argon2id keeps them."""

from __future__ import annotations

from functools import cache

import argon2

CHARACTERS_MIN = 10
CHARACTERS_MAX = 200
CHECKS_AT_ONCE_MAX = 2
"""How many are tried at once in one process: each takes a thread and 19 MiB."""
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's least for Argon2id: 19 MiB for some 30 ms, so that a sign-in is not felt beside the desk's calls."""


def acceptable(password: str) -> bool:
    """Whether it is long enough, and not too long."""
    return CHARACTERS_MIN <= len(password) <= CHARACTERS_MAX


def hashed(password: str) -> str:
    """Argon2id's own text, with salt and costs."""
    return _HASHER.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether ``password`` is the one that was ``kept`` as a hash; takes as long where there is none. Some 30 ms: not for the event loop."""
    if len(password) > CHARACTERS_MAX:
        return False
    try:
        _HASHER.verify(kept if kept is not None else _nobodys(), password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    """A hash that is worth the same time to try."""
    return _HASHER.hash("nobody has this password, and nobody needs it")
