"""The Thai national ID card."""

from __future__ import annotations

from datetime import date

import pytest

from edge.readers.cards import th_national
from edge.readers.cards.identity import CardIdentity, Insurance
from tests.cards_played.manners import AT_ONCE
from tests.cards_played.th_national import NUMBER, PHOTO, Card, OtherCard, padded
from tests.cards_played.tw_nhi import Card as TaiwanCard
from tests.edge.readers.cards.asking import fault, read, read_as

WHOLE = CardIdentity(
    kind="th_pin",
    number=NUMBER,
    card="th_national",
    name="นาย สมชาย ใจดี",
    latin_name="Mr. Somchai Jaidee",
    birth_date=date(1980, 12, 31),
    sex="male",
    address="99/1 หมู่ที่ 2 ตำบลสมมุติ อำเภอสมมุติ จังหวัดสมมุติ",
    issuer="ท้องถิ่นเขตบางรัก/กรุงเทพมหานคร",
    valid_from=date(2019, 4, 15),
    valid_until=date(2027, 4, 14),
    insurance=Insurance(
        payer_name="สิทธิหลักประกันสุขภาพแห่งชาติ",
        category="ผู้มีรายได้น้อย",
        begins=date(2020, 1, 1),
        hospital="รพ.สมมุติ",
        second_hospital="รพ.สต.สมมุติ",
    ),
)


def changed(offset: int, value: bytes) -> Card:
    card = Card()
    card.national[offset] = value
    return card


@pytest.mark.parametrize("card", [Card, OtherCard])
def test_every_field_is_read_from_both_batches(card: type[Card]) -> None:
    assert read(card()) == WHOLE


def test_a_card_that_gives_its_data_at_once_is_read_too() -> None:
    card = Card()
    card.way = AT_ONCE
    assert read(card) == WHOLE


def test_the_number_is_asked_for_as_the_protocol_writes_it() -> None:
    card, other = Card(), OtherCard()
    read(card)
    read(other)
    assert card.log[:3] == ["00A4040008A000000054480001", "80B0000402000D", "00C000000D"]
    assert other.log[2] == "00C000010D"


def test_the_photo_is_read_only_if_it_is_wanted() -> None:
    card = Card()
    assert read(card, photo=True).photo == PHOTO
    assert len([c for c in card.log if c.endswith("0200FF")]) == 20
    card = Card()
    assert read(card).photo == b""
    assert not [c for c in card.log if c.endswith("0200FF")]


@pytest.mark.parametrize(
    ("offset", "value", "field", "found"),
    [
        (0x00D9, b"25230000", "birth_date", None),
        (0x00D9, b"25231200", "birth_date", None),
        (0x00D9, b" " * 8, "birth_date", None),
        (0x00E1, b"2", "sex", "female"),
        (0x00E1, b" ", "sex", ""),
        (0x0167, b" " * 8, "valid_from", None),
        (0x016F, b"99999999", "valid_until", None),
        (0x016F, b"25630229", "valid_until", date(2020, 2, 29)),
        (0x0011, padded("", 0x64), "name", ""),
        (0x0075, padded("Miss#A#B#C", 0x64), "latin_name", "Miss A B C"),
        (0x1579, b"\0" * 0x64, "address", ""),
    ],
)
def test_a_field_may_be_blank_or_written_otherwise(offset: int, value: bytes, field: str, found: object) -> None:
    assert getattr(read(changed(offset, value)), field) == found


@pytest.mark.parametrize(
    ("offset", "value", "says"),
    [
        (0x0004, b"1234567890122", "number"),
        (0x0004, b" " * 13, "number"),
        (0x00D9, b"25231332", "calendar"),
        (0x016F, b"25700000", "calendar"),
        (0x016F, b"2570-1-1", "date"),
        (0x0011, b"\xfc" * 0x64, "iso8859-11"),
        (0x00D9, b"\xa1" * 8, "ascii"),
        (0x00D9, b"2523123", "7 bytes"),
        (0x0075, b"LONG NAME" * 20, "180 bytes"),
    ],
)
def test_a_field_that_cannot_be_right_is_a_fault(offset: int, value: bytes, says: str) -> None:
    assert says in fault(changed(offset, value), planted=value.decode("latin-1"))


def test_a_field_that_is_refused_is_a_fault() -> None:
    card = Card()
    del card.national[0x1579]
    assert fault(card) == "the field at 1579 was answered 6B00"


def test_a_card_without_the_insurances_applet_has_no_insurance() -> None:
    card = Card()
    card.insurance = {}
    assert read(card).insurance is None
    card.insurance = {
        offset: b" " * width for offset, width in ((4, 60), (0x40, 100), (0xA4, 80), (0xF4, 80), (0x145, 8), (0x14D, 8))
    }
    assert read(card).insurance is None


@pytest.mark.parametrize("endless", ["6108", "6C08"])
@pytest.mark.parametrize("commands", [1, 2, 11, 30])
def test_an_endless_chain_is_a_fault(endless: str, commands: int) -> None:
    card = Card()
    card.after = (commands, endless)
    assert "responses" in fault(card)
    assert len(card.log) < 130


def test_another_card_is_not_this_one() -> None:
    assert read_as(th_national.KIND, TaiwanCard()) is None
    assert th_national.KIND.suits(Card.atr)
    assert th_national.KIND.suits(OtherCard.atr)
    assert not th_national.KIND.suits(TaiwanCard.atr)
