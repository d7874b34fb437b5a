"""How the tests of the kinds talk to a played card."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge.readers import Wanted
from edge.readers.cards.conversation import CardFault, converse
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.kinds import CardKind, identify


def read(card, photo: bool = False) -> CardIdentity:
    """Who the card names, whatever kind it is."""
    card.reset()
    return converse(identify(card.atr, Wanted(photo=photo)), card.apdu)


def read_as(kind: CardKind, card, photo: bool = False) -> CardIdentity | None:
    """Who the card names if it is of this kind."""
    card.reset()
    return converse(kind.read(card.atr, Wanted(photo=photo)), card.apdu)


def who(kind: CardKind, card, photo: bool = False) -> CardIdentity:
    """Who the card names, which is of this kind."""
    found = read_as(kind, card, photo)
    assert found is not None
    return found


def fault_of(kind: CardKind, marks: Sequence[str], card, photo: bool = False) -> str:
    """Why the card of this kind cannot be read; the fault must not quote any of ``marks``."""
    with pytest.raises(CardFault) as caught:
        who(kind, card, photo)
    assert not [mark for mark in marks if mark in repr(caught.value)]
    assert caught.value.__cause__ is None
    return str(caught.value)


def fault(card, planted: str = "") -> str:
    """Why the card cannot be read; the fault must not quote what was planted on it."""
    with pytest.raises(CardFault) as caught:
        read(card)
    text = str(caught.value)
    assert not planted or planted not in text
    assert caught.value.__cause__ is None
    return text
