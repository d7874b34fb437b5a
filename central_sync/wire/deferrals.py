"""PURE: what the hub signs when a payer has yet to say whether it pays a share, so that anybody can check it years later.

Rules
    * signed = ``DOMAIN`` || the statement as JSON: UTF-8, keys sorted, no spaces, all keys there.
    * Keys: amount (smallest coins), currency, day (whose benefits count), institution, layer, payer, place (the share's number in the
      settlement, from 0), rulebook, scheme, settlement_id, signed_at (whole microseconds since 1970).
    * The signature is Ed25519; the signer's certificate is one of those that receipts are checked with (see ``receipts.py``).
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from msgspec import Struct

from central_sync.wire.packets import Settlement
from central_sync.wire.receipts import microseconds

DOMAIN = b"pishkhan deferred share 1\x00"


class Statement(Struct, frozen=True, kw_only=True):
    """What the hub says of one deferred share: it computed this amount, by this rulebook, and the payer has yet to decide."""

    settlement_id: str
    place: int
    institution: str
    layer: str
    scheme: str
    payer: str
    amount: int
    currency: str
    day: date
    rulebook: str
    signed_at: datetime


def signed_text(statement: Statement) -> bytes:
    """The bytes that are signed. ``signed_at`` is aware."""
    plain = {**msgspec.structs.asdict(statement), "signed_at": microseconds(statement.signed_at)}
    return DOMAIN + msgspec.json.encode(plain, order="sorted")


def statement_of(institution: str, settlement: Settlement, place: int) -> Statement | None:
    """The statement that the answer holds about its share ``place``; ``None`` if that is not deferred, or nothing was signed."""
    share = settlement.shares[place]
    if not share.deferred or share.deferral is None:
        return None
    return Statement(
        settlement_id=settlement.settlement_id,
        place=place,
        institution=institution,
        layer=share.layer,
        scheme=share.scheme,
        payer=share.payer,
        amount=share.amount,
        currency=settlement.currency,
        day=share.deferral.day,
        rulebook=settlement.rulebook,
        signed_at=share.deferral.signed_at,
    )
