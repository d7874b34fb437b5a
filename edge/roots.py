"""One root a day: the edge signs what its journal held of each day that is over, and the hub countersigns it.

After an outage every day that is missing is offered, oldest first. Whether and when changes nobody's work: it is evidence, and what could
not be offered now is offered later. A root that the hub refuses is told loudly and offered again; it means that somebody has to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import structlog
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.wire import roots
from central_sync.wire.limits import ROOTS_PER_OFFER_MAX, WIRE_VERSION
from central_sync.wire.messages import DayRoot, RootAnswer, RootsOffer
from edge.errors import LineBroken, LineRefused
from edge.identity import Identity, NotEnrolled
from edge.line import Line
from edge.signers import Signers

log = structlog.get_logger(__name__)


class Day(Protocol):
    """A day that is over: its records ``first`` to ``last`` under ``root`` (32 bytes)."""

    @property
    def day(self) -> date:
        """UTC."""

    @property
    def first(self) -> int:
        """The first record's seq."""

    @property
    def last(self) -> int:
        """The last one's."""

    @property
    def root(self) -> bytes:
        """Over all of them."""


class Days(Protocol):
    """What is needed of the journal."""

    @property
    def life(self) -> bytes:
        """Its present life; empty: it has none, and no roots."""

    async def day_roots(self, today: date) -> Sequence[Day]:
        """The days before ``today`` (UTC) that both sides have not signed yet, oldest first."""

    async def keep_root(self, root: DayRoot, answer: RootAnswer, now: datetime) -> None:
        """Record a root that both have signed."""


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
    """The job. ``who`` gives the identity in use, whose key signs; ``now`` the wall clock."""

    def __init__(
        self,
        line: Line,
        journal: Days,
        signers: Signers,
        who: Callable[[], Identity],
        now: Callable[[], datetime],
    ) -> None:
        self._line = line
        self._journal = journal
        self._signers = signers
        self._who = who
        self._now = now

    async def run(self) -> None:
        """Offer what is missing. What fails is logged and left for the next time."""
        life = self._journal.life
        found = list(await self._journal.day_roots(self._now().date())) if life else []
        try:
            while found:
                offered, found = found[:ROOTS_PER_OFFER_MAX], found[ROOTS_PER_OFFER_MAX:]
                await self._offer(life, offered)
        except (LineBroken, LineRefused) as error:
            log.warning("day roots could not be offered", code=error.code, count=len(offered) + len(found))
        except (NotEnrolled, OSError) as error:
            log.warning("day roots cannot be signed", code=type(error).__name__)

    async def _offer(self, life: bytes, days: Sequence[Day]) -> None:
        who = self._who()
        key = await asyncio.to_thread(_key, who.key)
        offered = [signed(who.institution, life, day, key) for day in days]
        told = await self._line.offer_roots(RootsOffer(version=WIRE_VERSION, roots=offered))
        if [(one.life, one.day) for one in told.answers] != [(one.life, one.day) for one in offered]:
            raise LineBroken("the answers are not those of the offer", left=True)
        for root, answer in zip(offered, told.answers, strict=True):
            if answer.code:
                log.error("the hub refuses the root of a day", code=answer.code, detail=root.day.isoformat())
                continue
            at = answer.signed_at or told.hub_time
            text = roots.countersigned(who.institution, root, at)
            await self._signers.check(answer.signer, answer.signature, text, at)
            await self._journal.keep_root(root, answer, self._now())


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise NotEnrolled("The identity's key cannot be read. Enrol again.") from error
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
