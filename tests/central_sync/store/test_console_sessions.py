"""Sessions, browsers and waits in the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from central_sync.store.console_records import ConsoleSession

NOW = datetime(2026, 3, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def _session(number: int, seen_at: datetime = NOW) -> ConsoleSession:
    return ConsoleSession(bytes([number]) * 32, "anna", "whole", "key", NOW, seen_at)


def test_the_sessions_that_were_busy_last_are_kept(store) -> None:
    with store.write() as uow:
        for number in range(5):
            uow.console_sessions.add(_session(number, NOW + number * DAY))
        uow.console_sessions.keep_newest("anna", _session(0), 1)
        left = [number for number in range(5) if uow.console_sessions.get(bytes([number]) * 32)]
        uow.console_sessions.change(_session(4).token_hash, pending=b"x")
        assert uow.console_sessions.get(_session(4).token_hash).pending == b"x"
        uow.console_sessions.end(_session(4).token_hash)
        assert uow.console_sessions.get(_session(4).token_hash) is None
    assert left == [0, 4], "the one that has just begun stays, however the others are"


def test_what_has_ended_is_pruned_and_nothing_else(store) -> None:
    with store.write() as uow:
        uow.console_sessions.add(_session(1))
        uow.console_sessions.add(_session(2, NOW + DAY))
        uow.console_sessions.know_browser(bytes(32), "anna", NOW + DAY)
        uow.console_waits.locked([b"w" * 32], NOW)
        uow.console_waits.note(b"w" * 32, 3, NOW, NOW + DAY)
        assert uow.console_sessions.prune(NOW + DAY, NOW - DAY, NOW) == 1
        assert uow.console_sessions.knows_browser(bytes(32), "anna", NOW)
        assert not uow.console_sessions.knows_browser(bytes(32), "bert", NOW)
        assert not uow.console_sessions.knows_browser(bytes(32), "anna", NOW + DAY)
        assert uow.console_waits.locked([b"w" * 32], NOW)[0].failures == 3
        assert uow.console_waits.locked([b"w" * 32], NOW + DAY)[0].failures == 0, "a day forgets"
        assert uow.console_sessions.prune(NOW, NOW, NOW + 2 * DAY) == 2


def test_tries_at_once_are_counted_each(store) -> None:
    abouts = [b"a" * 32, b"b" * 32]

    def count(number: int) -> None:
        with store.write() as uow:
            for row in uow.console_waits.locked(abouts if number % 2 else abouts[::-1], NOW):
                uow.console_waits.note(row.about, row.failures + 1, NOW, NOW + DAY)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(12)))
    with store.write() as uow:
        assert [row.failures for row in uow.console_waits.locked(abouts, NOW)] == [12, 12]
        uow.console_waits.forget(abouts)
        assert [row.failures for row in uow.console_waits.locked(abouts, NOW)] == [0, 0]
