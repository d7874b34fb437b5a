"""How the tests of the kinds talk to a played card."""

from __future__ import annotations

import pytest

from edge.readers import Wanted
from edge.readers.cards.conversation import CardFault, converse
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.kinds import CardKind, identify


def read(card, photo: bool = False) -> CardIdentity:
    """Who the card names, whatever kind it is."""
    card.reset()
    return converse(identify(card.atr, Wanted(photo=photo)), card.apdu)


def read_as(kind: CardKind, card) -> CardIdentity | None:
    """Who the card names if it is of this kind."""
    card.reset()
    return converse(kind.read(card.atr, Wanted()), card.apdu)


def fault(card, planted: str = "") -> str:
    """Why the card cannot be read; the fault must not quote what was planted on it."""
    with pytest.raises(CardFault) as caught:
        read(card)
    text = str(caught.value)
    assert not planted or planted not in text
    assert caught.value.__cause__ is None
    return text
