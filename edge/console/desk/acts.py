"""PURE: what may be done with a case: each act is allowed in some stages and becomes one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from central_sync.terms.days import Calendar
from central_sync.wire.catalogue import BY_NAME, Care
from edge.console.desk import forms
from edge.console.desk.case import BOOKED, Case, Stage
from edge.console.desk.forms import Fields, Mistyped
from edge.console.views import N_

NOT_BOOKED = 1
SERIAL_CHARACTERS = 20
WAYS: Mapping[str, str] = {
    "recovered": N_("recovered"),
    "transferred": N_("transferred"),
    "against_advice": N_("against advice"),
    "died": N_("died"),
}


class Terms(NamedTuple):
    """What a packet needs besides: the form's msgid, money, days, and what an item is called."""

    msgid: str
    currency: str
    calendar: Calendar
    today: date
    item_name: Callable[[str, date], str]


Packet = tuple[str, dict[str, Any]]


class Act(NamedTuple):
    """One act. ``asks``: it changes nothing, and the gateway asks how things stand. ``of_settlement``: it is about the settlement that its page showed."""

    stages: frozenset[Stage]
    packet: Callable[[Case, Fields, Terms], Packet]
    care: Care | None = None
    asks: bool = False
    needs: Callable[[Case], bool] = lambda _: True
    of_settlement: bool = False

    def allowed(self, case: Case) -> bool:
        """Whether a page of this case would offer it."""
        return case.stage in self.stages and self.care in (None, case.care) and self.needs(case)

    def meant(self, case: Case, fields: Fields) -> bool:
        """Whether the form's page showed the settlement that the case has now: an older page is of another one perhaps."""
        return not self.of_settlement or (case.settled is not None and fields.get("of") == case.settled.msgid)


def _fees(case: Case, fields: Fields, terms: Terms) -> Packet:
    line = forms.fee_line(fields, terms.msgid[-SERIAL_CHARACTERS:], terms.currency, terms.calendar, terms.today)
    if not line["name"]:
        line["name"] = terms.item_name(line["item"], terms.today)[: forms.TEXT_CHARACTERS_MAX]
    return case.number("fees"), {"hid": case.hid, "currency": terms.currency, "lines": [line]}


def _drop(case: Case, fields: Fields, _terms: Terms) -> Packet:
    serial = fields.get("serial", "")
    if serial not in {line.fee.serial for line in case.due}:
        raise Mistyped("serial")
    return case.number("fees_cancel"), {"hid": case.hid, "serials": [serial]}


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
    if (fields.get("total"), fields.get("bill")) != (str(case.total), case.bill):
        raise Mistyped("total")  # what the clerk and the patient saw is not what would be settled now
    return case.number("settle"), {"hid": case.hid, "currency": terms.currency, "total": case.total}


def _confirm(result: int) -> Callable[[Case, Fields, Terms], Packet]:
    def packet(case: Case, _fields: Fields, _terms: Terms) -> Packet:
        assert case.settled is not None
        return BY_NAME["confirm"].number, {"original_msgid": case.settled.msgid, "his_result": result, "hid": case.hid}

    return packet


def _cancel(case: Case, _fields: Fields, _terms: Terms) -> Packet:
    assert case.settlement is not None
    reference = str(case.settlement["settlement_id"])
    return case.number("settle_cancel"), {"hid": case.hid, "settlement_id": reference}


def _reverse(case: Case, _fields: Fields, _terms: Terms) -> Packet:
    assert case.settled is not None
    original = {"original_msgid": case.settled.msgid, "original_number": case.settled.number, "hid": case.hid}
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
    "booked": Act(frozenset([Stage.AWAITED]), _confirm(BOOKED), of_settlement=True),
    "not-booked": Act(frozenset([Stage.AWAITED]), _confirm(NOT_BOOKED), of_settlement=True),
    "cancel": Act(
        frozenset([Stage.CONFIRMED]), _cancel, needs=lambda case: case.settlement is not None, of_settlement=True
    ),
    "reverse": Act(frozenset([Stage.DOUBT]), _reverse, of_settlement=True),
    "drop-case": Act(
        _charges(), _of_case("registration_cancel", "admission_cancel"), needs=lambda case: case.may_cancel
    ),
    "ask": Act(frozenset(Stage), _of_case("registration_cancel", "admission_cancel"), asks=True),
}
"""By the last part of the address."""
