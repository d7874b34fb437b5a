"""One root a day: what an edge says its journal held of a day, believed for ever once both have signed it.

Rules
    * The edge signs with the key of its certificate; any certificate that the hub ever gave this hospital will do, for a root may be
      offered long after its day.
    * Of one life and day there is one root. The same again gets the same answer; another is refused, audited and logged: the journal was
      changed after it was signed, or two boxes run on one identity.
    * A root is of a day (UTC) that is over for the hub.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from central_sync.fleet.renewal import verifies
from central_sync.fleet.signer import Signer
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import Certificate, SignedRoot
from central_sync.wire import roots
from central_sync.wire.limits import (
    DIGEST_BYTES,
    JOURNAL_SEQ_MAX,
    LIFE_BYTES,
    ROOTS_PER_OFFER_MAX,
    SIGNATURE_BYTES_MAX,
    WIRE_VERSION,
)
from central_sync.wire.messages import DayRoot, RootAnswer, RootsAnswer, RootsOffer
from central_sync.wire.refusals import Refused

_log = structlog.get_logger(__name__)


class Roots:
    """Takes offers. Synchronous, for worker threads; ``now`` is aware UTC."""

    def __init__(self, store: Store, signer: Signer) -> None:
        self._store = store
        self._signer = signer

    def take(self, institution: str, offer: RootsOffer, now: datetime) -> RootsAnswer:
        """Countersign the roots of ``institution``, or say of each why not.

        Raises:
            Refused: ``packet_too_large``.
        """
        if len(offer.roots) > ROOTS_PER_OFFER_MAX:
            raise Refused("packet_too_large", f"over {ROOTS_PER_OFFER_MAX} roots")
        answers = []
        with self._store.write() as uow:
            certificates = uow.certificates.of(institution)
            for root in offer.roots:
                try:
                    kept = self._taken(uow, institution, certificates, root, now)
                except Refused as error:
                    answers.append(RootAnswer(life=root.life, day=root.day, code=error.code, detail=error.detail))
                    continue
                answers.append(
                    RootAnswer(
                        life=kept.life,
                        day=kept.day,
                        signer=kept.signer,
                        signature=kept.countersignature,
                        signed_at=kept.signed_at,
                    )
                )
        return RootsAnswer(version=WIRE_VERSION, hub_time=now, answers=answers)

    def _taken(
        self, uow: UnitOfWork, institution: str, certificates: list[Certificate], root: DayRoot, now: datetime
    ) -> SignedRoot:
        _admissible(root, now)
        stated = roots.statement(institution, root.life, root.day, root.first, root.last, root.root)
        own = verifies(certificates, root.signature, stated)
        if own is None:
            raise Refused("root_invalid", "signature")
        row = SignedRoot(
            institution=institution,
            life=root.life,
            day=root.day,
            first=root.first,
            last=root.last,
            root=root.root,
            signature=root.signature,
            serial=own.serial,
            signer=self._signer.name,
            countersignature=self._signer.sign(roots.countersigned(institution, root, now)),
            signed_at=now,
        )
        if uow.roots.add(row):
            return row
        kept = uow.roots.get(institution, root.life, root.day)
        assert kept is not None, "a root that was kept is gone"
        if (kept.first, kept.last, kept.root) != (root.first, root.last, root.root):
            _log.error("an edge signed two roots of one day", institution=institution)
            uow.audit.add(now, institution, "root_differs", institution, f"day {root.day.isoformat()}")
            raise Refused("root_differs")
        return kept


def _admissible(root: DayRoot, now: datetime) -> None:
    whole = (
        len(root.life) == LIFE_BYTES and len(root.root) == DIGEST_BYTES and len(root.signature) <= SIGNATURE_BYTES_MAX
    )
    if not whole or not 0 < root.first <= root.last <= JOURNAL_SEQ_MAX:
        raise Refused("root_invalid", "life, root, first or last")
    if root.day >= now.date():
        raise Refused("root_invalid", "the day is not over")
