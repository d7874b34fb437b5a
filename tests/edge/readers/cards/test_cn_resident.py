"""Chinese resident cards: four layouts, what a hand does meanwhile, and what a bad card says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards import cn_resident, sdt
from edge.readers.cards.cn_resident import Reading, identity
from edge.readers.cards.conversation import CardFault, converse
from edge.readers.cards.identity import CardIdentity
from tests.cards_played import cn_resident as played
from tests.cards_played.cn_resident import FIND, NEW_ADDRESS, READ, SELECT, Card, SamV

PLAIN = Wanted()


def run(sam: SamV, wanted: Wanted = PLAIN, *, found: bool = False, y2023: bool = False) -> Reading | None:
    """A read over frames, each answer taken as the line's runner takes it."""

    def ask(request: sdt.Request) -> sdt.Answer:
        answers = [a for a in sdt.Frames().feed(sam.answer(request.frame.hex().upper())) if request.takes(a)]
        return answers[0] if answers else sdt.SILENT

    return converse(cn_resident.read(wanted, found=found, y2023=y2023), ask)


def read(sam: SamV, wanted: Wanted = PLAIN) -> CardIdentity:
    reading = run(sam, wanted)
    assert reading is not None
    return reading.identity


def test_a_citizens_card_says_who_it_is() -> None:
    assert read(SamV(Card())) == CardIdentity(
        kind="cn_resident_number",
        number="11010519491231002X",
        card="cn_resident",
        name="张三",
        birth_date=date(1949, 12, 31),
        sex="female",
        nationality="CHN",
        address="北京市朝阳区建国路1号",
        issuer="北京市公安局朝阳分局",
        valid_from=date(2020, 1, 1),
    )


def test_a_taiwan_residents_card_has_a_number_like_a_citizens_and_its_pass() -> None:
    found = read(SamV(Card(played.hmt_resident())))
    assert (found.card, found.kind, found.number) == ("cn_hmt_resident", "cn_resident_number", "830000199201300022")
    assert (found.card_number, found.valid_until, found.name) == ("T12345678", date(2029, 5, 1), "陳美玲")


@pytest.mark.parametrize(("chinese", "name"), [("", "NAZARBEKOVA, AIGERIM"), ("阿依", "阿依")])
def test_a_foreigners_card_of_2017_has_its_own_kind_of_number(chinese: str, name: str) -> None:
    found = read(SamV(Card(played.foreigner_2017(chinese=chinese))))
    assert (found.kind, found.number) == ("cn_foreign_resident_number", "KAZ110090123105")
    assert (found.name, found.latin_name, found.nationality) == (name, "NAZARBEKOVA, AIGERIM", "KAZ")
    assert (found.birth_date, found.valid_from, found.issuer) == (date(1990, 12, 31), date(2019, 3, 12), "1100")


def test_a_foreigners_card_of_2023_is_read_only_behind_its_flag() -> None:
    text = played.foreigner_2023()
    with pytest.raises(Refused, match="card_unknown") as caught:
        identity(text)
    assert "y2023" in caught.value.detail
    found = identity(text, y2023=True)
    assert (found.kind, found.number, found.nationality) == ("cn_foreign_resident_number", played.FOREIGNER_2023, "840")
    assert (found.name, found.latin_name) == ("卡尔", "LONGNAME, WOLFESCHLEGELSTEINHAUSENBERGERDORFF")
    assert (found.birth_date, found.valid_until) == (date(1985, 6, 15), date(2034, 1, 1))


def test_every_layout_fills_its_256_bytes_and_has_its_type_at_the_same_place() -> None:
    for layout in cn_resident.LAYOUTS.values():
        assert sum(width for _, width in layout.fields) == 256
        names = [name for name, _ in layout.fields]
        assert sum(width for _, width in layout.fields[: names.index("type")]) == 248


def test_a_new_address_replaces_the_printed_one() -> None:
    sam = SamV(Card(new_address="天津市和平区南京路3号"))
    assert read(sam).address == "天津市和平区南京路3号"
    sam = SamV(Card(), forgetful=True)
    assert run(sam) == Reading(identity(played.citizen()), answers=False)


def test_a_photo_is_given_only_to_who_wants_one() -> None:
    assert read(SamV(Card())).photo == b""
    assert read(SamV(Card()), Wanted(photo=True)).photo == played.PHOTO


def test_without_a_card_or_with_one_that_was_read_there_is_nothing_to_read() -> None:
    assert run(SamV()) is None
    sam = SamV(Card())
    read(sam)
    assert run(sam) is None
    sam.card = Card()
    assert read(sam).name == "张三"


def test_a_card_that_was_found_is_not_looked_for_twice() -> None:
    sam = SamV(Card(at="found"))
    assert run(sam, found=True) is not None
    assert sam.asked == [SELECT, READ, NEW_ADDRESS]


@pytest.mark.parametrize("request_", [SELECT, READ])
def test_a_card_that_is_pulled_meanwhile_was_removed(request_: str) -> None:
    sam = SamV(Card())
    sam.before[request_] = sam.lift
    with pytest.raises(Refused, match="card_removed"):
        run(sam)


def test_a_card_that_is_pulled_after_its_data_came_is_read() -> None:
    sam = SamV(Card())
    sam.before[NEW_ADDRESS] = sam.lift
    assert run(sam) == Reading(identity(played.citizen()), answers=False)


@pytest.mark.parametrize("request_", [FIND, SELECT, NEW_ADDRESS])
def test_a_damaged_answer_is_asked_for_again(request_: str) -> None:
    sam = SamV(Card(), spoil={request_: [lambda said: said[:-1] + bytes([said[-1] ^ 1])]})
    assert read(sam).name == "张三"


