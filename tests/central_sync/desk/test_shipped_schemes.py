"""The shipped schemes of Nanchang at the desk, on both databases: several payers of one bill, what only an approval makes hold, and
an account that a family spends together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from central_sync.intake import Intake
from central_sync.members.service import import_members
from central_sync.store.records import Institution
from central_sync.wire import packets as p
from tests.central_sync.hospital import RULEBOOK, Hospital, cn_number

DAY, NOW = date(2025, 9, 10), datetime(2025, 9, 10, 8, tzinfo=UTC)
WORKER = cn_number("11010519800101001")
FATHER = cn_number("11010519500101001")
PURSE = {"layer": "account", "scheme": "cn_nanchang_account", "family": "F1", "deposited": 500_00}


def person(number, *covers, **more) -> bytes:
    """A member's line; each cover says its scheme and group."""
    listed = [{"contract": "K1", "from_day": "2024-01-01", "to_day": None, **cover} for cover in covers]
    told = {"kind": "cn_resident_number", "number": number, "name": "Planted Name", "sex": "male", "region": "cn"}
    birth = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    return json.dumps({**told, "birth_date": birth, "covers": listed, **more}).encode()


def worker() -> bytes:
    base = {"layer": "base", "scheme": "cn_nanchang_employee", "group": "employee"}
    return person(WORKER, base, {**PURSE, "group": "holder"}, group="employee")


def father(**more) -> bytes:
    base = {"layer": "base", "scheme": "cn_nanchang_resident", "group": "resident"}
    illness = {"layer": "critical_illness", "scheme": "cn_nanchang_critical_illness", "group": "poor"}
    aid = {"layer": "aid", "scheme": "cn_medical_aid", "group": "low_income"}
    return person(FATHER, base, illness, aid, {**PURSE, "group": "relative"}, group="resident", **more)


@dataclass
class City(Hospital):
    """A hospital of level 3 in September 2025."""

    now: datetime = NOW

    def transaction(self, number, request, **more):
        return super().transaction(number, request, **{"business_day": DAY, **more})

    def visit(self, number: str, amount: int, item: str = "YP0001", marks: tuple[str, ...] = ()) -> p.Settlement:
        who = p.PersonRef(kind="cn_resident_number", number=number)
        request = p.Registration(person=who, service_date=DAY, department="d", marks=list(marks))
        hid = self.done("2201", request, hid=self.hid()).hid
        self.done("2204", self.fees(hid, self.line("1", amount, item, service_date=DAY)))
        return self.done("2207", self.settle_request(hid, amount))

    def stay(self, number: str, amount: int) -> p.Settlement:
        who = p.PersonRef(kind="cn_resident_number", number=number)
        began = DAY - timedelta(days=9)
        found = [self.diagnosis()]
        request = p.Admission(person=who, admitted_on=began, department="d", diagnoses=found)
        hid = self.done("2401", request, hid=self.hid()).hid
        self.done("2301", self.fees(hid, self.line("1", amount, service_date=DAY)))
        self.done("2402", p.Discharge(hid=hid, discharged_on=DAY, way="recovered", diagnoses=found))
        return self.done("2304", self.settle_request(hid, amount))


@pytest.fixture
def city(store):
    law = RULEBOOK.regions["cn"]
    with store.write() as uow:
        uow.institutions.add(
            Institution("H1", "H1", "cn", "tier_3", law.zone, law.currency, str(law.calendar), NOW),
        )
    import_members(store, RULEBOOK, [worker(), father()], NOW)
    return City(store, Intake(store, RULEBOOK))


def paid(answer: p.Settlement) -> dict[str, int]:
    return {share.scheme.removeprefix("cn_"): share.amount for share in answer.shares}


def test_four_payers_of_a_poor_residents_stay(city):
    """18,000 of 30,000; 8,500 first, then 65 % of 4,100; 75 % of what is left; 500 in the account of a relative."""
    answer = city.stay(FATHER, 30_600_00)
    assert paid(answer) == {
        "nanchang_resident": 18_000_00,
        "nanchang_critical_illness": 2_665_00,
        "medical_aid": 7_451_25,
        "nanchang_account": 500_00,
    }
    assert answer.patient == 1_983_75


def test_relatives_spend_one_account_until_it_is_empty(city):
    """The worker's own part is 615, and takes all; nothing is left for the father."""
    assert paid(city.visit(WORKER, 1_000_00))["nanchang_account"] == 500_00
    assert paid(city.visit(FATHER, 100_00))["nanchang_account"] == 0


def test_a_special_disease_is_paid_as_such_with_the_insurers_approval_alone(city, store):
    who = p.PersonRef(kind="cn_resident_number", number=FATHER)
    request = p.Registration(person=who, service_date=DAY, department="d", marks=["special_disease"])
    assert city.refused("2201", request, hid=city.hid()) == "mark_not_hospitals"
    assert paid(city.visit(FATHER, 420_00, "ZL0007"))["nanchang_resident"] == 0
    approval = {
        "mark": "special_disease",
        "from_day": "2025-01-01",
        "to_day": "2025-12-31",
        "reference": "A-1",
    }
    import_members(store, RULEBOOK, [worker(), father(approvals=[approval])], NOW)
    assert paid(city.visit(FATHER, 420_00, "ZL0007"))["nanchang_resident"] == 252_00
