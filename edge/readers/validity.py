"""PURE: whether a card may be used on a civil day. Both days on a card are inclusive; a day that the card does not name is no bound."""

from __future__ import annotations

from datetime import date

from central_sync.wire.refusals import Refused
from edge.readers.cards.identity import CardIdentity

VALIDITY_REFUSALS = ("card_expired", "card_not_yet_valid")


def judge(identity: CardIdentity, today: date) -> None:
    """Refuse a card that may not be used on ``today``, the institution's civil day.

    Only the card's own days count. When an insurance begins and ends is for the hub to say, which knows what came after the card was made.

    Raises:
        Refused: one of :data:`VALIDITY_REFUSALS`; the detail names no day, since a card's days help to tell whose it is.
    """
    if identity.valid_until is not None and identity.valid_until < today:
        raise Refused("card_expired")
    if identity.valid_from is not None and today < identity.valid_from:
        raise Refused("card_not_yet_valid")
