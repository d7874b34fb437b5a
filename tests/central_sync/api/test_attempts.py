"""Guessing is bounded by address, within a sliding minute, and so is what is remembered of it."""

from datetime import UTC, datetime, timedelta

from central_sync.api.attempts import Attempts
from central_sync.api.limits import ENROL_FAILURES_PER_MINUTE_MAX, ENROL_PEERS_REMEMBERED_MAX

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_an_address_is_stopped_after_its_failures_and_let_in_a_minute_later():
    attempts = Attempts()
    for second in range(ENROL_FAILURES_PER_MINUTE_MAX):
        assert attempts.allowed("10.0.0.1", NOW + timedelta(seconds=second))
        attempts.failed("10.0.0.1", NOW + timedelta(seconds=second))
    assert not attempts.allowed("10.0.0.1", NOW + timedelta(seconds=59))
    assert attempts.allowed("10.0.0.1", NOW + timedelta(seconds=60))


def test_one_address_does_not_stop_another():
    attempts = Attempts()
    for _ in range(ENROL_FAILURES_PER_MINUTE_MAX):
        attempts.failed("10.0.0.1", NOW)
    assert attempts.allowed("10.0.0.2", NOW)


def test_only_so_many_addresses_are_remembered():
    attempts = Attempts()
    for n in range(ENROL_PEERS_REMEMBERED_MAX + 100):
        attempts.failed(str(n), NOW)
    assert len(attempts._by_peer) == ENROL_PEERS_REMEMBERED_MAX
