"""What every smart card conversation does with 61xx and 6Cxx, and what it bears."""

from __future__ import annotations

import pytest

from edge.readers.cards.conversation import CHAIN_MAX, CardFault, Response, converse, exchange

READ = bytes.fromhex("00B0000000")


def played(*answers: str) -> tuple[Response, list[str]]:
    sent: list[str] = []
    left = iter(answers)

    def transmit(command: bytes) -> bytes:
        sent.append(command.hex().upper())
        return bytes.fromhex(next(left))

    return converse(exchange(READ), transmit), sent


def test_what_61_announces_is_fetched_and_6c_is_repeated_with_its_length() -> None:
    assert played("AA9000") == (Response(b"\xaa", 0x9000), ["00B0000000"])
    assert played("AA6102", "BBCC9000") == (Response(b"\xaa\xbb\xcc", 0x9000), ["00B0000000", "00C0000002"])
    assert played("6C05", "01020304059000")[1] == ["00B0000000", "00B0000005"]


@pytest.mark.parametrize("answer", ["6C05", "6100"])
def test_a_chain_without_end_is_a_fault(answer: str) -> None:
    with pytest.raises(CardFault, match=str(CHAIN_MAX)):
        converse(exchange(READ), lambda _: bytes.fromhex(answer))


@pytest.mark.parametrize("answer", [b"", b"\x90", bytes(300)])
def test_an_answer_without_a_status_or_too_long_is_a_fault(answer: bytes) -> None:
    with pytest.raises(CardFault):
        converse(exchange(READ), lambda _: answer)


def test_what_61_announces_may_be_left_on_the_card_or_fetched_the_cards_own_way() -> None:
    assert converse(exchange(READ, None), lambda _: bytes.fromhex("6102")) == Response(b"", 0x9000)
    sent: list[bytes] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command)
        return bytes.fromhex("6101") if len(sent) == 1 else bytes.fromhex("AA9000")

    assert converse(exchange(READ, bytes.fromhex("00C00001")), transmit).data == b"\xaa"
    assert sent[1].hex() == "00c0000101"
