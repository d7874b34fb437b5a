"""The messages between edge and hub: a batch up, its receipts down, and the feed.

A batch holds items in the edge's order; the hub handles them in that order and answers each. Items of one lane (one
case) never overtake each other: after an item of a lane that must be tried again, the hub leaves the rest of the lane.
An item's answer *is* its receipt: the hub has committed before it answers.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct


class Message(Struct, frozen=True, omit_defaults=True):
    """Base of everything on the line; unknown fields are ignored, so that a newer peer may say more."""


class Transaction(Message, tag="transaction", frozen=True, kw_only=True):
    """One transaction of the HIS. ``packet`` is the request struct in MessagePack; ``hid`` is its case, whether leased just
    now (2201, 2401), copied from the packet, or taken from the original; empty for what belongs to no case.

    ``lane`` orders: same lane, same order. ``operator`` and ``workstation`` are context and no part of the digest.
    """

    msgid: str
    number: str
    packet: bytes
    lane: str
    recorded_at: datetime
    business_day: date
    hid: str = ""
    operator: str = ""
    workstation: str = ""


class Ask(Message, tag="ask", frozen=True, kw_only=True):
    """What became of this fence transaction? If the hub never applied it, it writes a tombstone in the same commit, so that
    a late copy is stopped: the answer is always final.
    """

    msgid: str
    number: str
    lane: str
    digest: bytes


Item = Transaction | Ask


class Batch(Message, frozen=True, kw_only=True):
    """What an edge sends. ``sent_at`` is its clock at that moment."""

    version: int
    institution: str
    sent_at: datetime
    items: list[Item]


class Verdict(StrEnum):
    """What the hub says of an item. ``again``: send it later. With ``hub_busy`` it certainly changed nothing; with
    ``hub_fault`` the hub failed inside, perhaps just after its commit (a database that dies in that moment does not say): a fence is
    then asked for, not withdrawn.
    """

    FINAL = "final"
    REFUSED = "refused"
    AGAIN = "again"


class ItemAnswer(Message, frozen=True, kw_only=True):
    """The receipt of one item. ``packet`` is the answer struct in MessagePack when final; ``code`` and ``detail`` when refused
    or to be sent again. ``repeated``: this is the stored answer of an earlier copy.
    """

    msgid: str
    verdict: Verdict
    packet: bytes = b""
    code: str = ""
    detail: str = ""
    confirmation: str = "none"
    decided_at: datetime | None = None
    repeated: bool = False


class BatchAnswer(Message, frozen=True, kw_only=True):
    """Answers in the order of the items. ``code`` is set, and ``answers`` empty, when the whole batch was refused
    (clock_wrong, version_unsupported, institution_wrong): then nothing of it was applied.
    """

    version: int
    hub_time: datetime
    answers: list[ItemAnswer]
    code: str = ""
    detail: str = ""


class HidBlock(Message, tag="hid_block", frozen=True, kw_only=True):
    """A lease of HID serials ``first`` … ``last``, both included, for registrations and admissions of this institution."""

    first: int
    last: int


class Notice(Message, tag="notice", frozen=True, kw_only=True):
    """A sentence from central operations for the hospital's desks and technicians."""

    text: str
    audience: str = "desk"


class ConfirmationChange(Message, tag="confirmation_change", frozen=True, kw_only=True):
    """A settlement's confirmation was decided at the hub by a person: ``confirmed`` or ``annulled``."""

    msgid: str
    confirmation: str


FeedBody = HidBlock | Notice | ConfirmationChange


class FeedItem(Message, frozen=True, kw_only=True):
    """One item of the downlink. ``cursor`` grows; the edge stores the body and the cursor in one commit."""

    cursor: int
    at: datetime
    body: FeedBody


class Feed(Message, frozen=True, kw_only=True):
    """The answer of a long poll: what came after the edge's cursor, possibly nothing."""

    version: int
    hub_time: datetime
    items: list[FeedItem]


class EnrolRequest(Message, frozen=True, kw_only=True):
    """The edge's certificate signing request (PEM) and the one-time code's secret."""

    version: int
    secret: str
    signing_request: str


class Enrolment(Message, frozen=True, kw_only=True):
    """The edge's identity as the hub gave it. Certificates are PEM; ``zone`` is an IANA name; ``sync_url`` is where to send."""

    institution: str
    name: str
    zone: str
    currency: str
    calendar: str
    certificate: str
    authority: str
    sync_url: str
