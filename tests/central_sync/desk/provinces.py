"""Two invented provinces with one currency (``two_provinces/``), a hospital in each, and a family of the east."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from central_sync.benefits.bundle import versioned
from central_sync.intake import Intake
from central_sync.members.service import import_members
from central_sync.rulebook.load import load
from central_sync.store import Store
from central_sync.store.records import Institution
from central_sync.wire import packets as p
from tests.central_sync.hospital import DAY, NOW, Hospital, cn_number

FOLDER = Path(__file__).with_name("two_provinces")
LAW = load(FOLDER)
WIFE = "cn_resident_number", cn_number("11010519800101001")
HUSBAND = "cn_resident_number", cn_number("11010519790101002")
BASE = {"layer": "base", "scheme": "east_base", "contract": "K1", "from_day": "2024-01-01", "family": "F1"}
ILLNESS = {"layer": "critical_illness", "scheme": "east_illness", "contract": "K1", "from_day": "2024-01-01"}
ACCOUNT = {"layer": "account", "scheme": "east_account", "contract": "K1", "from_day": "2024-01-01"}


def member(ref=WIFE, covers=(BASE, ILLNESS), region="east", group="employee", **more) -> bytes:
    """A member's line."""
    person = {"kind": ref[0], "number": ref[1], "name": "Planted Name", "birth_date": "1980-01-01", "sex": "female"}
    return json.dumps({**person, "group": group, "region": region, "covers": list(covers), **more}).encode()


def approval(mark: str, **more) -> dict:
    """An approval of a member's line, in force all of 2025."""
    return {"mark": mark, "from_day": "2025-01-01", "to_day": "2025-12-31", "reference": "A-1", **more}


def told(store: Store, *lines: bytes, law=LAW) -> None:
    """Import those member lines."""
    import_members(store, law, lines, NOW)


@dataclass
class Provincial(Hospital):
    """A hospital of a province: E1 in the east, W1 in the west."""

    patient: tuple[str, str] = WIFE

    @property
    def person(self) -> p.PersonRef:
        return p.PersonRef(kind=self.patient[0], number=self.patient[1])

    def line(self, serial: str, amount: int, item: str = "CARE", **more) -> p.FeeLine:
        return super().line(serial, amount, item, **more)

    def visit(self, amount: int, *marks: str) -> str:
        """An outpatient case with those marks and one line."""
        request = p.Registration(person=self.person, service_date=DAY, department="d", marks=list(marks))
        hid = self.done("2201", request, hid=self.hid()).hid
        self.done("2204", self.fees(hid, self.line("1", amount)))
        return hid

    def stay(self, days: int = 10, **more) -> str:
        """An inpatient case that began ``days`` ago."""
        return self.admit(DAY - timedelta(days=days), **more)

    def charge(self, hid: str, serial: str, amount: int, day: date = DAY) -> None:
        self.done("2301", self.fees(hid, self.line(serial, amount, service_date=day)))

    def discharge(self, hid: str, day: date = DAY) -> None:
        request = p.Discharge(hid=hid, discharged_on=day, way="recovered", diagnoses=[self.diagnosis()])
        self.done("2402", request)

    def stayed(self, amount: int, **more) -> p.Settlement:
        """A whole stay, settled a second after whatever was settled before."""
        self.now += timedelta(seconds=1)
        hid = self.stay(**more)
        self.charge(hid, "1", amount)
        self.discharge(hid)
        return self.done("2304", self.settle_request(hid, amount))


def paying_by_approval(law=LAW):
    """The law, but that the account pays only what was approved."""
    scheme = law.schemes["east_account"]
    benefits = {care: tuple(replace(one, approved=True) for one in found) for care, found in scheme.benefits.items()}
    return versioned(replace(law, schemes={**law.schemes, scheme.code: replace(scheme, benefits=benefits)}))


def paid(answer: p.Settlement) -> dict[str, int]:
    """What each scheme pays."""
    return {share.scheme: share.amount for share in answer.shares}


def provinces(store: Store, law=LAW) -> tuple[Provincial, Provincial]:
    """The hospitals of east and west, with husband and wife insured in the east."""
    with store.write() as uow:
        for code, region in (("E1", "east"), ("W1", "west")):
            place = law.regions[region]
            uow.institutions.add(
                Institution(code, code, region, "tier_3", place.zone, place.currency, str(place.calendar), NOW)
            )
    told(store, member(), member(HUSBAND), law=law)
    intake = Intake(store, law)
    return Provincial(store, intake, "E1"), Provincial(store, intake, "W1")
