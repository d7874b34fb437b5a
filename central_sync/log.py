"""What the hub tells its technicians: one JSON object a line on stderr, and nothing personal in it, by construction.

Rules
    * Only the keys of :data:`KEYS` are written; any other is dropped and its name listed under ``dropped``.
    * ``event`` is a sentence written in our source; a value is a number, a truth value, or short text.
    * An exception is written as its class and the place that raised it, never as its text: foreign texts quote their input.
    * What libraries log through the standard library comes out the same way: logger, level, exception class, place.
    * A line that cannot be written (stderr is a full disk or a closed pipe) stops nobody's work.

The edge has a module of the same name and rules; the hub never imports the edge, so each has its own list of keys.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

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

TEXT_CHARACTERS_MAX = 300


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send our own and the libraries' log lines to ``stream`` (stderr)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            place_of_exception,
            only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Patient(stream or sys.stderr))),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Foreign()]
    root.setLevel(logging.WARNING)


def only_allowed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    """``line`` with nothing but :data:`KEYS`, numbers and short text; the last step before it is written."""
    kept = {key: _value(value) for key, value in line.items() if key in KEYS}
    dropped = sorted(key for key in line if key not in KEYS)
    return {**kept, "dropped": [name[:40] for name in dropped]} if dropped else kept


def place_of_exception(_logger: object, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    """``exc_info`` turned into ``fault`` (the class) and ``at`` (where it was raised)."""
    found = line.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    return {**line, **located(error)} if isinstance(error, BaseException) else dict(line)


def located(error: BaseException) -> dict[str, str]:
    """What may be told of an exception: its class, and the module and line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
    return {"fault": type(error).__name__, "at": where}


def _value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:TEXT_CHARACTERS_MAX]


class _Patient:
    """A stream that may be full or gone: whoever tells something there goes on with its work."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream  # a program that was started without a stderr has none

    def write(self, text: str) -> None:
        """Write it if it can be written."""
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
                self._stream.write(text)

    def flush(self) -> None:
        """The same."""
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.flush()


class _Foreign(logging.Handler):
    """A library's log record without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        fields = located(error) if error else {"at": f"{record.module}:{record.lineno}"}
        structlog.get_logger().log(record.levelno, "a library reports", logger=record.name, **fields)
