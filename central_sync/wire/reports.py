"""An edge's report as it stands in a poll of the feed, ``report=TEXT``: one MessagePack map in base64url without padding.

A hub that does not know it passes over it, and an edge that does not send it is an edge without a report: nothing else depends on it.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Final

import msgspec

from central_sync.wire import versions
from central_sync.wire.limits import (
    REPORT_CHARACTERS_MAX,
    REPORT_LEGS_MAX,
    REPORT_NAME_CHARACTERS_MAX,
    REPORT_NUMBER_MAX,
    REPORT_READERS_MAX,
)
from central_sync.wire.messages import EdgeReport, ReaderWord
from central_sync.wire.refusals import Refused

CONDITIONS: Final = ("well", "warning", "broken", "unknown")
FIRST_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_INSTANT: Final = datetime(2300, 1, 1, tzinfo=UTC)
"""What lies outside no clock says; every calendar and zone of the hub's pages can show what lies between."""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError)
_COUNTS = (
    "pending", "in_doubt", "parked", "awaited", "contradictions", "hids_left", "free_bytes", "backup_days", "workstations",
    "rulebook_number", "readers", "differences", "update_root",
)  # fmt: skip


def encoded(report: EdgeReport) -> str:
    """``report`` as it stands in a query; what is too long for it is shortened, and names lose what cannot be seen."""
    short = msgspec.structs.replace(
        report,
        readers_troubled=[
            ReaderWord(name=_seen(one.name)[:REPORT_NAME_CHARACTERS_MAX], trouble=one.trouble)
            for one in report.readers_troubled[:REPORT_READERS_MAX]
        ],
    )
    text = _text(short)
    return text if len(text) <= REPORT_CHARACTERS_MAX else _text(msgspec.structs.replace(short, readers_troubled=[]))


def decoded(text: str) -> EdgeReport:
    """The report that ``text`` is.

    Raises:
        Refused: ``packet_invalid`` or ``version_unsupported``.
    """
    if len(text) > REPORT_CHARACTERS_MAX:
        raise Refused("packet_invalid", "report is too long")
    try:
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Refused("packet_invalid", "report is not base64url") from error
    return read(body)


def read(body: bytes) -> EdgeReport:
    """The report in a MessagePack ``body``, as the hub keeps it.

    Raises:
        Refused: as :func:`decoded`.
    """
    try:
        report = msgspec.convert(versions.lifted(msgspec.msgpack.decode(body), EdgeReport), EdgeReport)
    except _UNREADABLE as error:
        raise Refused("packet_invalid", "report") from error
    _check(report)
    return report


def _check(report: EdgeReport) -> None:
    """Within bounds: what a hub shows and compares."""
    numbers = [getattr(report, name) for name in _COUNTS]
    texts = [report.program, report.rulebook, *(one.name for one in report.readers_troubled)]
    codes = [report.rulebook_trouble, *(one.trouble for one in report.readers_troubled), *report.legs]
    codes += [report.authority, report.authority_next, report.authority_drill]
    codes += [report.tunnel, report.tunnel_next, report.tunnel_drill, report.update]
    instants = (report.sent_at, report.oldest_at, report.in_doubt_since, report.certificate_ends)
    right = (
        all(0 <= number <= REPORT_NUMBER_MAX for number in numbers)
        and abs(report.skew_ms) <= REPORT_NUMBER_MAX
        and (report.hours_left is None or 0 <= report.hours_left <= REPORT_NUMBER_MAX)
        and all(len(text) <= REPORT_NAME_CHARACTERS_MAX and text.isprintable() for text in texts)
        and all(_is_code(code) for code in codes)
        and all(instant is None or _is_an_instant(instant) for instant in instants)
        and len(report.readers_troubled) <= REPORT_READERS_MAX
        and len(report.legs) <= REPORT_LEGS_MAX
        and all(condition in CONDITIONS for condition in report.legs.values())
    )
    if not right:
        raise Refused("packet_invalid", "report says what cannot be")


def _seen(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _is_an_instant(instant: datetime) -> bool:
    return instant.tzinfo is not None and FIRST_INSTANT <= instant < LAST_INSTANT


def _is_code(text: str) -> bool:
    return len(text) <= REPORT_NAME_CHARACTERS_MAX and all(c.isascii() and (c.isalnum() or c == "_") for c in text)


def _text(report: EdgeReport) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(report)).rstrip(b"=").decode()
