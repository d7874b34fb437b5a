"""PURE: a step of a journey as the packet that the embed face takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from simulator.books import Entry, Packet
from simulator.journeys import Journey, Step
from simulator.people import Person


@dataclass(slots=True)
class Visit:
    """A journey under way: its case, its bill, and the transactions that later steps refer to."""

    journey: Journey
    person: Person
    card: tuple[str, str] | None = None
    """Kind and number, if the clerk's reader read them from a card; else the clerk types them."""
    hid: str = ""
    bill: dict[str, int] = field(default_factory=dict)
    labels: dict[str, Entry] = field(default_factory=dict)


def packet_of(visit: Visit, step: Step, day: date, currency: str) -> Packet:
    """The packet of ``step`` on business day ``day``, from what the visit has come to."""
    return _PACKETS[step.number](visit, step, day, currency)


def _person(visit: Visit, step: Step, *_: object) -> Packet:
    kind, number = visit.card or (visit.person.kind, visit.person.number)
    return {"person": {"kind": kind, "number": step.identifier or number}}


def _benefit_check(visit: Visit, step: Step, day: date, _: str) -> Packet:
    return {**_person(visit, step), "care": visit.journey.care, "service_date": day}


def _registration(visit: Visit, step: Step, day: date, _: str) -> Packet:
    return {**_person(visit, step), "service_date": day, "department": visit.journey.department}


def _admission(visit: Visit, step: Step, day: date, _: str) -> Packet:
    admitted = day - timedelta(days=visit.journey.stay_days)
    opening = {"admitted_on": admitted, "department": visit.journey.department}
    return {**_person(visit, step), **opening, **_diagnoses(step)}


def _diagnoses(step: Step) -> Packet:
    main, *others = step.diagnoses
    return {"diagnoses": [{"code": main, "main": True}, *({"code": code} for code in others)]}


def _finding(visit: Visit, step: Step, *_: object) -> Packet:
    return {"hid": visit.hid, **_diagnoses(step)}


def _discharge(visit: Visit, step: Step, day: date, _: str) -> Packet:
    return {"hid": visit.hid, "discharged_on": day, "way": "recovered", **_diagnoses(step)}


def _fees(visit: Visit, step: Step, day: date, currency: str) -> Packet:
    lines = [
        {
            "serial": line.serial,
            "item": line.item,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "amount": line.amount,
            "service_date": day - timedelta(days=line.days_ago),
        }
        for line in step.lines
    ]
    return {"hid": visit.hid, "currency": currency, "lines": lines}


def _fees_cancel(visit: Visit, step: Step, *_: object) -> Packet:
    return {"hid": visit.hid, "serials": list(step.serials)} if step.serials else {"hid": visit.hid}


def _case(visit: Visit, *_: object) -> Packet:
    return {"hid": visit.hid}


def _bill(visit: Visit, _step: Step, _day: date, currency: str) -> Packet:
    return {"hid": visit.hid, "currency": currency, "total": sum(visit.bill.values())}


def _settle_cancel(visit: Visit, step: Step, *_: object) -> Packet:
    answer = visit.labels[step.of].answer or {}
    return {"hid": visit.hid, "settlement_id": str(answer.get("settlement_id", ""))}


def _confirm(visit: Visit, step: Step, *_: object) -> Packet:
    return {"original_msgid": visit.labels[step.of].msgid, "his_result": step.his_result, "hid": visit.hid}


def _reversal(visit: Visit, step: Step, *_: object) -> Packet:
    original = visit.labels[step.of]
    return {"original_msgid": original.msgid, "original_number": original.number, "hid": visit.hid}


_PACKETS: dict[str, Callable[[Visit, Step, date, str], Packet]] = {
    "1101": _person,
    "2001": _benefit_check,
    "2201": _registration,
    "2401": _admission,
    "2203": _finding,
    "2403": _finding,
    "2402": _discharge,
    **dict.fromkeys(("2204", "2301"), _fees),
    **dict.fromkeys(("2205", "2302"), _fees_cancel),
    **dict.fromkeys(("2202", "2404", "2405"), _case),
    **dict.fromkeys(("2206", "2303", "2207", "2304"), _bill),
    **dict.fromkeys(("2208", "2305"), _settle_cancel),
    "49": _confirm,
    "2601": _reversal,
}
"""How each number's packet is made."""
