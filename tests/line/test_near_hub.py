"""The line's faults in short, on every change; tests/line/test_far_hub.py has them with real frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from simulator.world import LineFault
from tests.line.near_town import NearTown
from tests.line.work import Day, eventually


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearTown]:
    with NearTown(tmp_path_factory.mktemp("near")) as made:
        made.sign_in()
        made.case()
        yield made


@pytest.fixture
def day(town: NearTown) -> Iterator[Day]:
    eventually(lambda: town.request("GET", "/embed/v1/status", None, {})[1]["line"] == "up", "the line is not up")
    made = Day(town)
    yield made
    town.heals()
    town.becomes()
    made.ends_well()


def test_a_slow_line_delays_answers_and_breaks_none(town: NearTown, day: Day) -> None:
    hid = town.case()
    town.becomes(rate_bytes_s=256_000, delay_s=0.1)
    day.fees(hid, 12, deadline_ms=20_000)
    assert set(day.told.values()) == {"final"}


def test_a_settlement_whose_answer_is_lost_is_in_doubt_and_resolves_itself(town: NearTown, day: Day) -> None:
    hid, other = town.case(), town.case()
    town.breaks(LineFault.DEAF)
    assert day.settle(hid, 1, 1_500)["outcome"] == "in_doubt"
    assert day.call("2204", town.fees(other, "2"), 1_500)["outcome"] == "provisional"
    town.heals()
    day.ends_well()
    assert set(day.told.values()) == {"final"}, "the hub had heard the settlement"


def test_answers_cut_in_the_middle_are_asked_for_again(town: NearTown, day: Day) -> None:
    hid = town.case()
    town.breaks(LineFault.RESET, after_bytes=700)
    healing = threading.Timer(1.0, town.heals)
    healing.start()
    day.fees(hid, 12, deadline_ms=1_500)
    healing.join()
    assert set(day.told.values()) <= {"final", "provisional"}
