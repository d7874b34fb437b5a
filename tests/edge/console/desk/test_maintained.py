"""What a clerk reads while the gateway is maintained: one thing, once, in her language, and what she can do about it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from edge.maintenance.pause import Pause
from edge.maintenance.window import Window
from tests.edge.console.desk.hospital import LANGUAGES, NUMBER, Hospital, Person
from tests.edge.console.messages import catalogue

FOCUSED = re.compile(r"<(?:input|button|select|a)[^>]* autofocus[^>]*>")


def hour_from(hospital: Hospital) -> Window:
    now = hospital.now()
    return Window(begin=now, end=now + timedelta(hours=1), reason="a new disk", announced_at=now)


@pytest.fixture
def window(hospital: Hospital) -> list[Window]:
    """What is announced now, if anything is."""
    windows = list[Window]()

    async def known(_: str) -> bool:
        return False

    desk = hospital.clerks._counter._desk
    desk.maintenance = lambda: windows[-1] if windows else None
    desk.teller._intake = Pause(hospital.edge.intake, desk.maintenance, known, hospital.now)
    return windows


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_visit_that_is_refused_says_why_once_and_invites_to_none(
    hospital: Hospital, window: list[Window], language: str
) -> None:
    clerk = await hospital.clerk(language=language)
    words = catalogue(language) if language != "en" else {}
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    window.append(hour_from(hospital))
    await clerk.send("/open", department="eye")
    for said, times in {
        "Nothing was done.": 1,
        "The gateway is being maintained: nothing new is begun. Ask again when that is over.": 1,
        "Open a visit, or admit the patient.": 0,
        "A visit can be opened all the same; it is sent by itself. Ask again before you settle.": 0,
        "for the technician:": 0,
    }.items():
        assert clerk.main.count(words.get(said, said)) == times, said
    assert "until 20" not in clerk.main
    assert FOCUSED.findall(clerk.page) == ['<button class="main" autofocus>']
    assert clerk.form("/open")[1]["department"] == "eye", "what was typed is kept"
    await clerk.send("/again")
    assert FOCUSED.findall(clerk.page) == ['<button class="main" autofocus>']
    window.clear()
    await clerk.send("/again")
    assert words.get("Not insured today", "Not insured today") in clerk.main
    assert FOCUSED.findall(clerk.page) == ['<button class="main big" autofocus>']


async def test_a_case_is_told_of_maintenance_and_what_was_refused_is_done_again_when_it_is_over(
    hospital: Hospital, clerk: Person, window: list[Window]
) -> None:
    hid = await clerk.visit()
    window.append(hour_from(hospital))
    await clerk.charge()
    assert "The gateway is being maintained." in clerk.main
    assert "show the patient the shares" not in clerk.main
    assert "Nothing was done." in clerk.main
    told = clerk.path
    window.clear()
    await clerk.charge()
    assert "The case is open." in clerk.main
    assert "10.00 CNY" in clerk.main
    window.append(hour_from(hospital))
    await clerk.get(f"/desk/case/{hid}/bill")
    assert not clerk.has("/settle")
    assert "for the technician:" not in clerk.main
    assert told == f"/desk/case/{hid}"


async def test_the_bar_says_hours_of_today_without_the_day_and_the_reason_apart(
    hospital: Hospital, clerk: Person, window: list[Window]
) -> None:
    window.append(hour_from(hospital))
    await clerk.get("/desk")
    assert re.search(r"Maintenance until (\d{4}-\d\d-\d\d )?\d\d:\d\d: nothing new is begun\.</span> <bdi", clerk.page)
