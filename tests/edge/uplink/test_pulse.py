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
    assert not pulse.may_send(7.3)
    assert not pulse.may_send(9.0), "after many failures not as soon as after few"
    assert pulse.may_send(10.0)


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
    assert pulse.hopeless(0.5, patient=False)
    assert not pulse.hopeless(0.5, patient=True), "it has only just gone"
    assert not pulse.hopeless(1.5, patient=False)
    assert pulse.succeeded()
    assert not pulse.succeeded()
    assert not pulse.trouble
    assert not pulse.hopeless(0.5, patient=False)


def test_a_line_that_is_known_to_be_down_gets_one_try_or_a_moment_and_no_more() -> None:
    pulse = Pulse()
    for at in (1.0, 2.0, 3.0):
        pulse.began(at)
        pulse.failed(at, 0.0)
    assert pulse.known_down
    assert pulse.hopeless(2.5, patient=True), "it was tried since"
    assert not pulse.hopeless(3.5, patient=True)
    assert pulse.hopeless(3.5, patient=False)
    assert pulse.down_s(11.0) == 10.0
    pulse.succeeded()
    assert not pulse.known_down
    assert pulse.down_s(12.0) == 0.0
