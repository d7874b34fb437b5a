"""The Belgian identity card, played from the facts of its middleware."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers import Wanted
from edge.readers.cards.be_eid import (
    KIND,
    PHOTO_BYTES_MAX,
    TEXT_FILE_BYTES_MAX,
    birth_day,
    fields,
    identity,
    month,
    validity_day,
)
from edge.readers.cards.conversation import CardFault, converse
from edge.readers.cards.identity import CardIdentity
from tests.cards_played import be_eid as played
from tests.cards_played.be_eid import ADDRESS, IDENTITY, BelgianCard, tlv
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.folders import FolderCard
from tests.edge.readers.cards.asking import fault_of, who

MARKS = ("85073003328", "lodie", "Molenbeek", "1985", "2034")


read = partial(who, KIND)
fault = partial(fault_of, KIND, MARKS)


@pytest.mark.parametrize("applet", list(played.ATRS))
def test_a_card_of_each_applet_is_read_with_all_its_fields(applet: str) -> None:
    card = BelgianCard(applet)
    assert KIND.suits(card.atr)
    assert read(card) == CardIdentity(
        kind="be_national_number",
        number="85073003328",
        card="be_eid",
        name="Élodie Marie T Van den Vœrbeeck",
        birth_date=date(1985, 7, 30),
        birth_place="Liège",
        sex="male",
        nationality="Belg",
        address="Gemeenteplaats 1 bus 2, 1080 Sint-Jans-Molenbeek",
        card_number="592000000179",
        issuer="Sint-Jans-Molenbeek",
        valid_from=date(2024, 3, 1),
        valid_until=date(2034, 2, 28),
    )


def test_the_photo_is_read_only_when_it_is_wanted() -> None:
    card = BelgianCard()
    assert read(card).photo == b""
    assert not [command for command in card.log if command.endswith("4035")]
    assert read(card, photo=True).photo == played.PHOTO
    assert read(BelgianCard(photo=None), photo=True).photo == b""


@pytest.mark.parametrize("t0", [False, True])
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("early_end", ["6282", "9000"])
def test_it_is_read_whatever_the_card_does_about_lengths(t0: bool, exact: bool, early_end: str) -> None:
    card = BelgianCard(identity=tlv(IDENTITY | {0x07: "N" * 500}))
    card.t0, card.exact, card.early_end = t0, exact, bytes.fromhex(early_end)
    found = read(card, photo=True)
    assert found.name.endswith("N" * 500)
    assert found.photo == played.PHOTO


def test_a_file_that_ends_at_a_block_is_read_to_6b00() -> None:
    content = tlv(IDENTITY)
    card = BelgianCard(identity=content.ljust(480, b"\0"))
    assert read(card).number == "85073003328"
    assert "00B001E0F0" in card.log


def test_what_a_card_does_not_say_is_empty() -> None:
    card = BelgianCard(identity=tlv({0x06: "85.07.30-033.28"}), address=b"")
    assert read(card) == CardIdentity(kind="be_national_number", number="85073003328", card="be_eid")
    del card.master.children[0xDF01].children[0x4033]  # type: ignore[union-attr]
    assert read(card).address == ""


@pytest.mark.parametrize(("letter", "sex"), [("M", "male"), ("F", "female"), ("V", "female"), ("W", "female")])
def test_each_letter_of_each_language_has_its_word(letter: str, sex: str) -> None:
    assert read(BelgianCard(t0D=letter)).sex == sex


@pytest.mark.parametrize("other", [EgkCard(), FolderCard(BelgianCard(identity=b"").master.children[0xDF01])])  # type: ignore[arg-type]
def test_another_card_is_left_to_others(other: FolderCard) -> None:
    assert converse(KIND.read(other.atr, Wanted()), other.apdu) is None
    assert not KIND.suits(other.atr)


MONTHS = {
    1: "JAN JANV JAN. JANUARI januari Janvier JÄN",
    2: "FEB FEV FÉVR Févr. FEBRUAR",
    3: "MAAR MAA MRT MARS MÄR März MAERZ maart",
    4: "APR AVR AVRIL April",
    5: "MEI MAI mai",
    6: "JUN JUIN Juni",
    7: "JUL JUIL Juillet JULI",
    8: "AUG AOUT AOÛ août Augustus",
    9: "SEP SEPT Septembre",
    10: "OKT OCT Oktober octobre",
    11: "NOV NOVE November",
    12: "DEC DÉC DEZ Dezember décembre",
}


@pytest.mark.parametrize("number", list(MONTHS))
def test_months_are_known_in_three_languages_and_shortened(number: int) -> None:
    for word in MONTHS[number].split():
        for written in (
            f"07 {word} 1985",
            f"7 {word.strip('.')}  1985",
            f"07.{word.strip('.')}.1985",
            f"07 {word.strip('.')}. 1985",
        ):
            assert birth_day(written) == date(1985, number, 7), written


@pytest.mark.parametrize("word", ["JUI", "MA", "FE", "N", "J", "", "XYZ", "JUILLETS", "ENERO", "1", "ЯНВ"])
def test_a_month_of_no_language_of_the_country_or_of_two_is_a_fault(word: str) -> None:
    with pytest.raises(CardFault):
        month(word)
    assert fault(BelgianCard(t0C=f"07 {word} 1985"))


@pytest.mark.parametrize("written", ["", "1985", "00.00.1985", "00 00 1985"])
def test_of_a_birth_date_of_which_only_the_year_is_known_there_is_none(written: str) -> None:
    assert birth_day(written) is None


@pytest.mark.parametrize(
    "written", ["31 FEB 1985", "30.07.1985", "JUL 1985", "30 JUL 85", "30 JUL 0000", "99 JUL 1985"]
)
def test_a_birth_date_that_is_none_is_a_fault(written: str) -> None:
    assert fault(BelgianCard(t0C=written))


@pytest.mark.parametrize("written", ["31.02.2034", "2034-02-28", "28.02.34", "28 FEB 2034", "٢٨.٠٢.٢٠٣٤"])
def test_a_day_of_validity_that_is_none_is_a_fault_so_that_no_card_passes_as_endless(written: str) -> None:
    assert fault(BelgianCard(t04=written))
    assert validity_day("") is None


GOOD = tlv(IDENTITY)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "fails its check"),
        (bytes(200), "fails its check"),
        (GOOD[:-3], "past the end"),
        (GOOD + b"\x20", "without a length"),
        (GOOD + b"\x20\xff", "without a length"),
        (GOOD + b"\x20\xff\x01", "past the end"),
        (b"\x07" + b"\xff" * 200, "without a length"),
        (GOOD + tlv({0x06: "85073003328"}), "twice"),
        (tlv(IDENTITY | {0x06: "85073003329"}), "fails its check"),
        (tlv(IDENTITY | {0x06: ""}), "fails its check"),
        (tlv(IDENTITY | {0x07: b"\xe9lodie"}), "not utf-8"),
        (tlv(IDENTITY | {0x07: b"\xed\xa0\x80"}), "not utf-8"),
        (tlv(IDENTITY | {0x0D: "Z"}), "sex"),
    ],
)
def test_an_identity_file_that_breaks_the_rules_is_a_fault(content: bytes, why: str) -> None:
    assert why in fault(BelgianCard(identity=content))


def test_an_address_file_that_breaks_the_rules_is_a_fault() -> None:
    assert "past the end" in fault(BelgianCard(address=tlv(ADDRESS)[:-2]))


def test_a_photo_that_is_none_is_a_fault() -> None:
    assert "JPEG" in fault(BelgianCard(photo=b"GIF89a" + bytes(100)), photo=True)


class EndlessCard(BelgianCard):
    """A card whose files have no end."""

    def _read_binary(self, p1: int, p2: int, wanted: int) -> bytes:
        return b"\xff" * min(wanted, 240) + b"\x90\x00"


def test_a_file_without_an_end_is_read_to_its_bound_and_no_further() -> None:
    card = EndlessCard()
    fault(card, photo=True)
    assert len(card.log) < (2 * TEXT_FILE_BYTES_MAX + PHOTO_BYTES_MAX) // 240 + 10


def test_any_answer_at_any_command_ends_in_an_identity_a_fault_or_nothing() -> None:
    commands = BelgianCard()
    read(commands, photo=True)
    for command in dict.fromkeys(commands.log):
        for answer in ("", "90", "6C00", "6100", "6F00", "6982", "9000", "FF" * 256 + "9000"):
            card = BelgianCard()
            card.answers[command] = answer
            try:
                converse(KIND.read(card.atr, Wanted(photo=True)), card.apdu)
            except CardFault:
                assert len(card.log) < 200


@given(st.binary(max_size=300))
def test_no_bytes_bring_the_fields_down(data: bytes) -> None:
    try:
        found = fields(data)
    except CardFault:
        return
    assert sum(len(value) + 2 for value in found.values()) <= len(data)


@given(
    st.dictionaries(st.integers(1, 254), st.binary(max_size=600).map(lambda value: value + b"\1"), max_size=8),
    st.integers(0, 300),
)
def test_what_is_written_as_fields_is_read_as_them(written: dict[int, str | bytes], padding: int) -> None:
    assert fields(tlv(written) + bytes(padding)) == written


@given(st.dictionaries(st.integers(0, 14), st.text(max_size=20).map(str.encode)), st.binary(max_size=20))
def test_no_fields_bring_the_identity_down(person: dict[int, bytes], photo: bytes) -> None:
    try:
        identity({0x06: b"85073003328", **person}, person, photo)
    except CardFault as found:
        assert found.__cause__ is None  # noqa: PT017 -- some fields are those of a person


@given(st.text(max_size=24))
def test_no_text_brings_the_dates_down(written: str) -> None:
    for parse in (birth_day, validity_day):
        try:
            assert parse(written) is None or isinstance(parse(written), date)
        except CardFault as found:
            assert found.__cause__ is None  # noqa: PT017 -- some texts are dates
