"""Cases and lines, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from central_sync.errors import StoreError
from central_sync.store.records import Case, FeeLine

NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
DAY = date(2025, 6, 2)
CASE = Case(
    member="m1", hid="1" * 16, institution="H1", care="outpatient", state="open", covered=True, opened_on=DAY,
    discharged_on=None, way="", department="d", doctor="", bed="", visit_number="", complaint="", diagnoses=b"\x90",
    settlement_id="", opened_by="M1", opened_at=NOW,
)  # fmt: skip


def line(place: int, serial: str, **more) -> FeeLine:
    return FeeLine("m1", "1" * 16, place, serial, "item", "", "1", "1", 100, DAY, "M2", **more)


def test_a_hid_names_one_case_of_its_own_institution(store):
    with store.write() as uow:
        assert uow.cases.open(CASE)
        assert not uow.cases.open(replace(CASE, member="m2"))
        assert uow.cases.get("H1", CASE.hid, lock=True) == CASE
        assert uow.cases.get("H2", CASE.hid) is None
        assert uow.cases.get("H1", "2" * 16) is None
        uow.cases.change(CASE, state="cancelled")
        assert not uow.cases.open(CASE)
    with store.read() as uow:
        assert uow.cases.get("H1", CASE.hid) == replace(CASE, state="cancelled")


def test_a_serial_stands_once_among_the_lines_that_stand(store):
    with store.write() as uow:
        uow.cases.open(CASE)
        uow.fees.add([line(0, "a"), line(1, "b")])
        uow.fees.cancel(CASE, [0], "M3")
        uow.fees.add([line(2, "a")])
        assert [row.place for row in uow.fees.standing(CASE)] == [1, 2]
        assert uow.fees.places(CASE) == 3

    def add_again():
        with store.write() as uow:
            uow.fees.add([line(3, "a")])

    with pytest.raises(StoreError):
        add_again()
