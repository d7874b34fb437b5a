"""What may stand in a log line of the edge, and the last of them; ``central_sync/programs/telling.py`` has the rules."""

from __future__ import annotations

from collections import deque
from collections.abc import MutableMapping
from typing import Any, TextIO

from central_sync.programs import telling
from central_sync.programs.telling import located

__all__ = ["KEYS", "configure", "located", "recent", "remembered"]

KEYS = frozenset(
    {
        "event", "level", "timestamp", "logger", "dropped",
        "fault", "at", "code", "detail", "number", "outcome", "resolution", "verdict",
        "count", "bytes", "items", "lanes", "attempt", "after_s", "wait_s", "took_ms", "deadline_ms", "skew_s",
        "days_left", "hids_left", "pending", "in_doubt", "cursor", "free_bytes",
        "method", "status", "route", "part", "state", "line", "address", "device", "workstation", "reader", "driver", "agent", "version", "kind",
    }
)  # fmt: skip
"""Every key that may stand in a log line. Nothing here ever names a person, a card, a case or a msgid."""

LINES_KEPT_MAX = 500

_kept: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT_MAX)


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send our own and the libraries' log lines to ``stream`` (stderr); one that cannot be written is among :func:`recent` all the same."""
    telling.configure(KEYS, level, stream, remembered)


def remembered(_logger: object, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    """``line`` as it is written, kept among the last ``LINES_KEPT_MAX``."""
    _kept.append(dict(line))
    return dict(line)


def recent() -> list[dict[str, Any]]:
    """The last lines that were written, the oldest first."""
    return list(_kept)
