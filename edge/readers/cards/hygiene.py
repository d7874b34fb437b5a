"""PURE: a last look at what a card says, whatever kind it is and whichever driver read it, before anybody else sees it.

A card is written by whoever made it, and a false one by anybody. Here each text is tidied (see ``texts.py``), each field is held to a length that no real
card reaches, and a number passes the check of its kind. What does not is a fault, never cut to fit: half a name is another name.
"""

from __future__ import annotations

from typing import Any

from msgspec import structs

from central_sync.terms import identifiers
from edge.readers.cards.conversation import CardFault
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.cards.texts import tidy

IDENTITY_CHARACTERS_MAX = {
    "card": 40, "name": 200, "latin_name": 200, "birth_place": 100, "nationality": 60, "address": 400, "card_number": 512, "issuer": 200,
}  # fmt: skip
"""Field → its longest text, after tidying. Belgian and Thai fields, the longest there are on cards, hold 255 and 100 bytes; a scanned token, which
goes as the card's number, up to 512."""
INSURANCE_CHARACTERS_MAX = {
    "payer": 40,
    "payer_name": 200,
    "member_number": 64,
    "category": 200,
    "hospital": 400,
    "second_hospital": 400,
}
PHOTO_BYTES_MAX = 65_536
SEXES = ("", "male", "female", "other")


def cleaned(identity: CardIdentity) -> CardIdentity:
    """``identity`` with every text tidied.

    Raises:
        CardFault: a text is too long, or the number is none; the fault names the field and quotes nothing.
    """
    if (identity.kind == "") != (identity.number == ""):
        raise CardFault("a number without its kind, or a kind without a number")
    if identity.kind and identifiers.checked(identity.kind, identity.number) != identity.number:
        raise CardFault("the number fails its check")
    if identity.sex not in SEXES:
        raise CardFault("a sex that is not known")
    if len(identity.photo) > PHOTO_BYTES_MAX:
        raise CardFault(f"a photo of over {PHOTO_BYTES_MAX} bytes")
    changes: dict[str, Any] = _tidied(identity, IDENTITY_CHARACTERS_MAX)
    if identity.insurance is not None:
        changes["insurance"] = structs.replace(
            identity.insurance, **_tidied(identity.insurance, INSURANCE_CHARACTERS_MAX)
        )
    return structs.replace(identity, **changes)


def _tidied(part: CardIdentity | Insurance, characters_max: dict[str, int]) -> dict[str, str]:
    found = {}
    for field, most in characters_max.items():
        found[field] = tidy(getattr(part, field))
        if len(found[field]) > most:
            raise CardFault(f"a {field} of over {most} characters")
    return found
