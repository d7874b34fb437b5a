"""What may stand in a log line of the hub; ``central_sync/programs/telling.py`` has the rules."""

from __future__ import annotations

from typing import TextIO

from central_sync.programs import telling
from central_sync.programs.telling import located

__all__ = ["KEYS", "configure", "located"]

KEYS = frozenset(
    {
        "event", "level", "timestamp", "logger", "dropped",
        "fault", "at", "code", "detail", "number", "verdict", "what", "institution", "peer",
        "count", "bytes", "items", "bodies", "after_s", "wait_s", "took_ms", "skew_s", "days_left", "hids_left", "cursor",
        "in_flight", "threads", "waiting", "suppressed",
        "method", "status", "route", "part", "state", "address", "device", "version", "kind", "pid", "signer",
    }
)  # fmt: skip
"""Every key that may stand in a log line. Nothing here ever names a person, a case or a msgid."""


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send our own and the libraries' log lines to ``stream`` (stderr)."""
    telling.configure(KEYS, level, stream)
