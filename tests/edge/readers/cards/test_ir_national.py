"""The Iranian national card, without its keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.refusals import Refused
from edge.readers.cards import ir_national
from edge.readers.cards.identity import CardIdentity
from tests.cards_played.ir_national import SERIAL, Card, OtherMakersCard, certificate
from tests.cards_played.manners import AT_ONCE, BY_61
from tests.edge.readers.cards.asking import fault, read, read_as

WHOLE = CardIdentity(kind="", number="", card="ir_national", name="مریم نمونه", card_number=SERIAL.hex().upper())


@pytest.mark.parametrize("way", [AT_ONCE, BY_61])
def test_serial_and_name_are_read_and_no_number(way: str) -> None:
    card = Card()
    card.way = way
    assert read(card) == WHOLE


def test_a_subject_without_given_name_gives_its_common_name() -> None:
    card = Card()
    card.der = certificate("", "نمونه")
    assert read(card).name == "نمونه"


def test_a_card_is_known_by_its_certificate_if_not_by_its_atr() -> None:
    card = Card()
    card.atr = bytes.fromhex("3B00")
    assert read(card) == WHOLE


def test_a_card_without_the_certificate_is_known_by_its_atr_and_serial() -> None:
    card = Card()
    card.der = b""
    identity = read(card)
    assert (identity.card_number, identity.name) == (WHOLE.card_number, "")


def test_another_makers_card_with_the_same_manager_is_not_this_one() -> None:
    assert read_as(ir_national.KIND, OtherMakersCard()) is None
    with pytest.raises(Refused, match="card_unknown"):
        read(OtherMakersCard())


@pytest.mark.parametrize(
    "atr",
    [
        "3B7F96000080318065B085040011120FFF829000",
        "3B7F96000080318065B0850300EF120FFF829000",
        "3B7D95000080318065B08311C0A983009000",
        "3BDB96008031FE4580",
        "3BFF9600008031FE45",
        "3B781800000073C84013009000",
    ],
)
def test_a_card_of_the_same_chip_maker_from_another_country_is_not_this_one(atr: str) -> None:
    """Swedish, Bahraini and Portuguese cards, and a bank's: the manager answers on them as well."""
    card = OtherMakersCard()
    card.atr = bytes.fromhex(atr)
    assert read_as(ir_national.KIND, card) is None


def test_a_card_whose_atr_has_the_countrys_mark_is_known_by_it() -> None:
    card = OtherMakersCard()
    card.atr = bytes.fromhex("3BDB97008131FE85801349524E7396715B91302F")
    assert ir_national.KIND.suits(card.atr)
    assert read(card).card_number == WHOLE.card_number


def test_a_card_that_does_not_tell_its_serial_is_a_fault() -> None:
    for serial in (b"", bytes(0x13)):
        card = Card()
        card.serial = serial
        if not serial:
            card.answers["80CA9F7F2D"] = "6A88"
        assert "serial" in fault(card)


def test_a_card_whose_manager_does_not_answer_is_a_fault_if_its_certificate_is_there() -> None:
    card = Card()
    card.answers["00A4040008A000000018434D00"] = "6A82"
    assert "serial" in fault(card)


@pytest.mark.parametrize(
    "der",
    [
        b"\x30",
        b"\x30\x82\x70\x00" + bytes(0x7000),
        b"\x30\x03\x02\x01\x05",
        b"\x30\x82\xff\xff" + bytes(200),
        b"\x30\x82\x01\x00" + bytes(90),
        b"\x30\x82\x00\x10" + bytes(16),
    ],
)
def test_a_certificate_that_is_none_leaves_only_the_name_out(der: bytes) -> None:
    card = Card()
    card.der = der
    identity = read(card)
    assert (identity.card_number, identity.name) == (WHOLE.card_number, "")
    assert len(card.log) < 30, "a long length is not believed"


@given(st.integers(4, 400), st.binary(min_size=1, max_size=4))
def test_a_damaged_certificate_never_falls_over(place: int, damage: bytes) -> None:
    card = Card()
    whole = certificate()
    place %= len(whole) - len(damage)
    card.der = whole[:place] + damage + whole[place + len(damage) :]
    assert read(card).card_number == WHOLE.card_number


@pytest.mark.parametrize("atr", ["3B7F96000080318065B0850300EF120FFF829000", "3BDB960080B1FE45", "3B7D95000080"])
def test_atrs_that_begin_like_these_cards_suit(atr: str) -> None:
    assert ir_national.KIND.suits(bytes.fromhex(atr))
    assert not ir_national.KIND.suits(bytes.fromhex("3B00"))
