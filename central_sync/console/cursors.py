"""PURE: where a page of a list begins, as it stands in an address: the key of the last row before it. What is no key is the beginning."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, TypeVar

import msgspec

CHARACTERS_MAX = 400
NUMBER_MAX = 2**31 - 1
"""Of a key: a place, a round, a row of the audit trail."""
FIRST_YEAR, LAST_YEAR = 1, 9999
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
        key = msgspec.json.decode(body, type=kind)
    except (ValueError, msgspec.DecodeError):
        return None
    return key if all(map(_is_kept, key)) else None  # type: ignore[call-overload]  # a tuple, as its readers say


def _is_kept(part: object) -> bool:
    """Whether a database can hold it."""
    if isinstance(part, datetime):
        return part.tzinfo is not None and FIRST_YEAR < part.year < LAST_YEAR
    if isinstance(part, int):
        return 0 <= part <= NUMBER_MAX
    return not isinstance(part, str) or "\0" not in part
