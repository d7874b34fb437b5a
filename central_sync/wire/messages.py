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

    ``lane`` orders: same lane, same order. ``operator`` and ``workstation`` are context and no part of the digest, nor is ``card_read``:
    the edge's read id of the card that proves who was there; empty: nothing was proven.
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
    card_read: str = ""


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
    """What an edge sends. ``sent_at`` is its clock at that moment.

    ``life`` names the edge's journal (16 random bytes, made with it and again after a restore), ``head`` is the last sequence number
    that it holds durably, and ``run`` (8 random bytes) names this start of the edge's program: see ``central_sync/fleet/lives.py``.
    """

    version: int
    institution: str
    sent_at: datetime
    items: list[Item]
    life: bytes = b""
    head: int = 0
    run: bytes = b""


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
    or to be sent again. ``repeated``: this is the stored answer of an earlier copy. ``digest`` is the hub's own digest of the
    transaction that stands in its ledger; empty for what it does not keep.
    """

    msgid: str
    verdict: Verdict
    packet: bytes = b""
    code: str = ""
    detail: str = ""
    confirmation: str = "none"
    decided_at: datetime | None = None
    repeated: bool = False
    digest: bytes = b""


class BatchAnswer(Message, frozen=True, kw_only=True):
    """Answers in the order of the items. ``code`` is set, and ``answers`` empty, when the whole batch was refused
    (clock_wrong, version_unsupported, institution_wrong, life_over): then nothing of it was applied.

    ``signature`` is the hub's receipt for what the edge journals, Ed25519 over ``receipts.signed_text``; ``signer`` names the
    certificate that it is checked with (``receipts.signer_name``). Both are empty where there is nothing to sign for.
    ``retry_after_s``: with ``hub_busy``, when to come again with what nobody waits for.
    """

    version: int
    hub_time: datetime
    answers: list[ItemAnswer]
    code: str = ""
    detail: str = ""
    signer: str = ""
    signature: bytes = b""
    retry_after_s: int = 0


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


class BundleWord(Message, frozen=True, kw_only=True):
    """A rulebook is in force that the edge does not have: what to ask for. ``rulebook`` is its version."""

    number: int
    rulebook: str


class PayerWord(Message, frozen=True, kw_only=True):
    """A payer that is asked apart and gives no answer that can be used: its code, when the oldest of what it was asked was settled, and for how many shares of
    this institution the hub waits.
    """

    payer: str
    since: datetime
    shares: int


class Handover(Message, frozen=True, kw_only=True):
    """What the hub says of the change from one authority to the next; ``handovers.py`` says what is signed. ``present`` and ``following``
    are certificates (DER), ``state`` is one of ``handovers.State``, ``signature`` is by the key of ``present`` (ECDSA P-256 with SHA-256, DER).
    """

    number: int
    state: str
    present: bytes
    following: bytes
    issued_at: datetime
    signature: bytes


class Trail(Message, frozen=True, kw_only=True):
    """Every handover that was done, oldest first: how an edge that was away finds from the authority that it knows to the present one."""

    version: int
    handovers: list[Handover]


class Feed(Message, frozen=True, kw_only=True):
    """The answer of a long poll: what came after the edge's cursor, possibly nothing. ``bundle``: besides, if the poll named a rulebook's
    number (``bundle=NUMBER``) and one with a higher number is in force. ``handover``: the same for the hub's authority (``handover=NUMBER``).
    ``payers``: which payers the hub waits for, empty if it waits for none; ``None``: it does not say. They are no items: an edge that does not
    know them passes over them.
    """

    version: int
    hub_time: datetime
    items: list[FeedItem]
    bundle: BundleWord | None = None
    payers: list[PayerWord] | None = None
    handover: Handover | None = None


class ReaderWord(Message, frozen=True, kw_only=True, gc=False):
    """One card reader of an edge: its name there, and what troubles it, as a code; empty: nothing."""

    name: str
    trouble: str = ""


class EdgeReport(Message, frozen=True, kw_only=True, gc=False):
    """How an edge is, said with its poll of the feed (``reports.py``). ``sent_at`` is its clock; nobody's name and no case in it.

    ``pending``: transactions without a receipt, the oldest recorded at ``oldest_at``; ``in_doubt`` of them are fences, the oldest from
    ``in_doubt_since``. ``skew_ms``: its clock less the hub's, as it saw them last. ``hours_left``: how long its disk lasts, if it knows.
    ``legs``: each leg of the way from card to hub and how it is (``well``, ``warning``, ``broken``, ``unknown``). ``authority``: who issued its
    certificate; ``authority_next``: whom it has drilled, with the result in ``authority_drill`` (``handovers.PASSED`` or a ``Fault``). ``tunnel``: the
    key at the hub's end of its tunnel; ``tunnel_next`` and ``tunnel_drill``: the same for the next one (``tunnels.py``). ``update_root``: the version of
    the root of updates that it believes; ``update``: how its last look for one ended, as a code.
    ``differences``: of the last comparison of books (``compare.py``), what will not come right by itself.
    """

    version: int
    sent_at: datetime
    program: str = ""
    pending: int = 0
    oldest_at: datetime | None = None
    in_doubt: int = 0
    in_doubt_since: datetime | None = None
    parked: int = 0
    awaited: int = 0
    contradictions: int = 0
    skew_ms: int = 0
    certificate_ends: datetime | None = None
    hids_left: int = 0
    hours_left: float | None = None
    free_bytes: int = 0
    full: bool = False
    journal_usable: bool = True
    backup_days: int = 0
    workstations: int = 0
    rulebook: str = ""
    rulebook_number: int = 0
    rulebook_trouble: str = ""
    readers: int = 0
    readers_troubled: list[ReaderWord] = []
    legs: dict[str, str] = {}
    authority: str = ""
    authority_next: str = ""
    authority_drill: str = ""
    differences: int = 0
    tunnel: str = ""
    tunnel_next: str = ""
    tunnel_drill: str = ""
    update_root: int = 0
    update: str = ""


class BundlePart(Message, frozen=True, kw_only=True):
    """A piece of the institution's own bundle as it is in force now (``bundles.py`` says what it holds): ``data`` stands at ``offset``
    of ``total`` bytes. ``digest`` is the SHA-256 of the whole file: pieces of one digest belong together, whatever hub process gave them.
    ``body`` is the SHA-256 of the file's body, which begins at ``head_bytes``: the body is the same from processes that sign differently.
    """

    version: int
    hub_time: datetime
    number: int
    total: int
    digest: bytes
    offset: int
    data: bytes
    body: bytes = b""
    head_bytes: int = 0


class CompareRequest(Message, frozen=True, kw_only=True):
    """What does the hub hold of what was recorded in [``from_at``, ``to_at``)? Ranges are prefixes of keys in hexadecimal digits; see
    compare.py. ``splits`` are to be told as 16 statements each, ``lists`` item by item, ``names`` are keys whose transactions to name.
    """

    version: int
    from_at: datetime
    to_at: datetime
    splits: list[str] = []
    lists: list[str] = []
    names: list[bytes] = []


class Named(Message, frozen=True, kw_only=True):
    """A transaction that the hub holds, so that a person or a restored edge can ask for it."""

    key: bytes
    msgid: str
    number: str
    recorded_at: datetime


class CompareAnswer(Message, frozen=True, kw_only=True):
    """``splits``: for each, 16 times 4 bytes of count and 16 of digest; ``lists``: for each, 8 bytes of key and 8 of fingerprint an item, by
    key; ``names``: what was found of them. ``code`` is set when the hub does not answer.
    """

    version: int
    hub_time: datetime
    splits: list[bytes] = []
    lists: list[bytes] = []
    names: list[Named] = []
    code: str = ""
    detail: str = ""


class EnrolRequest(Message, frozen=True, kw_only=True):
    """The edge's certificate signing request (PEM) and the one-time code's secret."""

    version: int
    secret: str
    signing_request: str


class Enrolment(Message, frozen=True, kw_only=True):
    """The edge's identity as the hub gave it. Certificates are PEM; ``zone`` is an IANA name; ``sync_url`` is where to send,
    ``enrol_url`` where an edge whose certificate has ended asks for a new one (empty: where it enrolled).
    """

    institution: str
    name: str
    zone: str
    currency: str
    calendar: str
    certificate: str
    authority: str
    sync_url: str
    enrol_url: str = ""


class Renewal(Message, frozen=True, kw_only=True):
    """The edge asks for a new certificate, for a new key. On the sync port the connection proves who asks. On the enrol port,
    where an edge comes whose certificate has ended, ``certificate`` is the old one (PEM) and ``signature`` its key's over
    ``enrolment.renewal_text`` (ECDSA P-256 with SHA-256, DER).
    """

    version: int
    signing_request: str
    certificate: str = ""
    signature: bytes = b""


class Renewed(Message, frozen=True, kw_only=True):
    """The new certificate and the authority's, PEM."""

    version: int
    certificate: str
    authority: str


class DayRoot(Message, frozen=True, kw_only=True):
    """What the journal ``life`` held of one civil day (UTC): entries ``first`` … ``last``, both included, under ``root`` (32 bytes).
    ``signature`` is the edge's over ``roots.statement``, with the key of its certificate (ECDSA P-256 with SHA-256, DER).
    """

    life: bytes
    day: date
    first: int
    last: int
    root: bytes
    signature: bytes


class RootsOffer(Message, frozen=True, kw_only=True):
    """Day roots that the hub has not countersigned yet, oldest first."""

    version: int
    roots: list[DayRoot]


class RootAnswer(Message, frozen=True, kw_only=True):
    """The hub's word on one root: ``signature`` (Ed25519 over ``roots.countersigned``) with ``signer`` and ``signed_at``, or a ``code``."""

    life: bytes
    day: date
    code: str = ""
    detail: str = ""
    signer: str = ""
    signature: bytes = b""
    signed_at: datetime | None = None


class RootsAnswer(Message, frozen=True, kw_only=True):
    """Answers in the order of the offer."""

    version: int
    hub_time: datetime
    answers: list[RootAnswer]
