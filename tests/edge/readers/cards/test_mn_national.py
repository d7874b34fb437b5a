"""The Mongolian ID card."""

from __future__ import annotations

from datetime import date

import pytest

from edge.readers.cards import mn_national
from edge.readers.cards.identity import CardIdentity
from tests.cards_played.be_eid import BelgianCard
from tests.cards_played.mn_national import JPEG_2000, NUMBER, ContactlessCard, MongolianCard, file
from tests.edge.readers.cards.asking import fault, read, read_as

WHOLE = CardIdentity(
    kind="mn_registration_number",
    number=NUMBER,
    card="mn_national",
    name="Батын Сарнай",
    birth_date=date(1990, 12, 31),
    birth_place="Улаанбаатар, Хан-Уул",
    sex="female",
    address="Улаанбаатар, Хан-Уул дүүрэг, 1-р хороо, Туршилтын гудамж 1-1",
    card_number="E12345678",
    issuer="Улсын бүртгэлийн ерөнхий газар",
    valid_from=date(2024, 1, 15),
    valid_until=date(2033, 12, 31),
)


def changed(tag: int, value: str | bytes) -> MongolianCard:
    card = MongolianCard()
    card.change({tag: value})
    return card


@pytest.mark.parametrize("t0", [False, True])
@pytest.mark.parametrize("card", [MongolianCard, ContactlessCard])
def test_every_field_is_read_from_both_batches(card: type[MongolianCard], t0: bool) -> None:
    played = card()
    played.t0 = t0
    assert read(played) == WHOLE


@pytest.mark.parametrize("padding", [b"\0" * 100, b"\xff" * 1000, b"\0" * 4000])
def test_what_pads_the_file_does_not_matter(padding: bytes) -> None:
    card = MongolianCard()
    card.change({}, padding)
    assert read(card) == WHOLE
    assert len(card.log) < 40


def test_the_photo_is_read_only_if_it_is_wanted() -> None:
    card = MongolianCard()
    assert read(card, photo=True).photo == JPEG_2000
    card = MongolianCard()
    assert read(card).photo == b""
    assert "00A40200020102" not in card.log


def test_a_photo_that_is_none_or_not_there_is_left_out() -> None:
    card = MongolianCard()
    card.df.children[0x0102] = bytes(300)
    assert read(card, photo=True) == WHOLE
    del card.df.children[0x0102]
    assert read(card, photo=True) == WHOLE


@pytest.mark.parametrize(
    ("tag", "value", "field", "found"),
    [
        (0x01, "уб90123101", "number", NUMBER),
        (0x02, "1990-12-31", "birth_date", date(1990, 12, 31)),
        (0x02, "19900000", "birth_date", None),
        (0x02, "", "birth_date", None),
        (0x03, "Эрэгтэй", "sex", "male"),
        (0x03, "M", "sex", "male"),
        (0x03, "F", "sex", "female"),
        (0x03, "?", "sex", ""),
        (0x05, "", "name", "Сарнай"),
        (0x07, "", "valid_until", None),
        (0x07, "99999999", "valid_until", None),
        (0x07, "2033.12.31", "valid_until", date(2033, 12, 31)),
        (0x0D, "", "address", ""),
        (0x0E, b"\xff\x00", "number", NUMBER),
    ],
)
def test_a_field_may_be_blank_or_written_otherwise(tag: int, value: str | bytes, field: str, found: object) -> None:
    assert getattr(read(changed(tag, value)), field) == found


@pytest.mark.parametrize(
    ("tag", "value", "says"),
    [
        (0x01, "УБ9012310", "form"),
        (0x01, "", "form"),
        (0x01, b"\xd0", "utf-8"),
        (0x02, "12/31/1990", "calendar"),
        (0x02, "31 DEC 1990", "date"),
        (0x02, "19901332", "calendar"),
        (0x07, "20330000", "calendar"),
        (0x05, b"SECRET\xff\xfe\xfdX", "utf-8"),
    ],
)
def test_a_field_that_cannot_be_right_is_a_fault(tag: int, value: str | bytes, says: str) -> None:
    assert says in fault(changed(tag, value), planted="SECRET")


@pytest.mark.parametrize("end", [b"\x0d", b"\x0d\x00", b"\x0d\x00\x10", b"\x0d\xff\xffAB"])
def test_a_length_past_the_end_is_a_fault(end: bytes) -> None:
    card = MongolianCard()
    card.df.children[0x0101] = file({0x01: NUMBER}) + end
    assert "past the end" in fault(card)


@pytest.mark.parametrize("endless", ["61FE", "6CFE"])
def test_an_endless_chain_is_a_fault(endless: str) -> None:
    card = MongolianCard()
    for command in ("00B00000FE", "00C00000FE"):
        card.answers[command] = endless
    assert "responses" in fault(card)
    assert len(card.log) < 100


def test_another_card_with_a_folder_of_that_name_is_not_this_one() -> None:
    assert read_as(mn_national.KIND, BelgianCard()) is None
    card = MongolianCard()
    card.df.children[0x0101] = b"\x30\x82\x01\x00" + bytes(256)
    assert read_as(mn_national.KIND, card) is None


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"\x30\x0a"])
def test_a_file_that_begins_with_nothing_that_is_known_is_another_countrys(content: bytes) -> None:
    card = MongolianCard()
    card.df.children[card.first] = content
    assert read_as(mn_national.KIND, card) is None
