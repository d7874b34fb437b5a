"""Which kind of card a card is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.conversation import COMMAND_BYTES_MAX, CardFault, Conversation, converse
from edge.readers.cards.hygiene import cleaned
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.kinds import KINDS, CardKind, identify
from tests.cards_played.all_kinds import BY_ATR_ONLY, PLAYED, Played
from tests.cards_played.be_eid import BelgianCard
from tests.cards_played.folders import Folder, FolderCard

ATR = bytes.fromhex("3B00")
PHOTO = Wanted(photo=True)
COMMANDS_MAX = 4_000
"""Of one conversation with one kind of card, however it answers; a good card needs some dozens."""


def kind(name: str, suits: bool, mine: bool) -> CardKind:
    def read(atr: bytes, wanted: Wanted) -> Conversation[CardIdentity | None]:
        yield name.encode()
        return CardIdentity(kind="", number="", card=name) if mine else None

    return CardKind(name, lambda _: suits, read)


def asked(*kinds: CardKind) -> tuple[str, list[bytes]]:
    sent: list[bytes] = []

    def transmit(command: bytes) -> bytes:
        sent.append(command)
        return b"\x90\x00"

    return converse(identify(ATR, Wanted(), kinds), transmit).card, sent


def test_kinds_that_suit_the_atr_are_asked_first_and_the_others_by_probing() -> None:
    a, b, c = kind("a", False, True), kind("b", True, False), kind("c", True, True)
    assert asked(a, b, c) == ("c", [b"b", b"c"])
    assert asked(a, b) == ("a", [b"b", b"a"])


def test_a_card_of_no_kind_is_told_by_its_atr() -> None:
    with pytest.raises(Refused, match="card_unknown") as caught:
        asked(kind("a", False, False))
    assert caught.value.detail == "ATR 3B00"


def test_every_kind_has_a_name_of_its_own_and_a_played_card() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert set(PLAYED) == {kind.name for kind in KINDS}


CARDS = [(name, played) for name, some in PLAYED.items() for played in some]


@pytest.mark.parametrize(("name", "played"), CARDS, ids=str)
def test_a_good_card_is_of_its_kind_by_its_atr_and_by_probing(name: str, played: Callable[[], Played]) -> None:
    for atr in (played().atr, ATR):
        if played in BY_ATR_ONLY and atr == ATR:
            continue
        card = played()
        identity = converse(identify(atr, PHOTO), card.apdu)
        assert identity.card == name
        assert cleaned(identity) == identity


def test_no_atr_is_taken_for_a_kind_by_two_but_where_a_chip_makers_start_is_shared() -> None:
    suits = {(name, card().atr): {kind.name for kind in KINDS if kind.suits(card().atr)} for name, card in CARDS}
    assert all(found <= {name, "ir_national"} for (name, _), found in suits.items())


@pytest.mark.parametrize("answer", ["6D00", "6E00", "6A82", "6982", "6700", "6F00", "6985"])
def test_a_card_that_refuses_everything_is_of_no_kind(answer: str) -> None:
    for atr in (ATR, *(played().atr for _, played in CARDS)):
        with pytest.raises(Refused, match="card_unknown"):
            converse(identify(atr, PHOTO), lambda _: bytes.fromhex(answer))


def test_a_card_with_an_empty_folder_is_of_no_kind() -> None:
    with pytest.raises(Refused, match="card_unknown"):
        converse(identify(ATR, Wanted()), FolderCard(Folder()).apdu)


ANSWERS = st.one_of(
    st.sampled_from(["9000", "6100", "6C00", "6C10", "6282", "6A82", "6A83", "6B00", "6D00", "", "90"]).map(
        bytes.fromhex
    ),
    st.binary(max_size=258).map(lambda data: data + b"\x90\x00"),
    st.binary(max_size=300),
)


class Bounded:
    """Answers from somewhere, and no end of patience: it counts, and looks at what it is sent."""

    def __init__(self, answer) -> None:
        self.answer, self.commands = answer, 0

    def transmit(self, command: bytes) -> bytes:
        self.commands += 1
        assert 4 <= len(command) <= COMMAND_BYTES_MAX
        assert self.commands <= COMMANDS_MAX, "the conversation does not end"
        return self.answer(command, self.commands)


def ends_well(kind: CardKind, atr: bytes, answer) -> None:
    """An identity, ``None`` or a fault, and nothing else."""
    card = Bounded(answer)
    try:
        found = converse(kind.read(atr, PHOTO), card.transmit)
    except CardFault as fault:
        found = None
        assert str(fault)  # noqa: PT017  a fault without a text helps nobody
    assert found is None or found.card == kind.name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(max_examples=200, deadline=None)
@given(answers=st.lists(ANSWERS, min_size=1, max_size=30), atr=st.binary(max_size=33))
def test_whatever_a_card_answers_the_conversation_ends_well(kind: CardKind, answers: list[bytes], atr: bytes) -> None:
    ends_well(kind, atr, lambda _, count: answers[(count - 1) % len(answers)])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_good_card_that_goes_wrong_at_any_answer_ends_well(kind: CardKind, data: st.DataObject) -> None:
    card = data.draw(st.sampled_from(PLAYED[kind.name]))()
    wrong_at = data.draw(st.integers(1, 60))
    how = data.draw(st.sampled_from(["once", "from then on", "a byte", "cut"]))
    instead, place, byte = data.draw(ANSWERS), data.draw(st.integers(0, 255)), data.draw(st.integers(0, 255))

    def answer(command: bytes, count: int) -> bytes:
        good = card.apdu(command)
        if count < wrong_at or (count > wrong_at and how != "from then on"):
            return good
        match how:
            case "a byte":
                place_in = place % len(good)
                return good[:place_in] + bytes([byte]) + good[place_in + 1 :]
            case "cut":
                return good[: place % len(good)]
        return instead

    ends_well(kind, card.atr, answer)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("endless", ["6100", "6C00", "61FF", "AA" * 256 + "9000", "AA" * 250 + "6110"])
def test_a_card_that_never_stops_answering_is_left(kind: CardKind, endless: str) -> None:
    ends_well(kind, ATR, lambda _command, _count: bytes.fromhex(endless))
    card = PLAYED[kind.name][0]()
    for turn in (1, 2, 3, 5, 8, 13):
        card.reset()
        ends_well(
            kind,
            card.atr,
            lambda command, count, turn=turn: card.apdu(command) if count < turn else bytes.fromhex(endless),
        )


@pytest.mark.parametrize("atr", [ATR, BelgianCard("1.8").atr])
def test_an_identity_card_on_a_chip_makers_chip_is_not_taken_for_another_countrys(atr: bytes) -> None:
    card = BelgianCard("1.8")
    card.applications[bytes.fromhex("A000000018434D00")] = Folder()
    card.answers["80CA9F7F2D"] = "9F7F2A" + "47" * 42 + "9000"
    assert converse(identify(atr, Wanted()), card.apdu).card == "be_eid"
