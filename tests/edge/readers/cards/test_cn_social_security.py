"""The Chinese social security card."""

from __future__ import annotations

from datetime import date

import pytest

from edge.readers.cards import cn_social_security
from edge.readers.cards.identity import CardIdentity, Insurance
from tests.cards_played.cn_social_security import NUMBER, Card, record
from tests.cards_played.manners import BY_61, WAYS, PlayedCard
from tests.edge.readers.cards.asking import fault, read, read_as

WHOLE = CardIdentity(
    kind="cn_resident_number",
    number=NUMBER,
    card="cn_social_security",
    name="张三",
    birth_date=date(1949, 12, 31),
    sex="female",
    card_number="A12345678",
    issuer="914403000000000000000000",
    valid_from=date(2018, 3, 1),
    valid_until=date(2028, 3, 1),
    insurance=Insurance(payer="330100", member_number="A12345678"),
)


def changed(number: int, value: bytes) -> Card:
    card = Card()
    card.files[0xEF05 if number <= 7 else 0xEF06][number] = record(number, value)
    return card


@pytest.mark.parametrize("way", WAYS)
def test_every_field_is_read_however_the_card_hands_it_out(way: str) -> None:
    card = Card()
    card.way = way
    assert read(card) == WHOLE


def test_what_is_not_needed_is_not_asked_for() -> None:
    card = Card()
    read(card)
    assert [c for c in card.log if c.startswith("00B2")] == [
        "00B2010010", "00B204000C", "00B2050004", "00B2060004", "00B2070009", "00B2080012", "00B209001E", "00B20A0001", "00B20D0004",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "value", "field", "found"),
    [
        (4, "深圳".encode("gbk") + b"ABC", "issuer", "C9EEDBDA414243"),
        (4, b"ISSUER01\0\0\0\0", "issuer", "ISSUER01"),
        (5, bytes(4), "valid_from", None),
        (6, b"\xff" * 4, "valid_until", None),
        (6, bytes.fromhex("99999999"), "valid_until", None),
        (9, b"\0" * 30, "name", ""),
        (9, "㐀龦".encode("gb18030"), "name", "㐀龦"),
        (10, b"1", "sex", "male"),
        (10, b"\x02", "sex", "female"),
        (10, b"9", "sex", ""),
        (13, bytes.fromhex("19490000"), "birth_date", None),
        (1, bytes(16), "insurance", Insurance(member_number="A12345678")),
        (7, bytes(9), "card_number", ""),
    ],
)
def test_a_field_may_be_blank_or_written_otherwise(number: int, value: bytes, field: str, found: object) -> None:
    assert getattr(read(changed(number, value)), field) == found


def test_a_record_that_the_card_does_not_have_is_blank() -> None:
    card = Card()
    del card.files[0xEF05][6], card.files[0xEF06][9]
    identity = read(card)
    assert identity.valid_until is None
    assert identity.name == ""


def test_a_holder_without_a_resident_number_is_left_to_the_clerk() -> None:
    identity = read(changed(8, b"PA1234567".ljust(18)))
    assert (identity.kind, identity.number, identity.card_number) == ("", "", "A12345678")


@pytest.mark.parametrize(
    ("number", "value", "says"),
    [
        (8, b"110105194912310021", "resident number"),
        (6, bytes.fromhex("20281301"), "calendar"),
        (6, bytes.fromhex("2028030A"), "date"),
        (9, b"\x81\x20" * 3, "gb18030"),
        (13, bytes.fromhex("19491232"), "calendar"),
        (7, b"A\x8112345678", "too long"),
        (7, b"A\x8112345", "ascii"),
    ],
)
def test_a_record_that_cannot_be_right_is_a_fault(number: int, value: bytes, says: str) -> None:
    assert says in fault(changed(number, value), planted=value.decode("latin-1"))


@pytest.mark.parametrize("raw", ["08", "0812", "0812" + "31" * 17, "0912" + "31" * 18, "0812" + "31" * 19, "0880"])
def test_a_record_that_is_not_tag_length_value_is_a_fault(raw: str) -> None:
    card = Card()
    card.files[0xEF06][8] = bytes.fromhex(raw)
    assert "tag, length, value" in fault(card)


def test_a_card_without_any_number_is_a_fault() -> None:
    card = changed(7, bytes(9))
    del card.files[0xEF06][8]
    assert "number" in fault(card)


@pytest.mark.parametrize("file", [0xEF05, 0xEF06])
def test_a_missing_file_is_a_fault(file: int) -> None:
    card = Card()
    del card.files[file]
    assert f"{file:04X}" in fault(card)


@pytest.mark.parametrize("endless", ["6110", "6C10"])
def test_an_endless_chain_is_a_fault(endless: str) -> None:
    card = Card()
    card.way = BY_61
    card.after = (2, endless)
    assert "responses" in fault(card)
    assert len(card.log) < 80


def test_another_card_is_not_this_one() -> None:
    assert read_as(cn_social_security.KIND, Silent()) is None


class Silent(PlayedCard):
    """It knows no instruction at all."""

    def _answer(self, command: bytes) -> bytes:
        return bytes.fromhex("6D00")
