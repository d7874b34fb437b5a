"""How long the next try waits, and who does not wait because of others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from central_sync.console.waits import BOUNDS, FIRST_S, About, keys, network, until, wait

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def test_some_are_free_then_each_doubles_the_wait_up_to_a_bound() -> None:
    for about in About:
        free, most = BOUNDS[about]
        waits = [wait(about, failures).total_seconds() for failures in range(free + 60)]
        assert waits[: free + 1] == [0] * (free + 1)
        assert waits[free + 1 : free + 4] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
        assert waits == sorted(waits)
        assert waits[-1] == most
    assert until(About.PAIR, 5, NOW) == NOW + timedelta(seconds=FIRST_S)


def test_a_browser_that_the_account_knows_is_counted_by_itself_alone() -> None:
    strangers = {key.digest for key in keys("password", "anna", "10.0.0.9", "")}
    (own,) = keys("password", "anna", "10.0.0.9", "a mark")
    assert own.about is About.BROWSER
    assert own.digest not in strangers
    assert own.digest != keys("password", "bert", "10.0.0.9", "a mark")[0].digest


def test_accounts_addresses_and_what_is_tried_are_counted_apart() -> None:
    one = {key.about: key.digest for key in keys("password", "anna", "10.0.0.9", "")}
    other = {key.about: key.digest for key in keys("password", "bert", "10.0.0.9", "")}
    assert one[About.ADDRESS] == other[About.ADDRESS]
    assert not {one[About.PAIR], one[About.ACCOUNT]} & {other[About.PAIR], other[About.ACCOUNT]}
    codes = {key.digest for key in keys("code", "anna", "10.0.0.9", "")}
    assert not codes & set(one.values())


def test_whoever_has_a_network_of_addresses_is_one() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("::ffff:10.0.0.9") == "10.0.0.9" != network("10.0.0.10")
    assert network("fe80::1%eth0") == network("fe80::2")
    assert network("no address") == "no address"
