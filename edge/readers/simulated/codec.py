"""PURE: the simulated card, bytes → identity.

A card is a JSON object ``{"kind": "ir_national_code", "number": "…", "name": "…", "birth_date": "1980-01-31", "sex": "female"}``; all but
the first two may be missing. The number must pass the check of its kind, as a real card's would.
"""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Struct

from central_sync.terms import identifiers
from central_sync.wire.refusals import Refused
from edge.readers.cards.identity import CardIdentity

CARD_BYTES_MAX = 4096
KIND = "simulated"


class _File(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: str
    number: str
    name: str = ""
    birth_date: date | None = None
    sex: str = ""


def identity(content: bytes) -> CardIdentity:
    """Who the card names.

    Raises:
        Refused: ``card_unreadable``; the detail never quotes the card.
    """
    if len(content) > CARD_BYTES_MAX:
        raise Refused("card_unreadable", f"over {CARD_BYTES_MAX} bytes")
    try:
        card = msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refused("card_unreadable", "not a card's JSON") from error
    number = identifiers.checked(card.kind, card.number)
    if number is None:
        raise Refused("card_unreadable", "the number fails its check")
    return CardIdentity(
        kind=card.kind,
        number=number,
        card=KIND,
        name=identifiers.normalised(card.name),
        birth_date=card.birth_date,
        sex=card.sex,
    )
