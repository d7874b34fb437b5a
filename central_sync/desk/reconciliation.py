"""Reconciliation of a hospital's books with the hub's: 3201 totals, 3202 settlement by settlement.

Confirmed money is compared. What awaits its confirmation is listed apart, and makes the books differ only where the hospital
counts it as confirmed. What the hub has settled again is told with what stands in its place.
"""

from __future__ import annotations

from datetime import date

from central_sync.desk.checks import currency
from central_sync.desk.lifecycle import Confirmation
from central_sync.desk.work import Decision, Work
from central_sync.store.records import Settlement
from central_sync.wire.limits import DETAIL_ROWS_MAX
from central_sync.wire.packets import (
    DetailRow,
    DetailsAnswer,
    Difference,
    ReconcileDetails,
    ReconcileTotals,
    TotalsAnswer,
)
from central_sync.wire.refusals import Refused


def totals(work: Work, request: ReconcileTotals) -> Decision:
    """3201."""
    _possible(work, request.from_day, request.to_day, request.currency)
    hub = work.uow.settlements.totals(work.institution.code, request.from_day, request.to_day, request.currency)
    answer = TotalsAnswer(
        equal=(hub.settlements, hub.total, hub.funds, hub.patient)
        == (request.settlements, request.total, request.funds, request.patient),
        settlements=hub.settlements,
        total=hub.total,
        funds=hub.funds,
        patient=hub.patient,
        awaited=hub.awaited,
    )
    return Decision(answer)


def details(work: Work, request: ReconcileDetails) -> Decision:
    """3202. A settlement that the hospital lists twice is missing at the hub the second time."""
    _possible(work, request.from_day, request.to_day, request.currency)
    code = work.institution.code
    hub = work.uow.settlements.totals(code, request.from_day, request.to_day, request.currency)
    if hub.settlements + hub.awaited > DETAIL_ROWS_MAX:
        raise Refused("packet_too_large", f"over {DETAIL_ROWS_MAX} settlements: ask for fewer days")
    open_rows = {
        row.id: row for row in work.uow.settlements.in_force(code, request.from_day, request.to_day, request.currency)
    }
    differences: list[Difference] = []
    equal = True
    for listed in request.rows:
        difference = _compared(listed, open_rows.pop(listed.settlement_id, None))
        if difference is not None and difference.kind == "missing_at_hub":
            difference = _replaced(work, listed, open_rows) or difference
        if difference is not None:
            differences.append(difference)
            equal = False
    for row in open_rows.values():
        awaited = row.confirmation == Confirmation.AWAITED
        kind = "awaited" if awaited else "missing_at_hospital"
        differences.append(Difference(settlement_id=row.id, msgid=row.msgid, kind=kind, hub_total=row.total))
        equal = equal and awaited
    return Decision(DetailsAnswer(equal=equal, differences=differences))


def _replaced(work: Work, listed: DetailRow, open_rows: dict[str, Settlement]) -> Difference | None:
    """What stands in the place of a settlement that the hub has made again."""
    found = work.uow.settlements.named(listed.settlement_id)
    if found is None or found.institution != work.institution.code or not found.replaced_by:
        return None
    while found.replaced_by:
        found = work.uow.settlements.get(found.member, found.replaced_by)
        assert found is not None, "a settlement that another one names"
    if open_rows.pop(found.id, None) is None:
        return None
    return Difference(
        settlement_id=listed.settlement_id,
        msgid=found.msgid,
        kind="replaced",
        hub_total=found.total,
        hospital_total=listed.total,
        replaced_by=found.id,
        hub_funds=found.funds,
        hub_patient=found.patient,
    )


def _compared(listed: DetailRow, found: Settlement | None) -> Difference | None:
    if found is None:
        return Difference(
            settlement_id=listed.settlement_id, msgid="", kind="missing_at_hub", hospital_total=listed.total
        )
    same = (found.total, found.funds, found.patient) == (listed.total, listed.funds, listed.patient)
    confirmed = found.confirmation == Confirmation.CONFIRMED
    if same and confirmed:
        return None
    return Difference(
        settlement_id=found.id,
        msgid=found.msgid,
        kind="amounts_differ" if confirmed else "awaited",
        hub_total=found.total,
        hospital_total=listed.total,
    )


def _possible(work: Work, from_day: date, to_day: date, code: str) -> None:
    currency(work, code)
    if from_day > to_day:
        raise Refused("date_out_of_range", "$.to_day")
