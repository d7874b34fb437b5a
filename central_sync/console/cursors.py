"""PURE: where a page of a list begins, as it stands in an address: the key of the last row before it. What is no key is the beginning."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

import msgspec

CHARACTERS_MAX = 400
T = TypeVar("T")


def written(*key: Any) -> str:
    """``key`` for an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read(text: str, kind: type[T]) -> T | None:
    """The key of type ``kind`` (a tuple) that :func:`written` wrote; ``None`` if there is none, or something else stands there."""
    if not text or len(text) > CHARACTERS_MAX:
        return None
    try:
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(body, type=kind)
    except (ValueError, msgspec.DecodeError):
        return None