def test_damaged_data_end_with_the_wish_to_lift_the_card() -> None:
    sam = SamV(Card(), spoil={READ: [lambda said: said[:100] + b"?" + said[101:]]})
    with pytest.raises(CardFault, match="lift"):
        run(sam)


def test_a_read_that_fails_once_is_begun_anew() -> None:
    sam = SamV(Card())
    card = sam.card
    assert card is not None

    def stumble(_said: bytes) -> bytes:
        card.at = "new"
        return bytes.fromhex(played.NOT_READ)

    sam.spoil[READ] = [stumble]
    assert read(sam).name == "张三"
    assert sam.asked == [FIND, SELECT, READ, FIND, SELECT, READ, NEW_ADDRESS]


def test_two_cards_at_once_are_found_and_not_selected() -> None:
    sam = SamV(Card(), spoil={SELECT: [lambda _: bytes.fromhex(played.NOT_SELECTED)] * 3})
    with pytest.raises(Refused, match="card_unreadable") as caught:
        run(sam)
    assert "more than one" in caught.value.detail


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (FIND, 0x66, "reader_failed"),
        (FIND, 0x60, "reader_failed"),
        (SELECT, 0x21, "reader_failed"),
        (SELECT, 0x40, "card_unknown"),
        (READ, 0x40, "card_unknown"),
    ],
)
def test_what_the_reader_refuses_is_told(request_: str, status: int, code: str) -> None:
    sam = SamV(Card(), spoil={request_: [lambda _: played.answer_frame(status)] * 3})
    with pytest.raises(Refused, match=code) as caught:
        run(sam)
    assert f"{status:02X}" in caught.value.detail


@pytest.mark.parametrize("status", [0x31, 0x32, 0x33, 0x47, 0x24])
def test_what_the_card_refuses_is_a_fault(status: int) -> None:
    request_ = SELECT if status in (0x31, 0x32) else READ
    sam = SamV(Card(), spoil={request_: [lambda _: played.answer_frame(status)] * 3})
    with pytest.raises((CardFault, Refused)) as caught:
        run(sam)
    assert f"{status:02X}" in str(caught.value) or "card_removed" in str(caught.value)


@pytest.mark.parametrize("requests", [(FIND, SELECT), (SELECT,)])
def test_a_reader_that_stays_silent_has_failed(requests: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="reader_failed"):
        run(SamV(Card(), spoil={request_: [lambda _: b""] * 3 for request_ in requests}))


def test_silence_after_read_is_a_slow_card() -> None:
    with pytest.raises(Refused, match="card_slow"):
        run(SamV(Card(), spoil={READ: [lambda _: b""]}))


@pytest.mark.parametrize("request_", [FIND, SELECT])
def test_one_lost_answer_loses_no_read(request_: str) -> None:
    assert read(SamV(Card(), spoil={request_: [lambda _: b""]})).name == "张三"


def test_silence_after_the_data_loses_nothing() -> None:
    reading = run(SamV(Card(), spoil={NEW_ADDRESS: [lambda _: b""]}))
    assert reading is not None
    assert not reading.answers


@pytest.mark.parametrize(
    "text",
    [
        b"",
        played.citizen()[:-2],
        played.citizen(number="110105194912310021"),
        played.citizen(number=""),
        played.citizen(until="20250230"),
        played.citizen(until="tomorrow"),
        played.citizen(name="\ud800".encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") + "\x07"),
        b"\x00\xd8" + played.citizen()[2:],
        played.citizen()[:36] + played.column("19491331", 16) + played.citizen()[52:],
        played.citizen()[:36] + played.column("", 16) + played.citizen()[52:],
        played.foreigner_2017("KAZ110090123106"),
    ],
)
def test_a_text_that_breaks_the_rules_is_a_fault_and_never_quoted(text: bytes) -> None:
    with pytest.raises(CardFault) as caught:
        identity(text)
    assert "1101" not in str(caught.value)
    assert "张" not in str(caught.value)


def test_an_unknown_type_of_card_is_unknown() -> None:
    with pytest.raises(Refused, match="card_unknown"):
        identity(played.citizen(kind="Z"))


def test_a_citizens_type_may_be_written_as_zero() -> None:
    assert identity(played.citizen(kind="0")).card == identity(played.citizen(kind="\0")).card == "cn_resident"


@pytest.mark.parametrize("sizes", ["0100 0401", "0000 0000", "FFFF FFFF", "0500 0000"])
def test_lengths_that_lie_are_a_fault(sizes: str) -> None:
    data = bytes.fromhex(sizes) + played.citizen() + played.PHOTO
    sam = SamV(Card(), spoil={READ: [lambda _: played.answer_frame(0x90, data)]})
    with pytest.raises(CardFault):
        run(sam)


@given(st.binary(min_size=256, max_size=256), st.sampled_from([" ", "I", "J", "Y", "0"]))
def test_no_text_brings_it_down(text: bytes, kind: str) -> None:
    try:
        identity(text[:248] + kind.encode("utf-16-le") + text[250:], y2023=True)
    except (CardFault, Refused):
        return


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=1300)), max_size=12))
def test_no_answers_bring_it_down(answers: list[tuple[int, bytes]]) -> None:
    left = iter(answers)

    def ask(request: sdt.Request) -> sdt.Answer:
        for status, data in left:
            answer = sdt.Answer(status, data)
            if request.takes(answer):
                return answer
        return sdt.SILENT

    try:
        converse(cn_resident.read(PLAIN, y2023=True), ask)
    except (CardFault, Refused):
        return
