"""Use cases of the fleet: hospitals, invitations, enrolment, revocation, notices, and the leasing of HIDs.

Rules
    * What changes anything is one unit of work with its audit row in it.
    * An enrolment code works once: using it up is one UPDATE, and of two edges with the same code one is refused. The store
      knows a code by the SHA-256 of its secret (80 random bits) and finds it by that, so how long a look-up takes tells
      nothing about any secret.
    * One hospital, one edge: when a newly enrolled edge first speaks, the hospital's older certificates are revoked. One that was
      renewed is revoked a while after the new one was issued, so that what is under way ends in peace.
    * Blocks of HIDs never overlap, and an edge gets a new one only while what it has left, and what lies in the feed beyond
      its cursor, is below the low-water mark. A block leased before the edge was enrolled, or before its journal began a new
      life, belonged to an earlier life of the box, may be half used, and is never handed out again.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from central_sync.benefits.parameters import Rulebook
from central_sync.errors import HubError
from central_sync.fleet.authority import Authority, SigningRequestInvalid, key_der, requested_key
from central_sync.fleet.limits import (
    HID_BLOCK_SERIALS,
    HIDS_LOW,
    INVITATION_HOURS_MAX,
    NOTICE_CHARACTERS_MAX,
    RENEWAL_OVERLAP_MINUTES,
)
from central_sync.fleet.lives import leases_from
from central_sync.fleet.signer import Signer
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import Certificate, FeedRow, Institution, Invitation
from central_sync.wire.enrolment import SECRET_BYTES, make_code
from central_sync.wire.limits import FEED_ITEMS_MAX
from central_sync.wire.messages import Enrolment, EnrolRequest, FeedBody, FeedItem, HidBlock, Notice
from central_sync.wire.refusals import Refused

_INSTITUTION_CODE = re.compile(r"^[A-Za-z0-9._-]{1,50}\Z")
_bodies: msgspec.msgpack.Decoder[FeedBody] = msgspec.msgpack.Decoder(FeedBody)


class FleetError(HubError):
    """What the operator asked for is not possible; the text says why and what would be."""


class _EnoughLeased(Exception):
    """Somebody else granted a block meanwhile: undo ours."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a long poll found: ``items`` beyond the edge's cursor, and ``cursor`` behind which to look next."""

    items: list[FeedItem]
    cursor: int


def packed(body: FeedBody) -> bytes:
    """A feed body as the store keeps it."""
    return msgspec.msgpack.encode(body)


