"""The German health card, played from the facts of its standard."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers import Wanted
from edge.readers.cards import strict_xml
from edge.readers.cards.conversation import CardFault, converse
from edge.readers.cards.de_egk import KIND, PACKED_BYTES_MAX, iccsn, identity, inflated
from edge.readers.cards.identity import CardIdentity, Insurance
from tests.cards_played import de_egk as played
from tests.cards_played.be_eid import BelgianCard
from tests.cards_played.de_egk import INSURANCE, PERSON, EgkCard
from tests.cards_played.folders import LOCKED, Folder, FolderCard
from tests.edge.readers.cards.asking import fault_of, who

COVER = Insurance(
    payer="104212059", payer_name="Musterkasse Süd", member_number="A123456780", category="3", begins=date(2019, 4, 1), ends=date(2029, 12, 31)
)  # fmt: skip
MARKS = ("Muster", "A123456780", "Friedrich", "104212059", "1964")


read = partial(who, KIND)
fault = partial(fault_of, KIND, MARKS)


def with_person(inner: str) -> EgkCard:
    return EgkCard(pd=played.pd_file(gzip.compress(played.person(inner))))


def with_insurance(inner: str) -> EgkCard:
    return EgkCard(vd=played.vd_file(gzip.compress(played.insurance(inner))))


@pytest.mark.parametrize("generation", list(played.ATRS))
def test_a_card_of_each_generation_is_read_with_all_its_fields(generation: str) -> None:
    card = EgkCard(generation)
    assert KIND.suits(card.atr)
    assert read(card) == CardIdentity(
        kind="de_kvnr",
        number="A123456780",
        card="de_egk",
        name="Dr. Jörg Ælfric Graf von der Muster-Straßmann",
        birth_date=date(1964, 8, 12),
        sex="male",
        address="Friedrichstraße 136 a, Hinterhof, 10117 Berlin, D",
        card_number=played.ICCSN,
        insurance=COVER,
    )


@pytest.mark.parametrize("t0", [False, True])
@pytest.mark.parametrize("exact", [False, True])
def test_it_is_read_whatever_the_card_does_about_lengths(t0: bool, exact: bool) -> None:
    card = EgkCard()
    card.t0, card.exact = t0, exact
    assert read(card).insurance == COVER


def test_a_read_begins_with_select_so_that_what_was_chosen_before_does_not_matter() -> None:
    card = EgkCard()
    assert read(card) == read(card)
    assert card.log[0] == "00A4040C07D2760001448000"


def test_fields_that_are_not_there_are_empty_and_a_box_takes_the_place_of_a_street() -> None:
    person = read(
        with_person(
            "<Versicherter><Versicherten_ID>A123456780</Versicherten_ID><Person><Nachname>Muster</Nachname><PostfachAdresse>"
            "<Postleitzahl>10001</Postleitzahl><Ort>Berlin</Ort><Postfach>12 34</Postfach></PostfachAdresse></Person></Versicherter>"
        )
    )
    assert (person.name, person.birth_date, person.sex) == ("Muster", None, "")
    assert person.address == "Postfach 12 34, 10001 Berlin"
    assert read(with_person("<Versicherter/>")).kind == ""


@pytest.mark.parametrize(("letter", "sex"), [("M", "male"), ("W", "female"), ("X", "other"), ("D", "other")])
def test_each_sex_of_the_schema_has_its_word(letter: str, sex: str) -> None:
    assert read(with_person(PERSON.replace(">M<", f">{letter}<"))).sex == sex


@pytest.mark.parametrize("written", ["19640000", "19640800", "00000000", ""])
def test_of_a_birth_date_that_is_known_in_part_there_is_none(written: str) -> None:
    assert read(with_person(PERSON.replace("19640812", written))).birth_date is None


@pytest.mark.parametrize("card", [EgkCard(vd=played.vd_file(None)), EgkCard()])
def test_a_card_whose_insurance_is_absent_or_locked_still_names_the_person(card: EgkCard) -> None:
    if card.hca.children[0xD002] != played.vd_file(None):
        card.hca.locked.add(0xD002)
    assert (read(card).number, read(card).insurance) == ("A123456780", None)


def test_insurance_without_an_end_has_none() -> None:
    found = read(with_insurance(INSURANCE.replace("<Ende>20291231</Ende>", ""))).insurance
    assert found is not None
    assert (found.begins, found.ends) == (date(2019, 4, 1), None)


def test_a_card_without_a_number_file_and_without_a_status_is_read() -> None:
    card = EgkCard()
    del card.root.children[0x2F02], card.hca.children[0xD00C]
    assert (read(card).card_number, read(card).number) == ("", "A123456780")


@pytest.mark.parametrize(
    "card", [BelgianCard(), FolderCard(Folder(), {"D2760001448000": Folder()}), FolderCard(Folder())]
)
def test_another_card_is_left_to_others(card: FolderCard) -> None:
    assert converse(KIND.read(card.atr, Wanted()), card.apdu) is None
    assert not KIND.suits(card.atr)


BOMB = gzip.compress(b"<a>" + bytes(16_000_000))
GOOD = gzip.compress(played.person())


@pytest.mark.parametrize(
    ("pd", "why"),
    [
        (played.pd_file(b""), "container of 0 bytes"),
        (b"\xff\xff" + GOOD, "container of 65535 bytes"),
        (len(GOOD).to_bytes(2) + GOOD[:-1], "shorter than it says"),
        (b"\x01", "EF.PD was answered"),
        (b"", "EF.PD was answered 6B00"),
        (played.pd_file(GOOD[:-9]), "cut off"),
        (played.pd_file(GOOD[:-8] + b"\0" * 8), "check fails"),
        (played.pd_file(b"\0" * 100), "no gzip"),
        (played.pd_file(zlib.compress(played.person())), "no gzip"),
        (played.pd_file(BOMB[:PACKED_BYTES_MAX]), "grows beyond"),
        (played.pd_file(gzip.compress(b"<a>" + b" " * strict_xml.XML_BYTES_MAX)), "grows beyond"),
        (played.pd_file(gzip.compress(b"")), "not well formed"),
        (played.pd_file(gzip.compress(b'<!DOCTYPE R SYSTEM "file:///etc/passwd"><R/>')), "document type"),
        (played.pd_file(gzip.compress(played.person("<Versicherter>&x;</Versicherter>"))), "not well formed"),
        (played.pd_file(gzip.compress(played.insurance())), "another document"),
        (played.pd_file(gzip.compress(played.person().replace(b"ISO-8859-15", b"UTF-8"))), "encoding"),
        (played.pd_file(gzip.compress(played.person().replace(b"ISO-8859-15", b"UTF-16"))), "encoding"),
    ],
)  # fmt: skip
def test_personal_data_that_break_the_rules_are_a_fault(pd: bytes, why: str) -> None:
    assert why in fault(EgkCard(pd=pd))


def test_a_bomb_is_never_unpacked_beyond_the_bound() -> None:
    fullest = gzip.compress(bytes(4_000_000), 9)
    assert len(fullest) < PACKED_BYTES_MAX
    tracemalloc.start()
    try:
        with pytest.raises(CardFault, match="grows beyond"):
            inflated(fullest)
        assert tracemalloc.get_traced_memory()[1] < 4 * strict_xml.XML_BYTES_MAX
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        (PERSON.replace("A123456780", "A123456789"), "number fails its check"),
        (PERSON.replace("A123456780", "0499370899"), "number fails its check"),
        (PERSON.replace(">M<", ">K<"), "sex"),
        (PERSON.replace("19640812", "19640832"), "calendar"),
        (PERSON.replace("19640812", "12.08.1964"), "no date"),
        (PERSON.replace("<Vorname>", "<Vorname>Zwei</Vorname><Vorname>"), "several times"),
        (PERSON + PERSON, "several times"),
    ],
)
def test_a_person_who_breaks_the_rules_is_a_fault(inner: str, why: str) -> None:
    assert why in fault(with_person(inner))


PACKED_VD = gzip.compress(played.insurance())


@pytest.mark.parametrize(
    ("vd", "why"),
    [
        (b"\x00\x08", "shorter than its offsets"),
        (bytes.fromhex("0000 0100 FFFF FFFF") + bytes(600), "offsets"),
        (bytes.fromhex("0100 0008 FFFF FFFF") + bytes(600), "offsets"),
        (bytes.fromhex("0008 FFFE FFFF FFFF") + bytes(600), "container of"),
        (bytes.fromhex("0008 0400 FFFF FFFF") + bytes(100), "shorter than it says"),
        (bytes.fromhex("0008 0100 FFFF FFFF") + bytes(600), "no gzip"),
        (played.vd_file(PACKED_VD[:-9]), "cut off"),
        (played.vd_file(gzip.compress(played.person())), "another document"),
        (played.vd_file(gzip.compress(played.insurance(INSURANCE.replace("20190401", "20190230")))), "calendar"),
    ],
)
def test_insurance_data_that_break_the_rules_are_a_fault(vd: bytes, why: str) -> None:
    assert why in fault(EgkCard(vd=vd))


@pytest.mark.parametrize("half", ["FFFF 0100", "0008 FFFF"])
def test_one_absent_offset_is_enough_for_there_to_be_no_insurance(half: str) -> None:
    assert read(EgkCard(vd=bytes.fromhex(half) + b"\xff" * 4 + bytes(600))).insurance is None


def test_data_do_not_have_to_begin_right_after_the_offsets() -> None:
    assert read(EgkCard(vd=played.vd_file(PACKED_VD, start=100))).insurance == COVER


def test_an_update_that_was_begun_and_not_ended_is_a_fault() -> None:
    assert "update" in fault(EgkCard(status=b"1" + b"20260301120000" + bytes(5)))


@pytest.mark.parametrize("gdo", ["5A0980276001011699990F", "5A0A8027600101169999000F", "5A20", "5A"])
def test_a_card_number_that_is_none_is_a_fault(gdo: str) -> None:
    card = EgkCard()
    card.root.children[0x2F02] = bytes.fromhex(gdo)
    fault(card)


def test_a_locked_person_is_a_fault_that_names_the_status() -> None:
    card = EgkCard()
    card.hca.locked.add(0xD001)
    assert LOCKED.hex().upper() in fault(card)


def test_any_answer_at_any_command_ends_in_an_identity_a_fault_or_nothing() -> None:
    commands = EgkCard()
    read(commands)
    for command in dict.fromkeys(commands.log):
        for answer in ("", "90", "6C00", "6100", "6F00", "00" * 256 + "9000"):
            card = EgkCard()
            card.answers[command] = answer
            try:
                converse(KIND.read(card.atr, Wanted()), card.apdu)
            except CardFault:
                assert len(card.log) < 200


@given(st.binary(max_size=400))
def test_no_container_brings_it_down(data: bytes) -> None:
    for packed in (data, gzip.compress(data), GOOD[:20] + data):
        try:
            strict_xml.parsed(inflated(packed), "iso-8859-15")
        except CardFault as found:
            assert found.__cause__ is None  # noqa: PT017 -- a container that is well formed raises nothing


@given(st.binary(max_size=40))
def test_no_number_file_brings_it_down(gdo: bytes) -> None:
    try:
        assert len(iccsn(gdo)) in (0, 20)
    except CardFault as found:
        assert found.__cause__ is None  # noqa: PT017 -- a file that is well formed raises nothing


TAGS = ("Versicherten_ID", "Geburtsdatum", "Geschlecht", "Vorname", "Nachname")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TAGS), st.text(st.characters(codec="iso-8859-1", exclude_categories=["Cc"]), max_size=12)
        )
    )
)
def test_no_person_brings_it_down(fields: list[tuple[str, str]]) -> None:
    texts: dict[str, list[str]] = {}
    for tag, text in fields:
        texts.setdefault(f"Versicherter/{'Person/' if tag != 'Versicherten_ID' else ''}{tag}", []).append(text)
    try:
        found = identity(strict_xml.Document("UC_PersoenlicheVersichertendatenXML", texts), None, "")
    except CardFault:
        return
    assert (found.kind == "") == (found.number == "")
