"""A hub at the end of a bad line: slow, lossy, cut in the middle of an answer, deaf one way, and a hub process that is replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.line.far_town import Cable, FarTown
from tests.line.work import Day, eventually

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]

SLOW = {"delay_ms": 300, "rate_kbit": 2_000}
"""2 Mbit/s and 600 ms there and back."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarTown]:
    with Cable() as cable, FarTown(tmp_path_factory.mktemp("far"), cable) as made:
        made.sign_in()
        made.case()
        yield made


@pytest.fixture
def day(town: FarTown) -> Iterator[Day]:
    town.cable.becomes()
    eventually(lambda: town.request("GET", "/embed/v1/status", None, {})[1]["line"] == "up", "the line is not up")
    made = Day(town)
    yield made
    town.cable.becomes()
    made.ends_well()


def case(day: Day) -> str:
    hid: str = day.call("2201", day.town.registration(), 20_000)["answer"]["hid"]
    return hid


def test_two_megabits_and_600_ms_delay_every_answer_and_break_none(town: FarTown, day: Day) -> None:
    hid = case(day)
    town.cable.becomes(**SLOW)
    day.fees(hid, 40, deadline_ms=20_000)
    assert set(day.told.values()) == {"final"}
    assert day.settle(hid, 40, 20_000)["outcome"] == "final"


def test_a_line_that_loses_every_fifth_frame_makes_answers_provisional_and_loses_nothing(
    town: FarTown, day: Day
) -> None:
    hid = case(day)
    town.cable.becomes(loss_percent=20, delay_ms=20, jitter_ms=10)
    day.fees(hid, 40, deadline_ms=3_000)
    assert set(day.told.values()) <= {"final", "provisional"}
    settled = day.settle(hid, 40, 3_000)
    assert settled["outcome"] in ("final", "refused", "in_doubt")


@pytest.mark.parametrize("frames", [1, 3, 12])
def test_a_cut_in_the_middle_of_answers_is_no_doubt_for_long(town: FarTown, day: Day, frames: int) -> None:
    hid = case(day)
    town.cable.becomes(cut_after_frames=frames, delay_ms=10)
    healing = threading.Timer(4.0, town.cable.becomes)
    healing.start()
    day.fees(hid, 30, deadline_ms=2_000)
    healing.join()
    assert set(day.told.values()) <= {"final", "provisional"}


@pytest.mark.parametrize("way", ["to 1", "to 2"])
def test_a_line_that_is_deaf_one_way_leaves_doubts_that_resolve_themselves(town: FarTown, day: Day, way: str) -> None:
    hid, other = case(day), case(day)
    assert day.call("2204", town.fees(hid))["outcome"] == "final"
    town.cable.becomes(cut=way)
    settled = day.settle(hid, 1, 2_500)
    assert settled["outcome"] in ("in_doubt", "refused"), settled
    assert day.call("2204", town.fees(other), 2_500)["outcome"] == "provisional"
    read = town.handle("1101", {"person": town.registration()["person"]}, deadline_ms=2_500)
    assert read["error"]["code"] == "line_down"


def test_a_hub_process_that_is_replaced_while_work_is_under_way_takes_it_all(town: FarTown, day: Day) -> None:
    hid = case(day)
    town.cable.becomes(delay_ms=30)

    def replace() -> None:
        for _ in range(3):
            time.sleep(0.4)
            town.hub.kill()
            town.start_hub()

    replacing = threading.Thread(target=replace)
    replacing.start()
    day.fees(hid, 60, deadline_ms=4_000)
    replacing.join()
    assert set(day.told.values()) <= {"final", "provisional"}
