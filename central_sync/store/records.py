"""What the repositories give and take: one frozen record for each table's row, without any database in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Institution:
    """A hospital. ``tier`` and ``region`` are keys of the rulebook; ``zone`` is an IANA name."""

    code: str
    name: str
    region: str
    tier: str
    zone: str
    currency: str
    calendar: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time enrolment code, known by the SHA-256 of its secret."""

    secret_hash: bytes
    institution: str
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """An edge's certificate. ``serial`` is its number in lower-case hexadecimal, ``public_key`` its key in DER. ``enrolled_at``: of one
    that renewed another, when the first of them was issued.
    """

    serial: str
    institution: str
    not_after: datetime
    issued_at: datetime
    revoked_at: datetime | None = None
    enrolled_at: datetime | None = None
    public_key: bytes | None = None

    @property
    def since(self) -> datetime:
        """When the edge that holds it was enrolled."""
        return self.enrolled_at or self.issued_at


@dataclass(frozen=True, slots=True)
class JournalLife:
    """One life of an edge's journal, and the highest head that was told of it, by the program's start ``run``. HID blocks granted
    before ``leases_from`` are none of its own.
    """

    institution: str
    life: bytes
    run: bytes
    head: int
    leases_from: datetime
    began_at: datetime
    told_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """What a journal held of one day: the edge's ``signature`` with the key of certificate ``serial``, and the hub's own."""

    institution: str
    life: bytes
    day: date
    first: int
    last: int
    root: bytes
    signature: bytes
    serial: str
    signer: str
    countersignature: bytes
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """A block of HID serials, both ends included."""

    institution: str
    first: int
    last: int
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One item of an institution's downlink; ``body`` is a packed ``FeedBody``."""

    institution: str
    cursor: int
    at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, and when. No personal data."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One transaction as the hub decided it. ``verdict`` is ``final`` or ``refused``; ``digest`` is ``None`` where a reversal
    left a tombstone before the original arrived. ``member``, ``hid`` and ``settlement_id`` are what it worked on, if anything.
    ``card_read``: the edge's read id of the card that was there.
    """

    institution: str
    msgid: str
    number: str
    digest: bytes | None
    verdict: str
    packet: bytes
    code: str
    detail: str
    member: str
    hid: str
    settlement_id: str
    undone_by: str
    business_day: date | None
    operator: str
    workstation: str
    recorded_at: datetime | None
    decided_at: datetime
    card_read: str = ""


@dataclass(frozen=True, slots=True)
class Cycle:
    """The business cycle of one workstation and operator."""

    institution: str
    number: str
    business_day: date
    workstation: str
    operator: str
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """One layer of a member's cover, both days included; ``to_day`` ``None`` is open-ended. ``family`` are those who are counted
    together, ``deposited`` is all that was ever paid into the member's account (coins), ``own_group`` the group in this scheme where
    it is not the member's.
    """

    layer: str
    scheme: str
    contract: str
    from_day: date
    to_day: date | None
    family: str = ""
    deposited: int = 0
    own_group: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """What an insurer vouches for of a member from day to day (both included, ``None``: open), at one institution or in one region (empty:
    at any): a mark that holds, or the most that a scheme pays of one case (``amount``, coins). ``reference`` is the insurer's own.
    """

    mark: str
    from_day: date
    to_day: date | None = None
    institution: str = ""
    region: str = ""
    reference: str = ""
    scheme: str = ""
    amount: int | None = None

    def holds(self, day: date, institution: Institution) -> bool:
        """Whether it is in force on ``day`` at ``institution``."""
        return (
            self.from_day <= day
            and (self.to_day is None or day <= self.to_day)
            and self.institution in ("", institution.code)
            and self.region in ("", institution.region)
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A person as the insurer vouches for them at ``as_of``. ``group`` chooses a scheme's parameters."""

    id: str
    kind: str
    number: str
    name: str
    birth_date: date
    sex: str
    group: str
    region: str
    as_of: datetime
    covers: tuple[Cover, ...]
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One visit or admission. ``state`` is a state of :mod:`central_sync.desk.lifecycle`; ``diagnoses`` is MessagePack; ``marks`` are what
    the hospital says of it, with a space between; ``interim_id`` is the last interim settlement in force.
    """

    member: str
    hid: str
    institution: str
    care: str
    state: str
    covered: bool
    opened_on: date
    discharged_on: date | None
    way: str
    department: str
    doctor: str
    bed: str
    visit_number: str
    complaint: str
    diagnoses: bytes
    settlement_id: str
    opened_by: str
    opened_at: datetime
    marks: str = ""
    interim_id: str = ""


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of a case's bill. ``place`` counts within the case; ``cancelled_by`` is empty while the line stands.
    ``settled_by`` is the interim settlement in force that holds it. ``facts``: what the line says besides (``LineFacts`` as MessagePack), if anything.
    """

    member: str
    hid: str
    place: int
    serial: str
    item: str
    name: str
    quantity: str
    unit_price: str
    amount: int
    service_date: date
    charged_by: str
    cancelled_by: str = ""
    settled_by: str = ""
    facts: bytes | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """One settlement with its whole answer. ``confirmation``: awaited, confirmed, annulled, undone or replaced; the last three
    are no longer in force. ``deltas`` are what it added to the accumulators (see ``settlements.pack_deltas``). An interim settlement of a stay
    goes ``until`` a day; ``after`` is the stay's settlement before, on which it stands. A settlement
    that was made again names what it ``replaces``, and what of it the patient is still due to pay (negative: to get back).
    """

    member: str
    id: str
    hid: str
    institution: str
    msgid: str
    number: str
    business_day: date
    currency: str
    total: int
    funds: int
    patient: int
    confirmation: str
    confirmation_before: str
    answer: bytes
    deltas: bytes
    invoice: str
    settled_at: datetime
    undone_by: str = ""
    undone_at: datetime | None = None
    until: date | None = None
    after: str = ""
    replaces: str = ""
    replaced_by: str = ""
    patient_due: int = 0

    @property
    def in_force(self) -> bool:
        """Whether its money still counts."""
        return self.confirmation in ("awaited", "confirmed")


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over confirmed settlements, and how many await confirmation."""

    settlements: int
    total: int
    funds: int
    patient: int
    awaited: int


@dataclass(frozen=True, slots=True)
class KeptRulebook:
    """A compiled rulebook as it is kept: ``body`` is in one zstd frame; the versions are 64 hexadecimal digits each."""

    version: str
    law: str
    audit: str
    body: bytes
    kept_at: datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """From ``from_at`` on the rulebook ``version`` is in force, until one with a higher number is. ``shipped``: it came with the program."""

    number: int
    version: str
    from_at: datetime
    published_at: datetime
    published_by: str
    shipped: bool
