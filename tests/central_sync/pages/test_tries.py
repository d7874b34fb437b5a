"""Who must wait, and for how long."""

from __future__ import annotations

from central_sync.pages.tries import TRIES_MAX, TRIES_WINDOW_S, Tries


def test_who_tries_too_often_waits_and_others_do_not() -> None:
    tries = Tries()
    for second in range(TRIES_MAX["both"]):
        assert tries.allowed("tech", "10.0.0.9", second)
        tries.failed("tech", "10.0.0.9", second)
    assert not tries.allowed("tech", "10.0.0.9", 60)
    assert tries.allowed("tech", "10.0.0.10", 60)
    assert tries.allowed("other", "10.0.0.9", 60)
    assert tries.allowed("tech", "10.0.0.9", TRIES_WINDOW_S + TRIES_MAX["both"])


def test_an_address_that_tries_many_names_waits_and_so_does_a_name_that_many_try() -> None:
    tries = Tries()
    for number in range(TRIES_MAX["address"]):
        tries.failed(f"name-{number}", "10.0.0.9", 0)
    assert not tries.allowed("another", "10.0.0.9", 1)
    for number in range(TRIES_MAX["account"]):
        tries.failed("tech", f"10.0.1.{number}", 0)
    assert not tries.allowed("tech", "10.0.2.1", 1)


def test_a_right_password_forgets_the_wrong_ones() -> None:
    tries = Tries()
    for _ in range(TRIES_MAX["both"]):
        tries.failed("tech", "10.0.0.9", 0)
    tries.passed("tech", "10.0.0.9")
    assert tries.allowed("tech", "10.0.0.9", 1)
