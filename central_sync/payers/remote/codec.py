"""PURE: claims as JSON, and a payer's answers from bytes. Nothing of an answer is believed before its signature holds and it says what was asked.

See ``README.md`` for the protocol.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from central_sync.errors import PayerAway, PayerUnavailable
from central_sync.payers.claims import Answer, Claim
from central_sync.payers.limits import ANSWER_BYTES_MAX, REASON_CHARACTERS_MAX

VERSION = 1
DOMAIN = b"pishkhan payer answer 1\x00"
_OK = 200
_AWAY = frozenset({429, 500, 502, 503, 504})
"""What says of the payer's system, and not of this claim, that it cannot answer now."""
SIGNATURE_HEADER = "Payer-Signature"
Verified = Callable[[bytes, bytes], bool]
"""(signature, text) → whether the payer's key made it."""


class ClaimBody(Struct, frozen=True, kw_only=True):
    """What is sent, to be settled and to be taken back."""

    version: int
    claim: str
    settlement_id: str
    institution: str
    member: str
    layer: str
    scheme: str
    day: date
    currency: str
    amount: int
    rulebook: str


class AnswerBody(Struct, frozen=True, kw_only=True):
    """What comes back. ``amount`` is what the payer takes upon it: the whole share, or 0."""

    claim: str
    answer: Literal["accepted", "declined", "taken_back"]
    amount: int
    currency: str
    reason: Annotated[str, Meta(max_length=REASON_CHARACTERS_MAX, pattern=r"^[!-~]*$(?!\n)")] = ""


def packed(claim: Claim) -> bytes:
    """``claim`` as it is sent."""
    body = ClaimBody(
        version=VERSION,
        claim=claim.id,
        settlement_id=claim.settlement_id,
        institution=claim.institution,
        member=claim.member,
        layer=claim.layer,
        scheme=claim.scheme,
        day=claim.day,
        currency=claim.currency,
        amount=claim.amount,
        rulebook=claim.rulebook,
    )
    return msgspec.json.encode(body)


def settled(claim: Claim, status: int, body: bytes, signature: str, verified: Verified) -> Answer:
    """The payer's answer to a claim that was to be settled.

    Raises:
        PayerUnavailable: it is none; the text is a code that says in which way.
    """
    said, evidence = _read(claim, status, body, signature, verified)
    if said.answer == "taken_back":
        raise PayerUnavailable("wrong_answer")
    if said.amount != (claim.amount if said.answer == "accepted" else 0):
        raise PayerUnavailable("wrong_amount")
    return Answer(said.answer == "accepted", said.reason, evidence)


def taken_back(claim: Claim, status: int, body: bytes, signature: str, verified: Verified) -> None:
    """Whether the payer has heard that a claim is taken back.

    Raises:
        PayerUnavailable: as :func:`settled`.
    """
    said, _ = _read(claim, status, body, signature, verified)
    if said.answer != "taken_back" or said.amount != 0:
        raise PayerUnavailable("wrong_answer")


def _read(claim: Claim, status: int, body: bytes, signature: str, verified: Verified) -> tuple[AnswerBody, bytes]:
    if status in _AWAY:
        raise PayerAway(f"http_{status}")
    if status != _OK:
        raise PayerUnavailable(f"http_{status}")
    if len(body) > ANSWER_BYTES_MAX:
        raise PayerUnavailable("answer_too_large")
    try:
        signed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise PayerUnavailable("wrong_signature") from None
    if not verified(signed, DOMAIN + body):
        raise PayerUnavailable("wrong_signature")
    try:
        said = msgspec.json.decode(body, type=AnswerBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PayerUnavailable("no_answer") from None  # the original's text may quote what was sent
    if said.claim != claim.id:
        raise PayerUnavailable("wrong_claim")
    if said.currency != claim.currency:
        raise PayerUnavailable("wrong_currency")
    return said, msgspec.msgpack.encode([body, signed])