class Fleet:
    """The use cases. All are synchronous, for worker threads and the command line; ``now`` is aware UTC."""

    def __init__(self, store: Store, authority: Authority, rulebook: Rulebook) -> None:
        self._store = store
        self._authority = authority
        self._rulebook = rulebook

    # -- hospitals ----------------------------------------------------------------------------------------------

    def add_hospital(self, code: str, name: str, region: str, tier: str, now: datetime) -> Institution:
        """Add a hospital; money, zone and calendar come from its region.

        Raises:
            FleetError: the code is taken or malformed, or the rulebook has no such region or tier.
        """
        if not _INSTITUTION_CODE.match(code):
            raise FleetError("a hospital's code is 1 to 50 letters, digits, dots, dashes and underscores")
        if code == "all":
            raise FleetError("`all` means every hospital: it cannot name one")
        if not name.strip():
            raise FleetError("a hospital needs a name")
        found = self._rulebook.regions.get(region)
        if found is None:
            raise FleetError(f"there is no region {region!r}; there are: {', '.join(sorted(self._rulebook.regions))}")
        if tier not in found.tiers:
            raise FleetError(f"region {region} has no tier {tier!r}; it has: {', '.join(found.tiers)}")
        row = Institution(code, name.strip(), region, tier, found.zone, found.currency, str(found.calendar), now)
        with self._store.write() as uow:
            if not uow.institutions.add(row):
                raise FleetError(f"there is a hospital {code} already")
            uow.audit.add(now, "cli", "hospital_added", code, f"region {region}, tier {tier}")
        return row

    def hospitals(self) -> list[Institution]:
        """All hospitals, by code."""
        with self._store.read() as uow:
            return uow.institutions.all()

    # -- trust --------------------------------------------------------------------------------------------------

    def invite(self, institution: str, valid_hours: int, now: datetime, actor: str = "cli") -> str:
        """A one-time enrolment code for the hospital's edge: shown once, kept only as a hash.

        Raises:
            FleetError: there is no such hospital, or the hours are out of range.
        """
        if not 1 <= valid_hours <= INVITATION_HOURS_MAX:
            raise FleetError(f"a code is valid for 1 to {INVITATION_HOURS_MAX} hours")
        secret = secrets.token_bytes(SECRET_BYTES)
        with self._store.write() as uow:
            _known(uow, institution)
            expires_at = now + timedelta(hours=valid_hours)
            uow.invitations.add(Invitation(_secret_hash(secret), institution, expires_at))
            uow.audit.add(now, actor, "invited", institution, f"valid {valid_hours} hours")
        return make_code(secret, self._authority.der())

    def withdraw(self, institution: str, secret_hash: bytes, now: datetime, actor: str) -> bool:
        """End an invitation before its time; ``False`` if it is no good one of that hospital."""
        with self._store.write() as uow:
            if not uow.invitations.withdraw(secret_hash, institution, now):
                return False
            uow.audit.add(now, actor, "invitation_withdrawn", institution, secret_hash.hex()[:12])
        return True

    def enrol(self, request: EnrolRequest, sync_url: str, peer: str, now: datetime) -> Enrolment:
        """Use a code up and give the edge its certificate and its first HIDs. Nothing is used up by a bad signing request.

        Raises:
            Refused: ``enrolment_refused`` (unknown, used or expired code) or ``packet_invalid`` (signing request).
        """
        try:
            secret = bytes.fromhex(request.secret)
            public = requested_key(request.signing_request)
        except SigningRequestInvalid as error:
            raise Refused("packet_invalid", f"signing_request: {error}") from error
        except ValueError as error:
            raise Refused("enrolment_refused") from error
        with self._store.write() as uow:
            code = uow.invitations.use(_secret_hash(secret), now)
            found = uow.institutions.get(code) if code is not None else None
            if found is None:
                raise Refused("enrolment_refused")
            issued = self._authority.sign_edge(request.signing_request, found.code, now)
            uow.certificates.add(
                Certificate(issued.serial, found.code, issued.to_time, now, public_key=key_der(public))
            )
            self._grant(uow, found.code, now)
            uow.audit.add(now, peer, "enrolled", found.code, f"certificate {issued.serial}")
        return Enrolment(
            institution=found.code,
            name=found.name,
            zone=found.zone,
            currency=found.currency,
            calendar=found.calendar,
            certificate=issued.certificate,
            authority=self._authority.pem(),
            sync_url=sync_url,
        )

    def revoke(self, institution: str, now: datetime, actor: str = "cli") -> int:
        """Refuse the hospital's certificates from now on; returns how many were good. A new code lets its edge in again.

        Raises:
            FleetError: there is no such hospital.
        """
        with self._store.write() as uow:
            _known(uow, institution)
            count = uow.certificates.revoke(institution, now)
            uow.audit.add(now, actor, "revoked", institution, f"{count} certificates")
        return count

    def admitted(self, institution: str, serial: str, now: datetime) -> Certificate:
        """The certificate of an edge that TLS let in, if the hub still stands by it. Called on every request.

        Raises:
            Refused: ``certificate_refused``; ``detail`` says whether it is unknown, revoked, expired or superseded.
        """
        with self._store.read() as uow:
            certificates = uow.certificates.of(institution)
        own = next((c for c in certificates if c.serial == serial), None)
        if own is None:
            raise Refused("certificate_refused", "unknown")
        if own.revoked_at is not None:
            raise Refused("certificate_refused", "revoked")
        if own.not_after <= now:
            raise Refused("certificate_refused", "expired")
        older = [c for c in certificates if c.revoked_at is None and _superseded(c, own, now)]
        if older:
            self._supersede(own, older, now)
        return own

    def signers(self, signer: Signer, now: datetime) -> bytes:
        """The certificates of whoever signs for this hub, PEM."""
        return signer.published(self._store, now)

    # -- downlink -----------------------------------------------------------------------------------------------

    def notice(self, institution: str, text: str, now: datetime) -> int:
        """Send a sentence to the desks of a hospital, or of all (``all``); returns to how many hospitals.

        Raises:
            FleetError: there is no such hospital, or the text is empty or too long.
        """
        if not text.strip() or len(text) > NOTICE_CHARACTERS_MAX:
            raise FleetError(f"a notice has 1 to {NOTICE_CHARACTERS_MAX} characters")
        with self._store.write() as uow:
            codes = sorted(row.code for row in uow.institutions.all()) if institution == "all" else [institution]
            for code in codes:
                _known(uow, code)
                uow.feed.add(code, packed(Notice(text=text.strip())), now)
            uow.audit.add(now, "cli", "notice_sent", institution, f"{len(codes)} hospitals")
        return len(codes)

    def page(self, certificate: Certificate, cursor: int, hids_left: int | None, now: datetime) -> Page:
        """What came after ``cursor`` for this edge; leases more HIDs first if it says that few are left (``None``: it does not say)."""
        since, rows = self._after(certificate, cursor)
        if hids_left is not None and _needs_hids(since, rows, hids_left):
            self._lease(certificate, cursor, hids_left, now)
            since, rows = self._after(certificate, cursor)
        items = [_item(row) for row in rows]
        kept = [i for i in items if not _of_earlier_life(i, since)]
        return Page(kept, rows[-1].cursor if rows else cursor)

    def heads(self, institutions: Sequence[str]) -> dict[str, int]:
        """The newest feed cursor of each."""
        with self._store.read() as uow:
            return uow.upkeep.feed_heads(institutions)

    def _after(self, certificate: Certificate, cursor: int) -> tuple[datetime, list[FeedRow]]:
        with self._store.read() as uow:
            since = leases_from(uow, certificate)
            return since, uow.feed.after(certificate.institution, cursor, FEED_ITEMS_MAX)

    def _lease(self, certificate: Certificate, cursor: int, hids_left: int, now: datetime) -> None:
        """Grant first, which takes the counter's lock, and look again under it: of two polls at once one grants."""
        try:
            with self._store.write() as uow:
                granted = self._grant(uow, certificate.institution, now)
                rows = uow.feed.after(certificate.institution, cursor, FEED_ITEMS_MAX)
                others = [row for row in rows if row.cursor != granted]
                if not _needs_hids(leases_from(uow, certificate), others, hids_left):
                    raise _EnoughLeased
                uow.audit.add(now, "hub", "hids_leased", certificate.institution, f"{HID_BLOCK_SERIALS} serials")
        except _EnoughLeased:
            return

    def _grant(self, uow: UnitOfWork, institution: str, now: datetime) -> int:
        block = uow.leases.grant(institution, HID_BLOCK_SERIALS, now)
        return uow.feed.add(institution, packed(HidBlock(first=block.first, last=block.last)), now)

    def _supersede(self, own: Certificate, older: Sequence[Certificate], now: datetime) -> None:
        with self._store.write() as uow:
            count = uow.certificates.revoke_these([c.serial for c in older], now)
            if count:
                uow.audit.add(now, own.institution, "superseded", own.institution, f"{count} older certificates")


def _known(uow: UnitOfWork, institution: str) -> None:
    if uow.institutions.get(institution) is None:
        raise FleetError(f"there is no hospital {institution}: see `pishkhan-hub hospital list`")


def _superseded(older: Certificate, own: Certificate, now: datetime) -> bool:
    """Whether ``own``, now that it speaks, ends ``older``: at once after an enrolment, after a while after a renewal."""
    if older.issued_at >= own.issued_at:
        return False
    return older.since < own.since or now - own.issued_at >= timedelta(minutes=RENEWAL_OVERLAP_MINUTES)


def _secret_hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _item(row: FeedRow) -> FeedItem:
    return FeedItem(cursor=row.cursor, at=row.at, body=_bodies.decode(row.body))


def _needs_hids(since: datetime, rows: Sequence[FeedRow], hids_left: int) -> bool:
    coming = [i.body for i in map(_item, rows) if not _of_earlier_life(i, since)]
    on_the_way = sum(body.last - body.first + 1 for body in coming if isinstance(body, HidBlock))
    return hids_left + on_the_way < HIDS_LOW


def _of_earlier_life(item: FeedItem, since: datetime) -> bool:
    return isinstance(item.body, HidBlock) and item.at < since
