"""The technician's page of maintenance, over HTTP."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from central_sync.terms.languages import Language
from edge.console.lobby import BASE
from tests.edge.console.place import Place, posted
from tests.edge.console.test_routes import text_of

HERE = "/technician/maintenance"
FORM = {"day": "1404/03/11", "time": "13:30", "minutes": "45", "reason": "<b>a new disk</b>"}
"""At that time it is 10:00 UTC: the clock of :class:`Place`."""


async def test_a_persian_reader_finds_persian_digits_in_the_fields_and_sends_them(
    client: TestClient, place: Place
) -> None:
    _, page = await text_of(client, HERE, headers={"Accept-Language": "fa"})
    fields = dict(re.findall(r'<input name="(\w+)"[^>]* value="([^"]*)"', page))
    assert fields == {"day": "۱۴۰۴/۰۳/۱۱", "time": "۱۳:۳۰", "minutes": "۳۰", "reason": ""}
    assert not re.search(r'<option value="[^"]*[0-9]', page)
    assert (await posted(client, HERE, **{**fields, "reason": "دیسک"}))[0] == 303
    window = place.maintenance.window()
    assert window is not None
    assert (window.begin, window.end - window.begin) == (place.now, timedelta(minutes=30))


async def test_it_is_announced_for_now_and_ended(client: TestClient, place: Place) -> None:
    _, page = await text_of(client, HERE)
    assert 'value="1404-03-11"' in page
    assert 'value="13:30"' in page
    assert (await posted(client, HERE, **FORM))[:2] == (303, BASE + HERE)
    window = place.maintenance.window()
    assert window is not None
    assert (window.begin, window.end - window.begin) == (place.now, timedelta(minutes=45))
    _, page = await text_of(client, HERE)
    assert "the desks begin nothing new" in page
    assert "&lt;b&gt;a new disk&lt;/b&gt;" in page
    assert (await posted(client, f"{HERE}/end"))[0] == 303
    assert place.maintenance.window() is None
    lines = [json.loads(line) for line in (place.folder / "audit.jsonl").read_text().splitlines()][-2:]
    assert [line["act"] for line in lines] == ["maintenance announced", "maintenance ended"]
    assert lines[0]["operator"] == lines[1]["operator"] != ""


async def test_a_form_that_lay_open_for_a_while_begins_now(client: TestClient, place: Place) -> None:
    assert (await posted(client, HERE, **{**FORM, "time": "13:01"}))[0] == 303
    window = place.maintenance.window()
    assert window is not None
    assert (window.begin, window.end - window.begin) == (place.now, timedelta(minutes=45))


async def test_it_is_announced_beforehand_in_the_hospitals_own_calendar(client: TestClient, place: Place) -> None:
    assert (await posted(client, HERE, **{**FORM, "day": "۱۴۰۴/۰۳/۱۲", "time": "2:05"}))[0] == 303
    window = place.maintenance.window()
    assert window is not None
    assert f"{window.begin:%Y-%m-%dT%H:%M}" == "2025-06-01T22:35"
    assert not window.lasts(place.now)
    assert "the desks work as ever until then" in (await text_of(client, HERE))[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day": "1404/13/01"}, "like 1404-03-11 13:30"),
        ({"time": "25:00"}, "like 1404-03-11 13:30"),
        ({"time": ""}, "like 1404-03-11 13:30"),
        ({"minutes": "0"}, "1 minute to 24 hours"),
        ({"minutes": "1441"}, "1 minute to 24 hours"),
        ({"minutes": "9" * 5_000}, "1 minute to 24 hours"),
        ({"minutes": "000030" + "9" * 300}, "1 minute to 24 hours"),
        ({"day": "9377/12/29"}, "So far ahead"),
        ({"minutes": "x"}, "1 minute to 24 hours"),
        ({"day": "1404/03/10"}, "That time is over"),
        ({"time": "2:00", "minutes": "720"}, "That time is over"),
        ({"time": "13:00"}, "That time is over"),
        ({"day": "1405/03/11"}, "So far ahead"),
        ({"reason": " "}, "Say in one line why"),
        ({"reason": "\u202e"}, "Say in one line why"),
    ],
)
async def test_what_makes_no_sense_is_said_and_the_form_keeps_what_was_written(
    client: TestClient,
    place: Place,
    change: dict[str, str],
    said: str,
) -> None:
    status, _, page = await posted(client, HERE, **{**FORM, **change})
    assert status == 400
    assert said in re.sub("</?bdi[^>]*>", "", page)
    assert place.maintenance.window() is None
    if "reason" not in change:
        assert "&lt;b&gt;a new disk" in page


async def test_without_the_pages_key_nothing_is_announced_or_ended(client: TestClient, place: Place) -> None:
    made = place.maintenance.announce(place.now, place.now + timedelta(hours=1), "x", "t")
    for path in (HERE, f"{HERE}/end"):
        answer = await client.post(BASE + path, data={**FORM, "form_key": "x"}, allow_redirects=False)
        assert answer.status == 403
    assert place.maintenance.window() == made


@pytest.mark.parametrize("language", [language.value for language in Language])
async def test_the_page_is_whole_in_every_language(client: TestClient, place: Place, language: str) -> None:
    place.maintenance.announce(place.now, place.now + timedelta(hours=1), "<script>", "t")
    status, page = await text_of(client, HERE, headers={"Accept-Language": language})
    assert status == 200
    assert f'<html lang="{language}"' in page
    assert "<script>" not in page.replace('<script type="module"', "")
