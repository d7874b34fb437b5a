"""PURE: what may be done with a case: each act is allowed in some stages and becomes one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec

from central_sync.terms.days import Calendar
from central_sync.wire.catalogue import BY_NAME, Care
from edge.console.desk import forms
from edge.console.desk.case import BOOKED, Case, Stage
from edge.console.desk.forms import Fields, Mistyped
from edge.console.views import N_
from edge.steps import Step

NOT_BOOKED = 1
SERIAL_CHARACTERS = 20
WAYS: Mapping[str, str] = {
    "recovered": N_("recovered"),
    "transferred": N_("transferred"),
    "against_advice": N_("against advice"),
    "died": N_("died"),
}


class Terms(NamedTuple):
    """What a packet needs besides: the form's msgid, money, days, what an item is called, and the codes that reviews ask for."""

    msgid: str
    currency: str
    calendar: Calendar
    today: date
    item_name: Callable[[str, date], str]
    item_codes: Callable[[str, date], Mapping[str, str]]


Packet = tuple[str, dict[str, Any]]


class Act(NamedTuple):
    """One act. ``asks``: it changes nothing, and the gateway asks how things stand. ``of_settlement``: it is about the settlement, of the whole or of a part, that its page showed."""

    stages: frozenset[Stage]
    packet: Callable[[Case, Fields, Terms], Packet]
    care: Care | None = None
    asks: bool = False
    needs: Callable[[Case], bool] = lambda _: True
    of_settlement: bool = False

    def allowed(self, case: Case, fields: Fields) -> bool:
        """Whether a page of this case would offer it; what is about a settlement, for the one that the form's page showed: an older page is of another one perhaps."""
        stage: Stage | None = case.stage
        if self.of_settlement:
            found = case.settlement_of(fields.get("of", ""))
            stage = found[1] if found else None
        return stage in self.stages and self.care in (None, case.care) and self.needs(case)


def _fees(case: Case, fields: Fields, terms: Terms) -> Packet:
    fields = _afresh(case, fields)
    line = forms.fee_line(fields, terms.msgid[-SERIAL_CHARACTERS:], terms.currency, terms.calendar, terms.today)
    if not line["name"]:
        line["name"] = terms.item_name(line["item"], terms.today)[: forms.TEXT_CHARACTERS_MAX]
    codes = terms.item_codes(line["item"], date.fromisoformat(line["service_date"]))
    facts = {**_kept_facts(case, fields, line["item"]), **codes, **line.get("facts", {})}
    line |= {"facts": facts} if facts else {}
    return case.number("fees"), {"hid": case.hid, "currency": terms.currency, "lines": [line]}


def _afresh(case: Case, fields: Fields) -> Fields:
    """``fields`` without what stands there of the line in whose place another item comes, and nobody has typed: its name, its code."""
    old = case.changeable(fields.get("instead", ""))
    if old is None or forms.code(fields, "item") == old.fee.item:
        return fields
    stood = {"name": old.fee.name, "relative_value_code": old.fee.facts.relative_value_code if old.fee.facts else ""}
    return {name: typed for name, typed in fields.items() if typed != stood.get(name)}


def _kept_facts(case: Case, fields: Fields, item: str) -> dict[str, Any]:
    """What the line in whose place this one comes says besides, and no field of the form does; nothing of another item."""
    old = case.changeable(fields.get("instead", ""))
    if old is None or old.fee.facts is None or old.fee.item != item:
        return {}
    told: dict[str, Any] = msgspec.to_builtins(old.fee.facts)
    return {name: value for name, value in told.items() if name not in forms.FACTS}


def _drop(case: Case, fields: Fields, _terms: Terms) -> Packet:
    line = case.due_line(fields.get("serial", ""))
    if line is None:
        raise Mistyped("serial")
    return case.number("fees_cancel"), {"hid": case.hid, "serials": [line.fee.serial]}


def _diagnosis(case: Case, fields: Fields, _terms: Terms) -> Packet:
    name = "visit" if case.care is Care.OUTPATIENT else "stay_change"
    return BY_NAME[name].number, {"hid": case.hid, "diagnoses": forms.diagnoses(fields)}


