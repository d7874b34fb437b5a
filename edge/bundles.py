"""PURE: whether a bundle from the hub may be used here: bytes, the authority, what is in use → a rulebook, or a named refusal.

Rules
    * Whole first, then whose: a file that ends early, was changed or is of a later program is told apart from one that a stranger signed.
    * The signature is judged by the certificate in the file, that by the authority which this edge was enrolled with, at the instant that the
      statement names. No line is needed.
    * It must be for this institution, and newer than what is in use. Nothing is unpacked before all of that holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from central_sync.benefits import compiled
from central_sync.benefits.bundle import BundleBroken
from central_sync.benefits.compiled import BundleNewer, Compiled
from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault, Statement
from edge import signatures
from edge.errors import ReceiptInvalid


@dataclass(frozen=True, slots=True)
class Accepted:
    """A rulebook that may be used, and what the hub vouched for."""

    told: Statement
    whole: Compiled


def judged(file: bytes, authority: bytes, institution: str, number: int = 0) -> Accepted:
    """The rulebook in ``file``. ``authority`` is the hub's (PEM), ``number`` that of the bundle in use (0: none).

    Raises:
        BundleRefused: it is not used; nothing of it was.
    """
    head, body = bundles.opened(file)
    told = head.statement
    try:
        signers = signatures.read(head.certificate, authority)
        signatures.check(signers, head.signer, head.signature, bundles.signed_text(told), told.issued_at)
    except (ReceiptInvalid, ValueError) as error:
        raise BundleRefused(Fault.STRANGER) from error
    if told.institution != institution:
        raise BundleRefused(Fault.ELSEWHERE)
    if told.number <= number:
        raise BundleRefused(Fault.OLDER, f"{told.number}, in use {number}")
    try:
        whole = compiled.unpacked(bundles.plain(body))
    except BundleNewer as error:
        raise BundleRefused(Fault.NEWER) from error
    except BundleBroken as error:
        raise BundleRefused(Fault.DAMAGED, "no rulebook") from error
    if (whole.version, whole.rulebook.version, whole.audit.version) != (told.version, told.law, told.audit):
        raise BundleRefused(Fault.DAMAGED, "another version than it names")
    if told.region not in whole.rulebook.regions:
        raise BundleRefused(Fault.ELSEWHERE, "without its region")
    return Accepted(told, whole)
