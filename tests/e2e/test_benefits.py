"""What a hospital sees of the benefits over HTTP, through a real edge and hub: a stay settled in parts, a family that shares a cap,
marks that the hospital says and that only the insurer can vouch for.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from central_sync.rulebook.load import PACKAGED
from tests.central_sync.desk.provinces import BASE, FOLDER, HUSBAND, ILLNESS, WIFE, member
from tests.e2e.town import Town


class Province(Town):
    """A hospital in a province of the desk's tests, with a married couple."""

    members = tuple(json.loads(member(ref, [BASE, ILLNESS])) for ref in (WIFE, HUSBAND))
    place = ("--region", "east", "--tier", "tier_3")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.law = folder / "law"
        shutil.copytree(FOLDER, self.law)
        no_limits = shutil.ignore_patterns("cn.*", "ir.*")
        shutil.copytree(PACKAGED / "rules", self.law / "rules", ignore=no_limits)

    @property
    def today(self) -> str:
        return self.day(0)

    def day(self, ago: int) -> str:
        return (datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=ago)).isoformat()

    def done(self, number: str, packet: Any) -> dict[str, Any]:
        body = self.handle(number, packet)
        assert body["outcome"] == "final", body
        return body["answer"]

    def charge(self, number: str, hid: str, serial: str, amount: int, day: str) -> None:
        price = f"{amount // 100}.{amount % 100:02d}"
        line = {"serial": serial, "item": "CARE", "quantity": "1", "unit_price": price, "amount": amount}
        self.done(number, {"hid": hid, "currency": "CNY", "lines": [{**line, "service_date": day}]})

    def visit(self, ref: tuple[str, str], amount: int, **more: Any) -> dict[str, Any]:
        person = {"kind": ref[0], "number": ref[1]}
        packet = {"person": person, "service_date": self.today, "department": "d", **more}
        hid = self.done("2201", packet)["hid"]
        self.charge("2204", hid, "1", amount, self.today)
        return self.done("2207", {"hid": hid, "currency": "CNY", "total": amount})


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with Province(tmp_path_factory.mktemp("province")) as made:
        made.sign_in()
        made.handle("1101", {"person": {"kind": WIFE[0], "number": WIFE[1]}})  # the line is up
        yield made


def paid(answer: dict[str, Any]) -> int:
    return sum(share["amount"] for share in answer["shares"])


def test_a_stay_is_settled_in_parts_and_its_last_part_closes_it(town):
    diagnoses = [{"code": "J18.900", "main": True}]
    person = {"kind": WIFE[0], "number": WIFE[1]}
    packet = {"person": person, "admitted_on": town.day(9), "department": "d", "diagnoses": diagnoses}
    hid = town.done("2401", packet)["hid"]
    town.charge("2301", hid, "1", 3_000_00, town.day(8))
    part = {"hid": hid, "currency": "CNY", "total": 3_000_00, "until": town.day(5)}
    assert town.done("2303", part)["until"] == town.day(5)
    first = town.done("2304", part)
    assert (first["until"], first["after"]) == (town.day(5), "")
    assert first["shares"][0]["amount"] == (3_000_00 - 1_000_00) * 80 // 100
    assert town.handle("2302", {"hid": hid, "serials": ["1"]})["error"]["code"] == "fee_settled"
    town.charge("2301", hid, "2", 5_000_00, town.today)
    discharge = {"hid": hid, "discharged_on": town.today, "way": "recovered", "diagnoses": diagnoses}
    town.done("2402", discharge)
    last = town.done("2304", {"hid": hid, "currency": "CNY", "total": 5_000_00})
    assert last["after"] == first["settlement_id"]
    assert last["shares"][0]["amount"] == 5_000_00 * 80 // 100, "the deductible was taken once"
    assert paid(first) + paid(last) + first["patient"] + last["patient"] == 8_000_00
    back = {"hid": hid, "settlement_id": first["settlement_id"]}
    assert town.handle("2305", back)["error"]["code"] == "later_settlement_first"


def test_a_family_shares_one_cap_and_each_of_them_sees_it(town):
    assert paid(town.visit(WIFE, 700_00)) == 350_00
    person = {"kind": HUSBAND[0], "number": HUSBAND[1]}
    check = {"person": person, "care": "outpatient", "service_date": town.today}
    (balance,) = town.done("2001", check)["balances"]
    assert (balance["owner"], balance["used"], balance["cap"]) == ("family", 350_00, 500_00)
    assert paid(town.visit(HUSBAND, 700_00, marks=["referred"])) == 150_00
    assert paid(town.visit(WIFE, 10_00)) == 0


def test_a_mark_that_only_the_insurer_can_vouch_for_is_refused_with_its_sentences(town):
    person = {"kind": WIFE[0], "number": WIFE[1]}
    packet = {"person": person, "service_date": town.today, "department": "d", "marks": ["special_disease"]}
    body = town.handle("2201", packet)
    assert body["outcome"] == "refused", body
    assert body["error"]["code"] == "mark_not_hospitals"
    assert "approved by the insurer" in json.dumps(body["error"])
