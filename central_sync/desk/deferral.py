"""Shares whose payer is asked apart: they are deferred with the hub's signature, and whoever asks finds them in the same commit.

Nobody is asked here: no unit of work waits for a foreign system. What is computed stays as it is, whatever that payer answers later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec

from central_sync.benefits.results import Computation, Share
from central_sync.desk.bill import Bill
from central_sync.desk.work import Work
from central_sync.payers.claims import Claim
from central_sync.payers.lifecycle import OPEN, ShareEvent, ShareState, after
from central_sync.review import service as queue
from central_sync.store import records
from central_sync.store.records import Case
from central_sync.store.review_records import PayerShare
from central_sync.wire import packets as p
from central_sync.wire.deferrals import signed_text, statement_of


def marked(work: Work, case: Case, key: str, found: Bill) -> Computation:
    """What was computed, the shares of payers that are asked apart marked as deferred. ``key`` is the settlement's id, or empty."""
    shares = tuple(_marked(work, case, key, found.day, share) for share in found.computation.shares)
    return replace(found.computation, shares=shares)


def _marked(work: Work, case: Case, key: str, day: date, share: Share) -> Share:
    if work.payers.apart(share.payer) and share.amount:
        return replace(share, deferred=True)
    if key and share.amount:
        place = (share.layer, share.scheme, day, work.institution.currency, share.amount, work.rulebook.version)
        work.payers.here.settle(Claim(key, key, case.institution, case.member, *place))
    return share


def signed(work: Work, case: Case, day: date, answer: p.Settlement) -> p.Settlement:
    """``answer`` with the hub's signature under each deferred share; their payers will be asked."""
    shares = list(answer.shares)
    for place, share in enumerate(answer.shares):
        if not share.deferred:
            continue
        bare = msgspec.structs.replace(share, deferral=p.Deferral(day=day, signed_at=work.now))
        shares[place] = bare
        statement = statement_of(case.institution, msgspec.structs.replace(answer, shares=shares), place)
        assert statement is not None, "it is deferred, and dated"
        signer, signature = work.payers.signed(signed_text(statement))
        deferral = p.Deferral(day=day, signed_at=work.now, signer=signer, signature=signature)
        shares[place] = msgspec.structs.replace(share, deferral=deferral)
        work.uow.payer_shares.add(
            PayerShare(
                member=case.member,
                settlement_id=answer.settlement_id,
                place=place,
                round=1,
                institution=case.institution,
                layer=share.layer,
                scheme=share.scheme,
                payer=share.payer,
                amount=share.amount,
                currency=answer.currency,
                day=day,
                rulebook=answer.rulebook,
                signed_at=work.now,
                signer=signer,
                signature=signature,
                state=ShareState.ASKING,
                tries=0,
                next_at=work.now,
            )
        )
    return msgspec.structs.replace(answer, shares=shares)


def taken_back(work: Work, found: records.Settlement) -> None:
    """A settlement of a locked case is no longer in force: whoever may have heard of its deferred shares will be told,
    and nothing of it is pended any more.
    """
    for row in work.uow.payer_shares.of(found.member, found.id):
        now = work.uow.payer_shares.locked(row)
        state = after(now.state, ShareEvent.UNDO)
        if state != now.state:
            next_at = work.now if state in OPEN else None
            work.uow.payer_shares.change(now, state=state, tries=0, next_at=next_at)
    queue.settlement_ended(work.uow, found.id, work.now)


def restored(work: Work, found: records.Settlement) -> None:
    """A settlement of a locked case is in force again: its payers are asked anew, under new ids; those of before are still told."""
    rows = work.uow.payer_shares.of(found.member, found.id)
    newest = {row.place: row for row in rows}
    for row in newest.values():
        work.uow.payer_shares.add(row.asked_anew(work.now))
