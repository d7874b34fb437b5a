"""The edge's certificate, renewed by the edge itself: with a new key each time, before its end or after it.

Rules
    * It is due when less than a third of its time is left, or when the hub uses another authority than the one that issued it. Before its end
      it is asked for on the sync port; after its end, or when the hub believes the old authority no more, and TLS lets us in no more, on the
      enrol port, with the request signed by the old key.
    * What the hub gives is believed only if it is for the key just made, for this institution, and of an authority that we know. The
      identity changes on the disk whole (see identity.py), then the line takes it up; exchanges under way end with the old one.
    * A certificate that has ended stops nothing but the line: what the HIS sends is journaled, and goes when the line is back.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.wire.enrolment import renewal_text
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Renewal, Renewed
from edge import identity
from edge.errors import LineBroken, LineRefused
from edge.identity import Identity, NotEnrolled
from edge.limits import RENEW_ENDED_PAUSE_S, RENEW_PAUSE_S
from edge.line import Line
from edge.signatures import issued_by

_UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, x509.ExtensionNotFound)
INSTITUTION_URI = "urn:pishkhan:institution:"
log = structlog.get_logger(__name__)


class RenewalFailed(Exception):
    """The hub's answer cannot be used, or there is no way to ask; the text says why."""


def due(who: Identity, now: datetime) -> bool:
    """PURE: whether less than a third of the certificate's time is left, or it is of an authority that the hub uses no more."""
    return not who.of_present or who.valid_until - now < (who.valid_until - who.valid_from) / 3


class Renewals:
    """The job. ``who`` is the identity in use; ``renewed`` is told of each new one.

    Args:
        folder: the data directory.
        line: the line that takes up the new certificate.
        now: the wall clock.
        enrol_url: instead of the identity's own; empty: that one.
    """

    def __init__(
        self,
        folder: Path,
        who: Identity,
        line: Line,
        now: Callable[[], datetime],
        renewed: Callable[[Identity], None] = lambda _who: None,
        enrol_url: str = "",
    ) -> None:
        self.who = who
        self._folder = folder
        self._line = line
        self._now = now
        self._renewed = renewed
        self._enrol_url = enrol_url
        self._not_before: datetime | None = None

    async def hurry(self) -> None:
        """The same at once, however lately it was tried in vain."""
        self._not_before = None
        await self.run()

    async def run(self) -> None:
        """Renew the certificate if it is due and was not tried in vain just before."""
        now = self._now()
        if not due(self.who, now) or (self._not_before is not None and now < self._not_before):
            return
        try:
            await self.renew(now)
        except (RenewalFailed, LineBroken, LineRefused, NotEnrolled, OSError) as error:
            unreached = isinstance(error, LineBroken) and now >= self.who.valid_until
            pause = RENEW_ENDED_PAUSE_S if unreached else RENEW_PAUSE_S
            spread = 1 + random.random()  # noqa: S311 -- it spreads retries, no more
            self._not_before = now + timedelta(seconds=pause * spread)
            code = getattr(error, "code", type(error).__name__)
            log.warning("the certificate could not be renewed", code=code, days_left=self.who.days_left(now))
        else:
            self._not_before = None
            log.info("the certificate was renewed", days_left=self.who.days_left(now))

    async def renew(self, now: datetime) -> None:
        """Ask for a new certificate and take it up.

        Raises:
            RenewalFailed: the answer cannot be used.
            LineBroken, LineRefused: the hub was not reached, or refused.
            OSError: the disk does not take the new identity; the one in use is untouched.
        """
        who, key = self.who, ec.generate_private_key(ec.SECP256R1())
        asked = Renewal(version=WIRE_VERSION, signing_request=identity.signing_request(key))
        told = await self._asked(asked, now)
        _check(told, key, who)
        fresh = await asyncio.to_thread(identity.replace_certificate, self._folder, told.certificate, key)
        context = identity.client_context(fresh)
        self.who = fresh  # before anything is waited for: a change of the authorities may follow at once
        self._renewed(fresh)
        await self._line.take_up(context, fresh.valid_until)

    async def _asked(self, asked: Renewal, now: datetime) -> Renewed:
        who = self.who
        if now < who.valid_until:
            try:
                return await self._line.renew(asked)
            except LineBroken:
                if who.of_present:
                    raise  # the line is down; else the hub may believe our certificate's authority no more
        url = self._enrol_url or who.enrol_url
        if not url:
            raise RenewalFailed("neither the identity nor edge.toml says where to ask: write enrol_url there")
        old = await asyncio.to_thread(_proof, who, asked)
        return await self._line.renew_ended(url, identity.trusting(who.authority.read_text()), old)


def _proof(who: Identity, asked: Renewal) -> Renewal:
    """The request as the old key proves it."""
    try:
        key = serialization.load_pem_private_key(who.key.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise NotEnrolled("The identity's key cannot be read. Enrol again.") from error
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(renewal_text(asked.signing_request), ec.ECDSA(hashes.SHA256()))
    return Renewal(
        version=WIRE_VERSION,
        signing_request=asked.signing_request,
        certificate=who.certificate.read_text(),
        signature=signature,
    )


def _check(told: Renewed, key: ec.EllipticCurvePrivateKey, who: Identity) -> None:
    try:
        certificate = x509.load_pem_x509_certificate(told.certificate.encode())
        roots = x509.load_pem_x509_certificates(who.authority.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (*_UNREADABLE, UnsupportedAlgorithm) as error:
        raise RenewalFailed("the answer holds no certificate of our authority") from error
    if not any(issued_by(certificate, root) for root in roots):
        raise RenewalFailed("the answer holds no certificate of our authority")
    if certificate.public_key() != key.public_key():
        raise RenewalFailed("the certificate is for another key")
    if names.get_values_for_type(x509.UniformResourceIdentifier) != [INSTITUTION_URI + who.institution]:
        raise RenewalFailed("the certificate is for another institution")
