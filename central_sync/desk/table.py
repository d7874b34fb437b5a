"""Which service decides which transaction: one row for each row of the catalogue that comes to the hub."""

from __future__ import annotations

from central_sync.desk import admission, certainty, charges, cycle, eligibility, reconciliation, reversal, settlement
from central_sync.desk.work import Service
from central_sync.wire.catalogue import ROWS

SERVICES: dict[str, Service] = {
    "9001": cycle.sign_in,
    "9002": cycle.sign_out,
    "1101": eligibility.check_person,
    "2001": eligibility.check_benefit,
    "2201": admission.register,
    "2202": admission.cancel_case,
    "2203": admission.visit,
    "2204": charges.charge,
    "2205": charges.cancel_charges,
    "2206": settlement.pre_settle,
    "2207": settlement.settle,
    "2208": settlement.cancel,
    "2301": charges.charge,
    "2302": charges.cancel_charges,
    "2303": settlement.pre_settle,
    "2304": settlement.settle,
    "2305": settlement.cancel,
    "2401": admission.admit,
    "2402": admission.discharge,
    "2403": admission.change_stay,
    "2404": admission.cancel_case,
    "2405": admission.cancel_discharge,
    "49": certainty.confirm,
    "43": certainty.query,
    "44": certainty.uncertain,
    "2601": reversal.reverse,
    "3201": reconciliation.totals,
    "3202": reconciliation.details,
}
"""Canonical number → service."""

assert set(SERVICES) == {row.number for row in ROWS if not row.at_edge}
