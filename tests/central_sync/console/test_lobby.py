"""What stands before each page: whoever's session has ended is told so, and what was typed into a form is not lost, as far as it is no secret."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central_sync.console.access import Role
from tests.central_sync.console.conftest import Browser, World

TYPED = "called <b>them</b>, twice"
IDLE = timedelta(minutes=31)


@pytest.fixture
def people(small_world: World) -> World:
    small_world.account("anna", Role.OPERATOR)
    return small_world


async def test_a_form_that_is_sent_too_late_does_nothing_and_gives_back_what_was_typed(people, small_client) -> None:
    with people.store.write() as uow:
        uow.alerts.raise_("own", "H1", "H1", "urgent", 1.0, people.now)
        (alert,) = uow.alerts.page(still_open=True, scope=None, before=None, rows_max=9, institution="H1")
    browser = Browser(small_client, people.token("anna"))
    key = await browser.key()
    people.now += IDLE
    fields = {"alert": str(alert.id), "note": TYPED, "password": "seven small stones", "number": "0499370899"}
    status, page, _ = await browser.post("/alerts/acknowledge", key, **fields)
    assert status == 403
    assert "Nothing was done" in page
    assert "called &lt;b&gt;them&lt;/b&gt;, twice" in page
    assert "seven small stones" not in page
    assert "0499370899" not in page
    with people.store.read() as uow:
        assert uow.alerts.get(alert.id).acknowledged_at is None
    fresh = Browser(small_client, people.token("anna"))
    status, page, _ = await fresh.post("/alerts/acknowledge", key, **fields)
    assert (status, "of an earlier sign-in" in page) == (403, True)
    assert "called &lt;b&gt;them&lt;/b&gt;, twice" in page


async def test_another_sites_page_gets_nothing_back_and_a_stranger_is_sent_to_the_door(people, small_client) -> None:
    browser = Browser(small_client, people.token("anna"))
    people.now += IDLE
    browser.headers = {"Origin": "https://evil.example"}
    status, page, _ = await browser.post("/alerts/acknowledge", note=TYPED)
    assert status == 403
    assert "called" not in page
    stranger = Browser(small_client)
    status, page, where = await stranger.post("/alerts/acknowledge", note=TYPED)
    assert (status, where, page) == (303, "/sign-in", "")


async def test_the_door_says_that_a_sign_in_has_ended_only_to_whom_it_ended(people, small_client) -> None:
    words = "You are no longer signed in"
    browser = Browser(small_client, people.token("anna"))
    assert words not in (await browser.get("/sign-in"))[1]
    people.now += IDLE
    assert (await browser.get("/alerts"))[0] == 303
    assert words in (await browser.get("/sign-in"))[1]
    assert words not in (await Browser(small_client).get("/sign-in"))[1]
    assert (await browser.post("/sign-out"))[2] == "/sign-in"
