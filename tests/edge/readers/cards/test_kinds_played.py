"""Every played card is found to be of its own kind: by its ATR, and by probing when nobody knows the ATR."""

from __future__ import annotations

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.conversation import converse
from edge.readers.cards.kinds import KINDS, identify
from tests.cards_played.be_eid import BelgianCard
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.ee_eid import EstonianCard2002, EstonianCard2018, EstonianCard2025
from tests.cards_played.folders import Folder, FolderCard

PLAYED = {
    "de_egk": (EgkCard,),
    "be_eid": (BelgianCard,),
    "ee_eid": (EstonianCard2018, EstonianCard2025, EstonianCard2002),
}
CARDS = [(kind, card) for kind, cards in PLAYED.items() for card in cards]
STRANGE_ATR = bytes.fromhex("3B00")


@pytest.mark.parametrize(("kind", "card"), CARDS, ids=str)
def test_a_card_is_of_its_kind_by_its_atr_and_by_probing(kind: str, card: type[FolderCard]) -> None:
    played = card()  # type: ignore[call-arg]
    assert [one.name for one in KINDS if one.suits(played.atr)] == [kind]
    for atr in (played.atr, STRANGE_ATR):
        played.reset()
        assert converse(identify(atr, Wanted()), played.apdu).card == kind


def test_every_kind_is_played() -> None:
    assert {kind.name for kind in KINDS} <= set(PLAYED)


@pytest.mark.parametrize("answer", ["6A82", "6D00", "6E00", "6982", "6700", "6F00"])
def test_a_card_that_refuses_everything_is_unknown(answer: str) -> None:
    with pytest.raises(Refused, match="card_unknown"):
        converse(identify(STRANGE_ATR, Wanted()), lambda _: bytes.fromhex(answer))


def test_a_card_with_an_empty_folder_is_unknown() -> None:
    with pytest.raises(Refused, match="card_unknown"):
        converse(identify(STRANGE_ATR, Wanted()), FolderCard(Folder()).apdu)