def _discharge(case: Case, fields: Fields, terms: Terms) -> Packet:
    way = fields.get("way", "")
    if way not in WAYS:
        raise Mistyped("way")
    on = forms.day(fields, "day", terms.calendar, terms.today).isoformat()
    packet = {"hid": case.hid, "discharged_on": on, "way": way, "diagnoses": forms.diagnoses(fields)}
    return BY_NAME["discharge"].number, packet


def _settle(case: Case, fields: Fields, terms: Terms) -> Packet:
    return _settlement(case, fields, terms, None)


def _settle_part(case: Case, fields: Fields, terms: Terms) -> Packet:
    return _settlement(case, fields, terms, forms.until(fields, terms.calendar, terms.today))


def _settlement(case: Case, fields: Fields, terms: Terms, until: date | None) -> Packet:
    total, bill = case.total_until(until), case.bill_until(until)
    if (fields.get("total"), fields.get("bill")) != (str(total), bill) or (until and not case.due_until(until)):
        raise Mistyped("total")  # what the clerk and the patient saw is not what would be settled now
    return case.number("settle"), settlement_packet(case, terms.currency, until)


def settlement_packet(case: Case, currency: str, until: date | None) -> dict[str, Any]:
    """What settles the case, or its part ``until`` a day; of a settlement and of what would be one."""
    packet = {"hid": case.hid, "currency": currency, "total": case.total_until(until)}
    return packet if until is None else {**packet, "until": until.isoformat()}


def _named(case: Case, fields: Fields) -> Step:
    found = case.settlement_of(fields.get("of", ""))
    assert found is not None  # else it is not allowed
    return found[0]


def _confirm(result: int) -> Callable[[Case, Fields, Terms], Packet]:
    def packet(case: Case, fields: Fields, _terms: Terms) -> Packet:
        original = _named(case, fields).msgid
        return BY_NAME["confirm"].number, {"original_msgid": original, "his_result": result, "hid": case.hid}

    return packet


def _cancel(case: Case, fields: Fields, _terms: Terms) -> Packet:
    answer = _named(case, fields).answer
    if answer is None:
        raise Mistyped("of")
    reference = str(answer["settlement_id"])
    return case.number("settle_cancel"), {"hid": case.hid, "settlement_id": reference}


def _reverse(case: Case, fields: Fields, _terms: Terms) -> Packet:
    settled = _named(case, fields)
    original = {"original_msgid": settled.msgid, "original_number": settled.number, "hid": case.hid}
    return BY_NAME["reversal"].number, original


def _of_case(outpatient: str, inpatient: str) -> Callable[[Case, Fields, Terms], Packet]:
    def packet(case: Case, _fields: Fields, _terms: Terms) -> Packet:
        return BY_NAME[outpatient if case.care is Care.OUTPATIENT else inpatient].number, {"hid": case.hid}

    return packet


def _charges(*more: Stage) -> frozenset[Stage]:
    return frozenset([Stage.CHARGES, *more])


ACTS: Mapping[str, Act] = {
    "fees": Act(_charges(), _fees),
    "drop": Act(_charges(), _drop),
    "diagnosis": Act(_charges(), _diagnosis),
    "discharge": Act(_charges(), _discharge, Care.INPATIENT, needs=lambda case: not case.discharged),
    "stay-on": Act(
        _charges(), _of_case("discharge_cancel", "discharge_cancel"), Care.INPATIENT, needs=lambda case: case.discharged
    ),
    "settle": Act(_charges(), _settle, needs=lambda case: case.may_settle),
    "settle-part": Act(_charges(), _settle_part, Care.INPATIENT, needs=lambda case: case.may_settle_part),
    "booked": Act(frozenset([Stage.AWAITED]), _confirm(BOOKED), of_settlement=True),
    "not-booked": Act(frozenset([Stage.AWAITED]), _confirm(NOT_BOOKED), of_settlement=True),
    "cancel": Act(frozenset([Stage.CONFIRMED]), _cancel, of_settlement=True),
    "reverse": Act(frozenset([Stage.DOUBT]), _reverse, of_settlement=True),
    "drop-case": Act(
        _charges(), _of_case("registration_cancel", "admission_cancel"), needs=lambda case: case.may_cancel
    ),
    "ask": Act(frozenset(Stage), _of_case("registration_cancel", "admission_cancel"), asks=True),
}
"""By the last part of the address."""
