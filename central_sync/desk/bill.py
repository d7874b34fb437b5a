"""What a case comes to: its lines, its facts and its accumulators given to the engine. Settling and its twins stand on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import msgspec

from central_sync.benefits.results import Computation
from central_sync.benefits.settlement import ItemUnknown, accumulator_keys
from central_sync.benefits.settlement import settle as computed
from central_sync.desk import charges
from central_sync.desk.checks import facts, member_of
from central_sync.desk.lifecycle import Event, after
from central_sync.desk.work import Work
from central_sync.store.records import Case
from central_sync.wire import packets as p
from central_sync.wire.catalogue import Care
from central_sync.wire.refusals import Refused


@dataclass(frozen=True, slots=True)
class Bill:
    """What a case comes to now, and the day whose benefits count."""

    day: date
    computation: Computation


def bill_of(work: Work, case: Case, *, lock: bool) -> Bill:
    """What settling the case now comes to. With ``lock`` the case is locked already, and the accumulators' owners stay locked.

    Raises:
        Refused: the case's state, ``no_fees`` or ``item_unknown``.
    """
    inpatient = case.care == Care.INPATIENT
    after(case.state, Event.SETTLE, inpatient=inpatient)
    rows = work.uow.fees.standing(case)
    if not rows:
        raise Refused("no_fees")
    day = (case.discharged_on if inpatient else None) or case.opened_on
    told = replace(
        facts(work, member_of(work, case), case.care, day, case.marks),
        admitted=case.opened_on if inpatient else None,
        diagnoses=_diagnoses(case),
    )
    keys = accumulator_keys(work.rulebook, told)
    if lock:
        work.uow.accumulators.lock(key.owner for key in keys)
    try:
        return Bill(day, computed(work.rulebook, told, charges.bill(rows), work.uow.accumulators.read(keys)))
    except ItemUnknown as error:
        raise charges.unknown(rows, error) from error


def _diagnoses(case: Case) -> tuple[str, ...]:
    """The codes of a case's diagnoses, the main one first."""
    found = msgspec.msgpack.decode(case.diagnoses, type=list[p.Diagnosis])
    return tuple(one.code for one in sorted(found, key=lambda one: not one.main))
