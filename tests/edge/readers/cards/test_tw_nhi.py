"""The Taiwan health insurance card."""

from __future__ import annotations

from datetime import date

import pytest

from edge.readers.cards import tw_nhi
from edge.readers.cards.identity import CardIdentity
from tests.cards_played.emv import Card as BankCard
from tests.cards_played.manners import AT_ONCE, BY_61
from tests.cards_played.tw_nhi import NUMBER, Card, Card2025, basic_data
from tests.edge.readers.cards.asking import fault, read, read_as

WHOLE = CardIdentity(
    kind="tw_national_id",
    number=NUMBER,
    card="tw_nhi",
    name="王小明",
    birth_date=date(1956, 12, 31),
    sex="male",
    card_number="000012345678",
    valid_from=date(2024, 1, 1),
)


def changed(data: bytes) -> Card:
    card = Card()
    card.data = data
    return card


@pytest.mark.parametrize("way", [AT_ONCE, BY_61])
@pytest.mark.parametrize("card", [Card, Card2025])
def test_every_field_is_read_also_from_cards_that_refuse_the_select(card: type[Card], way: str) -> None:
    played = card()
    played.way = way
    assert read(played) == WHOLE


@pytest.mark.parametrize(
    ("data", "field", "found"),
    [
        (basic_data(name=b""), "name", ""),
        (basic_data(name="歐陽娜娜".encode("big5")), "name", "歐陽娜娜"),
        (basic_data(name="王".encode("big5") + b"\xfa\x40" + "明".encode("big5")), "name", "王〓明"),
        (basic_data(name=b"A B"), "name", "A B"),
        (basic_data(born="0450000"), "birth_date", None),
        (basic_data(born="       "), "birth_date", None),
        (basic_data(sex="F"), "sex", "female"),
        (basic_data(sex=" "), "sex", ""),
        (basic_data(number="AC01234567"), "number", "AC01234567"),
        (basic_data(number="A800000014"), "number", "A800000014"),
    ],
)
def test_a_field_may_be_blank_or_written_otherwise(data: bytes, field: str, found: object) -> None:
    assert getattr(read(changed(data)), field) == found


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (basic_data(number="A123456788"), "number"),
        (basic_data(number=" " * 10), "number"),
        (basic_data(name=b"\x81"), "Big5"),
        (basic_data(name=b"\xa4\x20\x20"), "Big5"),
        (basic_data(born="0451331"), "calendar"),
        (basic_data(born="04512A1"), "date"),
        (basic_data()[:56], "56 bytes"),
        (basic_data() + b"1", "58 bytes"),
        (b"", "0 bytes"),
    ],
)
def test_data_that_cannot_be_right_are_a_fault(data: bytes, says: str) -> None:
    assert says in fault(changed(data), planted=NUMBER)


@pytest.mark.parametrize("endless", ["6139", "6C39"])
def test_an_endless_chain_is_a_fault(endless: str) -> None:
    card = Card()
    card.answers["00CA1100020000"] = endless
    card.answers["00CA110002000039"] = endless
    card.answers["00C0000039"] = endless
    assert "responses" in fault(card)
    assert len(card.log) < 80


def test_another_card_is_not_this_one() -> None:
    assert read_as(tw_nhi.KIND, BankCard()) is None
    short = Card2025()
    short.data = b"\0" * 16
    assert read_as(tw_nhi.KIND, short) is None, "it took no SELECT and gave something else"


@pytest.mark.parametrize(
    ("atr", "suits"),
    [
        ("3BFA1800008131FE45534C4A35324778787979FC", True),
        ("3BFF1800FF8131FE455448434331305445434F4744484E3224", True),
        ("3BFA1800008131FE4550564A434F503453494493", False),
        ("3B00", False),
    ],
)
def test_the_makers_of_some_cards_can_be_told_by_the_atr(atr: str, suits: bool) -> None:
    assert tw_nhi.KIND.suits(bytes.fromhex(atr)) == suits
