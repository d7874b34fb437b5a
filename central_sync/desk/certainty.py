"""Being certain: 49 confirm, 43/5203 query, 44 what is uncertain."""

from __future__ import annotations

import msgspec

from central_sync.desk.checks import own_case
from central_sync.desk.lifecycle import Confirmation, Saying, said
from central_sync.desk.settlement import given_id, newest, take_back
from central_sync.desk.work import Decision, Work
from central_sync.store import UnitOfWork
from central_sync.store.records import LedgerRow
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import Verdict
from central_sync.wire.packets import (
    Confirm,
    Confirmed,
    OpenTransaction,
    Query,
    QueryAnswer,
    Uncertain,
    UncertainAnswer,
)
from central_sync.wire.refusals import Refused


def confirm(work: Work, request: Confirm) -> Decision:
    """49. Result 0 confirms; any other annuls, and the money goes back. Saying the same again changes nothing."""
    original = work.uow.ledger.get(work.institution.code, request.original_msgid)
    if original is None or original.verdict != Verdict.FINAL or not BY_NUMBER[original.number].confirmed:
        raise Refused("settlement_unknown")
    if request.hid and request.hid != original.hid:
        raise Refused("original_mismatch", "$.hid")
    case = own_case(work, original.hid, lock=True)
    found = work.uow.settlements.get(case.member, original.settlement_id)
    assert found is not None, "a settled transaction without its settlement"
    found = newest(work, case, found)  # it may have been settled again since the ledger was read
    saying = Saying.CONFIRM if request.his_result == 0 else Saying.ANNUL
    to = said(found.confirmation, saying)
    if to != found.confirmation:
        if to is Confirmation.ANNULLED:
            take_back(work, case, found, Saying.ANNUL)
        else:
            work.uow.settlements.change(found, confirmation=to)
    given = given_id(work, case, found)
    answer = Confirmed(settlement_id=given, confirmation=to, replaced_by=found.id if found.id != given else "")
    return Decision(answer, case.member, case.hid, found.id)


def query(work: Work, request: Query) -> Decision:
    """43, 5203. The hub knows final, refused, and unknown; what is on its way only the edge knows."""
    original = work.uow.ledger.get(work.institution.code, request.original_msgid)
    if original is None:
        return Decision(QueryAnswer(original_msgid=request.original_msgid, outcome="unknown"))
    final = original.verdict == Verdict.FINAL
    answer = QueryAnswer(
        original_msgid=request.original_msgid,
        outcome=original.verdict,
        number=original.number,
        code=original.code,
        confirmation=confirmation_of(work.uow, original),
        packet=msgspec.msgpack.decode(original.packet, type=dict[str, object]) if final else None,
    )
    return Decision(answer)


def uncertain(work: Work, _request: Uncertain) -> Decision:
    """44. The institution's settlements that await their confirmation here; the edge adds its own."""
    found = work.uow.settlements.awaited(work.institution.code)
    at_hub = [
        OpenTransaction(
            msgid=row.msgid,
            number=row.number,
            outcome="final",
            confirmation=row.confirmation,
            hid=row.hid,
            recorded_at=row.settled_at,
        )
        for row in found
    ]
    return Decision(UncertainAnswer(at_edge=[], at_hub=at_hub))


def confirmation_of(uow: UnitOfWork, original: LedgerRow) -> str:
    """How the settlement that ``original`` made stands now; ``none`` for everything else."""
    if original.verdict != Verdict.FINAL or not BY_NUMBER[original.number].confirmed:
        return "none"
    found = uow.settlements.get(original.member, original.settlement_id)
    assert found is not None, "a settled transaction without its settlement"
    return found.confirmation
