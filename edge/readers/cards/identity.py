"""PURE: a person as a card names them, whatever the card."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class Insurance(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the card itself says of an insurance; the hub's word counts, not this."""

    payer: str = ""
    """The payer's national number (a Kostenträgerkennung, a pooling area)."""
    payer_name: str = ""
    member_number: str = ""
    category: str = ""
    """The insured person's class, in the payer's own code."""
    begins: date | None = None
    ends: date | None = None
    hospital: str = ""
    """Where the person is registered, as the card writes it."""
    second_hospital: str = ""
    """Where else, if the card names a second one (in Thailand the sub-hospital)."""


class CardIdentity(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who the card names.

    ``kind`` and ``number`` are an identifier that has passed its check (``central_sync.terms.identifiers``). Both are empty when the card does
    not carry the person's number (an Iranian national card without keys, a bank card): then ``card_number`` is all there is, and the
    person's number is typed or scanned. ``card`` is the kind of card.

    Names are as written on the card, in any script; ``latin_name`` where the card has a second one. ``sex`` is ``male``, ``female``, ``other`` or empty.
    ``nationality`` is as the card codes it. A ``valid_until`` that is missing means no end.
    """

    kind: str
    number: str
    card: str
    name: str = ""
    latin_name: str = ""
    birth_date: date | None = None
    birth_place: str = ""
    sex: str = ""
    nationality: str = ""
    address: str = ""
    card_number: str = ""
    issuer: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    insurance: Insurance | None = None
    photo: bytes = b""
