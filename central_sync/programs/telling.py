"""What a program tells its technicians: one JSON object a line on stderr, and nothing personal in it, by construction.

Rules
    * Only the keys that the program lists are written; any other is dropped and its name listed under ``dropped``, so that a careless
      call can be found without having leaked anything.
    * ``event`` is a sentence written in our source; a value is a number, a truth value, or short text.
    * An exception is written as its class and the place that raised it, never as its text: foreign texts quote their input.
    * What libraries log through the standard library comes out in the same way: logger, level, exception class, place.
    * A line that cannot be written (stderr is a full disk or a closed pipe) stops nobody's work.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Collection, MutableMapping
from typing import Any, TextIO, cast

import structlog

Step = Callable[[object, str, MutableMapping[str, Any]], dict[str, Any]]

TEXT_CHARACTERS_MAX = 300


def configure(keys: Collection[str], level: str, stream: TextIO | None, *last: Step) -> None:
    """Send our own and the libraries' log lines to ``stream`` (stderr), with nothing but ``keys`` in them; ``last``: what is done with each line before
    it is written.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            place_of_exception,
            _only(frozenset(keys)),
            *last,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Patient(stream or sys.stderr))),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Foreign()]
    root.setLevel(logging.WARNING)


def _only(keys: frozenset[str]) -> Step:
    def only_allowed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
        kept = {key: _value(value) for key, value in line.items() if key in keys}
        dropped = sorted(key for key in line if key not in keys)
        return {**kept, "dropped": [name[:40] for name in dropped]} if dropped else kept

    return only_allowed


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
