"""Which kind of card a card is."""

from __future__ import annotations

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.conversation import Conversation, converse
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.kinds import CardKind, identify

ATR = bytes.fromhex("3B00")


def kind(name: str, suits: bool, mine: bool) -> CardKind:
    def read(atr: bytes, wanted: Wanted) -> Conversation[CardIdentity | None]:
        yield name.encode()
        return CardIdentity(kind="", number="", card=name) if mine else None

    return CardKind(name, lambda _: suits, read)


def asked(*kinds: CardKind) -> tuple[str, list[bytes]]:
    sent: list[bytes] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command)
        return b"\x90\x00"

    return converse(identify(ATR, Wanted(), kinds), transmit).card, sent


def test_kinds_that_suit_the_atr_are_asked_first_and_the_others_by_probing() -> None:
    a, b, c = kind("a", False, True), kind("b", True, False), kind("c", True, True)
    assert asked(a, b, c) == ("c", [b"b", b"c"])
    assert asked(a, b) == ("a", [b"b", b"a"])


def test_a_card_of_no_kind_is_told_by_its_atr() -> None:
    with pytest.raises(Refused, match="card_unknown") as caught:
        asked(kind("a", False, False))
    assert caught.value.detail == "ATR 3B00"
