"""How often a wrong pairing code may be tried."""

from __future__ import annotations

from edge.readers.remote.tries import TRIES_MAX, TRIES_OF_ALL_MAX, WINDOW_S, Tries


def test_an_address_that_tried_too_often_waits_while_others_go_on() -> None:
    tries = Tries()
    for n in range(TRIES_MAX):
        assert tries.allow("10.0.0.1", n)
        tries.failed("10.0.0.1", n)
    assert not tries.allow("10.0.0.1", TRIES_MAX)
    assert tries.allow("10.0.0.2", TRIES_MAX)
    assert tries.allow("10.0.0.1", WINDOW_S + TRIES_MAX)


def test_many_addresses_together_are_bounded_too() -> None:
    tries = Tries()
    for n in range(TRIES_OF_ALL_MAX):
        assert tries.allow(f"10.0.0.{n}", 0)
        tries.failed(f"10.0.0.{n}", 0)
    assert not tries.allow("10.9.9.9", 1)
    assert tries.allow("10.9.9.9", WINDOW_S + 1)
