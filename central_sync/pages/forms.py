"""Tokens of sessions and keys of forms: made at random, compared in constant time, and kept only as a digest."""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32
FORM_KEY_BYTES = 16


def new_token() -> str:
    """What a session's cookie holds."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """What is kept of a token: whoever reads it there cannot sign in with it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_form_key() -> str:
    """What stands in each form of a session's pages: another site's page cannot know it."""
    return secrets.token_urlsafe(FORM_KEY_BYTES)


def same(kept: str, given: str) -> bool:
    """Whether ``given`` is ``kept``, found out in a time that tells nothing."""
    return hmac.compare_digest(kept.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))
