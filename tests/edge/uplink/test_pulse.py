"""What is known of the line: one probe at a time, brought forward by those who wait, never a storm."""

from __future__ import annotations

from edge.uplink.pulse import Pulse


def test_while_down_one_probe_at_a_time() -> None:
    pulse = Pulse()
    pulse.began(0)
    assert pulse.may_send(0), "nothing is known against it yet"
    assert not pulse.failed(0.1, 0.0), "it was down, and for the same reason"
    assert not pulse.may_send(0.2)
    assert pulse.may_send(0.7)
    pulse.began(0.7)
    assert not pulse.may_send(0.8)
    assert not pulse.may_send(2.6)
    assert pulse.may_send(2.8), "a probe that hangs does not hold the line for ever"


def test_who_waits_brings_the_probe_forward_but_not_at_once() -> None:
    pulse = Pulse()
    for n in range(8):
        pulse.began(float(n))
        pulse.failed(float(n), 0.0)
    assert not pulse.may_send(9.0)
    pulse.hurry(7.1)
    assert not pulse.may_send(7.2)
    assert pulse.may_send(7.3)


def test_many_that_break_at_once_are_one_failure() -> None:
    pulse = Pulse()
    pulse.succeeded()
    assert pulse.failed(1.0, 0.0)
    for _ in range(11):
        assert not pulse.failed(1.0, 0.0)
    assert pulse.failures == 1


def test_success_is_news_once_and_forgets_the_trouble() -> None:
    pulse = Pulse()
    pulse.failed(1.0, 0.0, "certificate_refused")
    assert pulse.trouble == "certificate_refused"
    assert pulse.hopeless_since(0.5)
    assert not pulse.hopeless_since(1.5)
    assert pulse.succeeded()
    assert not pulse.succeeded()
    assert not pulse.trouble
    assert not pulse.hopeless_since(0.5)
