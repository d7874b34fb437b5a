"""The Estonian identity card of three makers, played from what their guides say."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers import Wanted
from edge.readers.cards.conversation import CardFault, converse
from edge.readers.cards.ee_eid import KIND, identity, old_identity
from edge.readers.cards.identity import CardIdentity
from tests.cards_played.be_eid import BelgianCard
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.ee_eid import (
    FIELDS_2002,
    FIELDS_2018,
    EstonianCard2002,
    EstonianCard2018,
    EstonianCard2025,
)
from tests.cards_played.folders import Folder, FolderCard
from tests.edge.readers.cards.asking import fault_of, who

MARKS = ("36805280109", "EORG", "1968", "2034", "AS0001234")
NEW = CardIdentity(
    kind="ee_personal_code",
    number="36805280109",
    card="ee_eid",
    name="JAAK-KRISTJAN JÕEORG",
    birth_date=date(1968, 5, 28),
    birth_place="EST",
    sex="male",
    nationality="EST",
    card_number="AS0001234",
    issuer="PPA",
    valid_from=date(2024, 2, 1),
    valid_until=date(2034, 1, 31),
)
OLD = CardIdentity(
    kind="ee_personal_code",
    number="36805280109",
    card="ee_eid",
    name="JAAK-KRISTJAN MÄRT ŽUKOV",
    birth_date=date(1968, 5, 28),
    birth_place="TALLINN / EESTI",
    sex="male",
    nationality="EST",
    card_number="A1234567",
    valid_from=date(2014, 2, 1),
    valid_until=date(2019, 1, 31),
)


read = partial(who, KIND)
fault = partial(fault_of, KIND, MARKS)


def changed(at: int, written: str | bytes) -> EstonianCard2018:
    fields = [field.encode() for field in FIELDS_2018]
    fields[at - 1] = written if isinstance(written, bytes) else written.encode()
    return EstonianCard2018(tuple(fields))


def old_changed(at: int, written: str) -> EstonianCard2002:
    return EstonianCard2002((*FIELDS_2002[: at - 1], written, *FIELDS_2002[at:]))


@pytest.mark.parametrize(
    ("card", "person"), [(EstonianCard2018, NEW), (EstonianCard2025, NEW), (EstonianCard2002, OLD)], ids=str
)
def test_a_card_of_each_maker_is_read_with_all_its_fields(card: type[FolderCard], person: CardIdentity) -> None:
    for t0 in (False, True):
        played = card()  # type: ignore[call-arg]
        played.t0 = t0
        assert KIND.suits(played.atr)
        assert read(played) == person
        assert read(played) == person
        assert {command[8:] for command in played.log if command[2:4] == "B0"} <= {"00"}


@pytest.mark.parametrize(
    "atr",
    ["3B6E00004573744549442076657220312E30", "3BDE18FFC080B1FE451F034573744549442076657220312E302B", "3BDB960080B1FE451F834553544F4E49412D65494455", "3B8B800100 12233F536549440F9000A0", "3B8F80018031D85365494464B085051012233F16"],
)  # fmt: skip
def test_older_and_contactless_cards_suit_too(atr: str) -> None:
    assert KIND.suits(bytes.fromhex(atr))


@pytest.mark.parametrize("blank", [b"", b"\0", b" ", b"\0\0\0", b" \0"])
def test_a_blank_field_is_empty_however_it_is_blank(blank: bytes) -> None:
    for at, name in ((2, "JÕEORG"), (1, "JAAK-KRISTJAN")):
        assert read(changed(at, blank)).name == name
    found = read(changed(5, blank))
    assert (found.birth_date, found.birth_place) == (None, "")
    assert read(changed(8, blank)).valid_until is None
    assert read(changed(3, blank)).sex == ""


@pytest.mark.parametrize("kind", [EstonianCard2018, EstonianCard2025])
def test_a_field_that_has_no_file_or_an_empty_one_is_blank(kind: type[EstonianCard2018 | EstonianCard2025]) -> None:
    card = kind()
    folder = card.main.children[0x5000] if isinstance(card, EstonianCard2018) else card.master.children[0xDFDD]
    assert isinstance(folder, Folder)
    del folder.children[0x5004]
    folder.children[0x5007] = b""
    found = read(card)
    assert (found.nationality, found.card_number, found.number) == ("", "", "36805280109")


def test_a_birth_date_need_not_have_a_place() -> None:
    assert (read(changed(5, "28 05 1968")).birth_date, read(changed(5, "28 05 1968")).birth_place) == (
        date(1968, 5, 28),
        "",
    )
    assert read(changed(5, "28 05 1968 USA New York")).birth_place == "USA New York"


@pytest.mark.parametrize(("letter", "sex"), [("M", "male"), ("F", "female"), ("N", "female")])
def test_a_woman_is_written_in_either_language(letter: str, sex: str) -> None:
    assert read(changed(3, letter)).sex == read(old_changed(4, letter)).sex == sex


@pytest.mark.parametrize(
    ("at", "written", "why"),
    [
        (6, "36805280108", "check"),
        (6, "", "check"),
        (6, "99999999999", "check"),
        (5, "31 02 1968 EST", "calendar"),
        (5, "1968", "no date"),
        (5, "2805 1968", "no date"),
        (8, "never", "no date"),
        (8, "00 00 0000", "calendar"),
        (9, "01 13 2024 PPA", "calendar"),
        (3, "Q", "sex"),
        (1, b"J\xd5EORG", "not utf-8"),
    ],
)
def test_a_field_that_breaks_the_rules_is_a_fault(at: int, written: str | bytes, why: str) -> None:
    assert why in fault(changed(at, written))


@pytest.mark.parametrize(
    ("at", "written", "why"), [(7, "36805280108", "check"), (9, "31.02.2019", "calendar"), (4, "?", "sex")]
)
def test_a_record_of_an_older_card_that_breaks_the_rules_is_a_fault(at: int, written: str, why: str) -> None:
    assert why in fault(old_changed(at, written))


def test_a_byte_that_cp1252_does_not_have_is_a_fault() -> None:
    records = [field.encode("cp1252") for field in FIELDS_2002]
    records[0] = b"J\x81EORG"
    assert "cp1252" in fault(EstonianCard2002(tuple(records)))


@pytest.mark.parametrize(
    "other",
    [
        EgkCard(),
        BelgianCard(),
        FolderCard(Folder()),
        FolderCard(Folder(), {"A000000063504B43532D3135": Folder()}),
        FolderCard(Folder(), {"A000000077010800070000FE00000100": Folder()}),
        FolderCard(Folder({0xEEEE: Folder()})),
    ],
)
def test_another_card_is_left_to_others_though_it_may_share_an_application(other: FolderCard) -> None:
    assert converse(KIND.read(other.atr, Wanted()), other.apdu) is None
    assert not KIND.suits(other.atr)


@pytest.mark.parametrize("kind", [EstonianCard2018, EstonianCard2025, EstonianCard2002])
def test_any_answer_at_any_command_ends_in_an_identity_a_fault_or_nothing(kind: type[FolderCard]) -> None:
    commands = kind()  # type: ignore[call-arg]
    read(commands)
    for command in dict.fromkeys(commands.log):
        for answer in ("", "90", "6C00", "6100", "6F00", "6982", "9000", "FF" * 256 + "9000"):
            card = kind()  # type: ignore[call-arg]
            card.answers[command] = answer
            try:
                converse(KIND.read(card.atr, Wanted()), card.apdu)
            except CardFault:
                assert len(card.log) < 200


@given(st.lists(st.text(max_size=24), min_size=9, max_size=11))
def test_no_fields_bring_it_down(fields: list[str]) -> None:
    fields[5:7] = ["36805280109", "36805280109"]
    for person in (lambda: identity(fields[:9]), lambda: old_identity((fields * 2)[:11])):
        try:
            assert person().number == "36805280109"
        except CardFault as found:
            assert found.__cause__ is None  # noqa: PT017 -- some fields are those of a person
