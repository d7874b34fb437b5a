"""PURE: what a kind of card is to the driver that reads it. The table of kinds is in ``kinds.py``; how one is added, in docs/writing-a-driver.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from edge.readers import Wanted
from edge.readers.cards.conversation import Conversation
from edge.readers.cards.identity import CardIdentity


class CardKind(NamedTuple):
    """One kind of card.

    ``suits`` tells whether an ATR is surely or likely of this kind: it decides only who is asked first. ``read`` is the conversation: it
    returns ``None`` if the card is not of this kind, and raises ``CardFault`` if it is and its bytes break the rules.
    """

    name: str
    suits: Callable[[bytes], bool]
    read: Callable[[bytes, Wanted], Conversation[CardIdentity | None]]
