"""PURE: a person as a card names them, whatever the card."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class CardIdentity(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who the card names. ``kind`` and ``number`` are an identifier that has passed its check; ``card`` is the kind of card.

    ``name`` is as written on the card, in any script; ``sex`` is ``male``, ``female`` or empty.
    """

    kind: str
    number: str
    card: str
    name: str = ""
    birth_date: date | None = None
    sex: str = ""
