"""PURE: the change from one authority of the hub to the next, as bytes: what is signed, and why an edge does not trust the next one.

Rules
    * A handover is signed by the authority that goes, in each of its states: whoever knows that one alone can follow, also years later.
    * ``number`` grows with each word about any handover; one that is not higher than what an edge has heard changes nothing.
    * A drill is a real TLS 1.3 handshake with the next authority's server certificate, carried in one request: the client's hello goes up, all
      that the server says to it comes back. The client has judged the server before it has to speak again, so nothing is kept between.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from central_sync.wire.limits import AUTHORITY_BYTES_MAX, HANDOVER_NUMBER_MAX, SIGNATURE_BYTES_MAX
from central_sync.wire.messages import Handover
from central_sync.wire.receipts import microseconds

DOMAIN = b"pishkhan handover 1\x00"
PASSED = "passed"
"""What a drill is called that did not fail."""
_STATE_BYTES_MAX = 32
_NAME_CHARACTERS = 16


class State(StrEnum):
    """``announced``: the next one is there, beside the present one; ``withdrawn``: it is no more; ``switched``: the next one is in use and the
    old one still believed; ``retired``: the old one is over.
    """

    ANNOUNCED = "announced"
    WITHDRAWN = "withdrawn"
    SWITCHED = "switched"
    RETIRED = "retired"


class Fault(StrEnum):
    """Why an edge does not trust the next authority."""

    STRANGER = "handover_stranger"
    UNSIGNED = "handover_unsigned"
    UNREADABLE = "authority_unreadable"
    NONE = "authority_is_none"
    KEY = "authority_key_foreign"
    EARLY = "authority_not_yet_valid"
    ENDED = "authority_ended"
    OTHER = "drill_other_authority"
    NAME = "drill_wrong_name"
    SERVER_ENDED = "drill_server_ended"
    BROKEN = "drill_broken"
    UNANSWERED = "drill_unanswered"
    DISK = "disk"


WHY = {
    Fault.STRANGER: "it is announced by an authority that is not known here",
    Fault.UNSIGNED: "the present authority did not sign it",
    Fault.UNREADABLE: "it is no certificate",
    Fault.NONE: "its certificate may not issue others",
    Fault.KEY: "its key is of a foreign kind",
    Fault.EARLY: "its time has not begun: look at the clocks",
    Fault.ENDED: "its time is over: look at the clocks",
    Fault.OTHER: "the hub's next certificate is of another authority",
    Fault.NAME: "the hub's next certificate is not for the name by which it is reached from here",
    Fault.SERVER_ENDED: "the hub's next certificate is not valid now",
    Fault.BROKEN: "the hub's answer to the drill cannot be used",
    Fault.UNANSWERED: "the hub did not answer the drill",
    Fault.DISK: "it cannot be kept on this disk",
}
"""One sentence each for whoever looks after it."""


def sentence(code: str) -> str:
    """What a fault's ``code`` means; nothing if it is none of ours."""
    return WHY[Fault(code)] if code in set(Fault) else ""


class HandoverRefused(ValueError):
    """The next authority is not trusted; ``fault`` says why. What was trusted is trusted."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault}: {WHY[fault]}")
        self.fault = fault


def name_of(authority: bytes) -> str:
    """How an authority (DER) is called among people and in reports: the beginning of its fingerprint."""
    return hashlib.sha256(authority).hexdigest()[:_NAME_CHARACTERS]


def signed_text(number: int, state: str, present: bytes, following: bytes, at_us: int) -> bytes:
    """What the authority that goes signs: ``DOMAIN`` || number (8) || microseconds since 1970 (8) || length of the state (1) || state ||
    SHA-256 of the present certificate (32) || length of the next one (4) || the next one. Numbers are big-endian.
    """
    written = state.encode()
    return b"".join(
        (
            DOMAIN,
            number.to_bytes(8, "big"),
            at_us.to_bytes(8, "big"),
            bytes([len(written)]),
            written,
            hashlib.sha256(present).digest(),
            len(following).to_bytes(4, "big"),
            following,
        )
    )


def text_of(word: Handover) -> bytes:
    """The signed text of ``word``, which is :func:`sane`."""
    return signed_text(word.number, word.state, word.present, word.following, microseconds(word.issued_at))


def sane(word: Handover) -> bool:
    """Whether everything in ``word`` is within bounds."""
    return (
        0 < word.number <= HANDOVER_NUMBER_MAX
        and 0 < len(word.state.encode(errors="replace")) <= _STATE_BYTES_MAX
        and 0 < len(word.present) <= AUTHORITY_BYTES_MAX
        and 0 < len(word.following) <= AUTHORITY_BYTES_MAX
        and 0 < len(word.signature) <= SIGNATURE_BYTES_MAX
        and word.issued_at.tzinfo is not None
        and word.issued_at.year >= 1970
    )
