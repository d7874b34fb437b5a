"""The transaction catalogue: what must be true of its rows, whatever is added."""

from __future__ import annotations

import msgspec
import pytest

from central_sync.wire import packets
from central_sync.wire.catalogue import BY_NAME, BY_NUMBER, ROWS, Care, Resolution, Row

NUMBERS = [
    "9001",
    "9002",
    "1101",
    "2001",
    "2201",
    "2202",
    "2203",
    "2204",
    "2205",
    "2206",
    "2207",
    "2208",
    "2301",
    "2302",
    "2303",
    "2304",
    "2305",
    "2401",
    "2402",
    "2403",
    "2404",
    "2405",
    "49",
    "43",
    "5203",
    "44",
    "2601",
    "3101",
    "3201",
    "3202",
]


def test_the_catalogue_holds_exactly_these_numbers() -> None:
    assert sorted(BY_NUMBER) == sorted(NUMBERS)
    assert len(BY_NAME) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_takes_a_request_and_gives_an_answer(row: Row) -> None:
    assert issubclass(row.request, packets.Request)
    assert issubclass(row.answer, packets.Answer)
    assert row.journaled == (row.resolution is not Resolution.READ)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_of_care_works_on_a_case(row: Row) -> None:
    names = {field.name for field in msgspec.structs.fields(row.request)}
    assert (row.care is not None) == (
        row.opens_case or (row.request.__name__ not in ("Confirm", "Reversal") and "hid" in names)
    )
    assert row.opens_case == (row.answer is packets.CaseOpened)


@pytest.mark.parametrize("row", [row for row in ROWS if row.undone_by], ids=lambda row: row.name)
def test_what_undoes_a_row_is_of_the_same_care_and_changes_something(row: Row) -> None:
    undoing = BY_NUMBER[row.undone_by]
    assert undoing.care is row.care
    assert undoing.journaled
    assert not undoing.undone_by


def test_money_moves_only_behind_a_fence() -> None:
    fences = {row.name for row in ROWS if row.resolution is Resolution.FENCE}
    assert fences == {f"{care.value}_settle{rest}" for care in Care for rest in ("", "_cancel")}
    assert {row.name for row in ROWS if row.confirmed} == {f"{care.value}_settle" for care in Care}


def test_reads_can_neither_be_reversed_nor_confirmed() -> None:
    assert not any(
        row.reversible or row.confirmed or row.undone_by for row in ROWS if row.resolution is Resolution.READ
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_packet_holds_a_float(row: Row) -> None:
    for kind in (row.request, row.answer):
        # A query's answer carries the original's answer as it was, typed there.
        assert kind is packets.QueryAnswer or "'type': 'number'" not in str(msgspec.json.schema(kind))
