"""The packets of a ping; that a machine answers them stands in the proof of the appliance."""

from __future__ import annotations

import struct

import pytest

from edge.firmware import ping


def reply(number: int, mark: bytes, kind: int = ping.ECHO_REPLY) -> bytes:
    return bytes([0x45]) + bytes(19) + struct.pack("!BBHHH", kind, 0, 0, number, 0) + mark


def test_a_packets_checksum_holds() -> None:
    for payload in (b"", b"abc", bytes(range(200))):
        assert ping._checksum(ping._echo(7, payload)) == 0


def test_only_the_answer_to_our_own_question_counts() -> None:
    assert ping._is_answer(reply(7, b"mark"), 7, b"mark")
    assert not ping._is_answer(reply(8, b"mark"), 7, b"mark")
    assert not ping._is_answer(reply(7, b"kram"), 7, b"mark")
    assert not ping._is_answer(reply(7, b"mark", ping.ECHO), 7, b"mark"), "our own question, heard again"


def test_a_device_that_is_not_there_answers_nothing() -> None:
    try:
        assert not ping.answers("127.0.0.1", "no-such-dev", 0.2)
    except PermissionError:
        with pytest.raises(PermissionError):
            ping.answers("127.0.0.1", "lo", 0.2)
