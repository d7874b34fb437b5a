"""PURE: the simulated card, bytes → identity.

A card is a JSON object with the fields of :class:`~edge.readers.cards.identity.CardIdentity`::

    {"kind": "ir_national_code", "number": "0499370899", "name": "…", "birth_date": "1980-01-31", "sex": "female"}
    {
        "kind": "de_kvnr",
        "number": "A123456780",
        "name": "…",
        "insurance": {"payer": "…", "begins": "2020-01-01"},
        "photo": "<base64>",
    }
    {"card": "emv", "card_number": "411111******1111", "valid_until": "2030-12-31"}

All may be missing but the number and its kind; a card that does not carry the person's number has a ``card_number`` instead. The number must pass
the check of its kind, as a real card's would. ``card`` is the kind of card that is played; left out, it is ``simulated``.
"""

from __future__ import annotations

import msgspec

from central_sync.terms import identifiers
from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.identity import CardIdentity

CARD_BYTES_MAX = 32_768
KIND = "simulated"


class _File(CardIdentity, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may stand in a card's file: all that an identity has."""

    kind: str = ""
    number: str = ""
    card: str = KIND


def identity(content: bytes, wanted: Wanted) -> CardIdentity:
    """Who the card names.

    Raises:
        Refused: ``card_unreadable``; the detail never quotes the card.
    """
    if len(content) > CARD_BYTES_MAX:
        raise Refused("card_unreadable", f"over {CARD_BYTES_MAX} bytes")
    try:
        card = msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        # its text may quote the card
        raise Refused("card_unreadable", "not a card's JSON") from None
    bare = not card.kind and not card.number
    number = "" if bare else identifiers.checked(card.kind, card.number)
    if number is None or (bare and not card.card_number):
        raise Refused("card_unreadable", "the number fails its check")
    fields = {field: getattr(card, field) for field in CardIdentity.__struct_fields__}
    changed = {"number": number, "name": identifiers.normalised(card.name)}
    return CardIdentity(**(fields | changed | ({} if wanted.photo else {"photo": b""})))
