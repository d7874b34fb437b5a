"""The bank card, of which nobody learns more than ten digits."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from edge.readers.cards import emv
from edge.readers.cards.conversation import CardFault
from edge.readers.cards.identity import CardIdentity
from tests.cards_played.emv import AMEX, MASTERCARD, PAN, UNIONPAY, VISA, Card, pan_record, tlv, track_record
from tests.cards_played.manners import WAYS
from tests.cards_played.tw_nhi import Card as TaiwanCard
from tests.edge.readers.cards.asking import fault, read, read_as

WHOLE = CardIdentity(kind="", number="", card="emv", card_number="411111••••••1111")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("directory", ["pse", "ppse", ""])
@pytest.mark.parametrize("aid", [VISA, MASTERCARD, UNIONPAY])
def test_the_masked_number_is_all_that_is_read(aid: str, directory: str, way: str) -> None:
    card = Card(aid)
    card.directory, card.way = directory, way
    assert read(card) == WHOLE


@pytest.mark.parametrize("aid", [VISA, MASTERCARD, AMEX, UNIONPAY])
def test_an_application_of_the_large_schemes_is_found_without_a_directory(aid: str) -> None:
    card = Card(aid)
    card.directory = ""
    assert read(card) == WHOLE


def test_an_application_that_nobody_knows_is_found_by_the_directory_only() -> None:
    for directory in ("pse", "ppse"):
        card = Card("A0000009990101")
        card.directory = directory
        assert read(card) == WHOLE
    card.directory = ""
    assert read_as(emv.KIND, card) is None


@pytest.mark.parametrize("length", [11, 12, 19, 20])
def test_a_card_number_has_twelve_to_nineteen_digits(length: int) -> None:
    body = "6" * (length - 1)
    digits = body + luhn.calc_check_digit(body)
    if 12 <= length <= 19:
        assert emv.masked(digits) == "666666" + "•" * (length - 10) + digits[-4:]
    else:
        with pytest.raises(CardFault):
            emv.masked(digits)


@pytest.mark.parametrize(
    "pdol", ["9F3704", "9F66049F0206", "9F02069F03069F1A029F35059F2A029F1A039F21019F3704", "9F7FFA"]
)
def test_what_the_card_asks_for_is_filled_with_zeros(pdol: str) -> None:
    card = Card()
    card.pdol = bytes.fromhex(pdol)
    assert read(card) == WHOLE


def test_both_forms_of_the_file_locator_are_understood() -> None:
    card = Card()
    card.format_2 = True
    assert read(card) == WHOLE


@pytest.mark.parametrize("pan", [PAN, "378282246310005", "6212345678901232", "4222222222222"])
def test_track_2_serves_as_well_and_numbers_have_many_lengths(pan: str) -> None:
    assert luhn.is_valid(pan)
    shown = pan[:6] + "•" * (len(pan) - 10) + pan[-4:]
    for record in (track_record(pan), pan_record(pan)):
        card = Card()
        card.records = {(1, 1): record}
        card.locator = bytes.fromhex("08010100")
        assert read(card).card_number == shown
        assert pan not in msgspec.json.encode(read(card)).decode()


@given(st.text("0123456789", max_size=24))
def test_a_masked_number_never_shows_more_than_ten_digits(digits: str) -> None:
    try:
        shown = emv.masked(digits)
    except CardFault as caught:
        assert not digits or digits not in str(caught)  # noqa: PT017  what is asserted holds for every fault
        return
    assert sum(c.isdigit() for c in shown) == 10
    assert len(shown) == len(digits)
    assert luhn.is_valid(digits)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (pan_record("4111111111111112"), "check"),
        (pan_record("41111111"), "check"),
        (tlv("70", tlv("5A", b"\xaa\xbb")), "check"),
        (track_record("4111111111111112"), "check"),
        (b"\x70\x7f\x5a", "past the end"),
        (tlv("70", b"\x5a\x7f\x41"), "past the end"),
        (b"", "does not tell"),
        (b"\x01\x02", "past the end"),
    ],
)
def test_a_record_that_cannot_be_right_is_a_fault_that_quotes_nothing(record: bytes, says: str) -> None:
    card = Card()
    card.records[(2, 2)] = record
    assert says in fault(card, planted="411111")


@pytest.mark.parametrize("locator", ["0801", "0801FF00", "08010A0010010A0018010A0020010A00"])
def test_a_file_locator_that_cannot_be_right_is_a_fault(locator: str) -> None:
    card = Card()
    card.locator = bytes.fromhex(locator)
    assert "locator" in fault(card)


@pytest.mark.parametrize("pdol", ["9F37", "9F37FF9F36FF", "9F"])
def test_a_list_of_data_that_cannot_be_right_is_a_fault(pdol: str) -> None:
    card = Card()
    select = f"00A4040007{VISA}00"
    card.answers[select] = (tlv("6F", tlv("A5", tlv("9F38", bytes.fromhex(pdol)))) + b"\x90\x00").hex()
    fault(card)


def test_an_application_that_will_not_go_on_is_a_fault_and_a_bounded_one() -> None:
    card = Card()
    card.pdol = b""
    card.answers["80A8000002830000"] = "6985"
    assert "does not tell" in fault(card)
    assert len(card.log) < 40


def test_a_directory_without_end_is_bounded() -> None:
    card = Card()
    entry = tlv("70", tlv("61", tlv("4F", bytes.fromhex("A0000009990101"))) * 3)
    for number in range(1, 256):
        card.answers[f"00B2{number:02X}0C00"] = (entry + b"\x90\x00").hex()
    assert read_as(emv.KIND, card) is None
    assert len(card.log) < 40


def test_another_card_is_not_this_one() -> None:
    assert read_as(emv.KIND, TaiwanCard()) is None
