"""Where a page begins: what was written is read, and whatever else stands in an address is the beginning."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from central_sync.console import cursors

AT = datetime(2026, 3, 20, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ((AT, "S-1"), tuple[datetime, str]),
        ((date(2026, 3, 20), "۱"), tuple[date, str]),
        ((AT, "s", 1, 2), tuple[datetime, str, int, int]),
        ((7,), tuple[int]),
    ],
)
def test_what_was_written_is_read(key: tuple, kind: type) -> None:
    assert cursors.read(cursors.written(*key), kind) == key


@pytest.mark.parametrize(
    "text", ["", "x", "=", "ABCD", "\ud800", "W10", cursors.written("x"), cursors.written(1, 2), "A" * 10_000, "W1t7"]
)
def test_what_is_no_key_is_the_beginning(text: str) -> None:
    assert cursors.read(text, tuple[int]) is None


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (("2026-03-20T08:00:00", "S-1"), tuple[datetime, str]),
        (("0001-01-01T00:00:00+14:00", "S-1"), tuple[datetime, str]),
        ((AT, "S\0"), tuple[datetime, str]),
        ((2**70,), tuple[int]),
        ((-1,), tuple[int]),
    ],
)
def test_what_no_database_can_hold_is_the_beginning(key: tuple, kind: type) -> None:
    assert cursors.read(cursors.written(*key), kind) is None
