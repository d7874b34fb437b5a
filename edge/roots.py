"""One root a day: the edge signs what its journal held of each day that is over, and the hub countersigns it.

After an outage every day that is missing is offered, oldest first. Whether and when changes nobody's work: it is evidence, and what could
not be offered now is offered later. A root that the hub refuses is told loudly and offered again; it means that somebody has to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.wire import roots
from central_sync.wire.limits import ROOTS_PER_OFFER_MAX, WIRE_VERSION
from central_sync.wire.messages import DayRoot, RootAnswer, RootsOffer
from edge.errors import JournalUnavailable, LineBroken, LineRefused
from edge.identity import Identity, NotEnrolled
from edge.journal.days import Day
from edge.journal.records import Root, micros
from edge.line import Line
from edge.signers import Signers

log = structlog.get_logger(__name__)


class Days(Protocol):
    """What is needed of the journal: :class:`edge.journal.keeping.Keeping` has it."""

    async def day_roots(self, today: date) -> list[Day]:
        """The days before ``today`` (UTC) that both sides have not signed yet, oldest first."""

    async def keep_roots(self, roots: list[Root]) -> None:
        """Keep days as both sides signed them."""


def signed(institution: str, life: bytes, day: Day, key: ec.EllipticCurvePrivateKey) -> DayRoot:
    """``day`` of the journal ``life`` as the edge vouches for it."""
    text = roots.statement(institution, life, day.day, day.first, day.last, day.root)
    return DayRoot(
        life=life,
        day=day.day,
        first=day.first,
        last=day.last,
        root=day.root,
        signature=key.sign(text, ec.ECDSA(hashes.SHA256())),
    )


class DayRoots:
    """The job. ``life`` names the journal's present life, ``who`` gives the identity in use, whose key signs, ``now`` the wall clock."""

    def __init__(
        self,
        line: Line,
        days: Days,
        life: Callable[[], bytes],
        signers: Signers,
        who: Callable[[], Identity],
        now: Callable[[], datetime],
    ) -> None:
        self._line = line
        self._days = days
        self._life = life
        self._signers = signers
        self._who = who
        self._now = now

    async def run(self) -> None:
        """Offer what is missing. What fails is logged and left for the next time."""
        life = self._life()
        found: list[Day] = []
        offered: list[Day] = []
        try:
            found = await self._days.day_roots(self._now().date())
            while found:
                offered, found = found[:ROOTS_PER_OFFER_MAX], found[ROOTS_PER_OFFER_MAX:]
                await self._offer(life, offered)
        except (LineBroken, LineRefused) as error:
            log.warning("day roots could not be offered", code=error.code, count=len(offered) + len(found))
        except (NotEnrolled, JournalUnavailable, OSError) as error:
            log.warning("day roots cannot be signed or kept", code=type(error).__name__)

    async def _offer(self, life: bytes, days: Sequence[Day]) -> None:
        who = self._who()
        key, certificate = await asyncio.to_thread(_pair, who)
        offered = [signed(who.institution, life, day, key) for day in days]
        told = await self._line.offer_roots(RootsOffer(version=WIRE_VERSION, roots=offered))
        if [(one.life, one.day) for one in told.answers] != [(one.life, one.day) for one in offered]:
            raise LineBroken("the answers are not those of the offer", left=True)
        kept = []
        for root, answer in zip(offered, told.answers, strict=True):
            if answer.code:
                log.error("the hub refuses the root of a day", code=answer.code, detail=root.day.isoformat())
                if answer.code == "root_differs":
                    continue  # for good, and a person has to look; the days after it are signed all the same
                break  # it may pass later, and only what is not kept is offered again: the days after it wait
            at = answer.signed_at or told.hub_time
            text = roots.countersigned(who.institution, root, at)
            await self._signers.check(answer.signer, answer.signature, text, at)
            kept.append(_record(root, answer, certificate, at))
        if kept:
            await self._days.keep_roots(kept)


def _record(root: DayRoot, answer: RootAnswer, certificate: bytes, at: datetime) -> Root:
    return Root(
        day=root.day.isoformat(),
        life=root.life,
        first=root.first,
        last=root.last,
        root=root.root,
        signature=root.signature,
        certificate=certificate,
        signer=answer.signer,
        countersignature=answer.signature,
        at=micros(at),
    )


def _pair(who: Identity) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """The key in use and its certificate (DER)."""
    try:
        key = serialization.load_pem_private_key(who.key.read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(who.certificate.read_bytes())
    except (ValueError, TypeError) as error:
        raise NotEnrolled("The identity's key or certificate cannot be read. Enrol again.") from error
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key, certificate.public_bytes(serialization.Encoding.DER)
