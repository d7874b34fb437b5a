"""The items and charges of a bill on the clerk's desk, in a real browser over a real edge and hub, by keyboard alone."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import at, window
from tests.e2e.desk_town import (
    ITEMS,
    WAIT_MS,
    DeskTown,
    accessible,
    admit,
    charged,
    choose,
    go_home,
    look_up,
    lose_line,
    open_visit,
    reach,
    refused_later,
    said,
    show_shares,
    sign_in,
)
from tests.e2e.town import NATIONAL_CODE
from tests.edge.console.messages import catalogue

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]


def shown_in_part(page: Page) -> None:
    """The shares of a stay until today, of which a review would leave nothing."""
    page.locator("summary", has_text=catalogue("fa")["Settle a part of the stay"]).press("Enter")
    page.locator("input[name=until]").press("Enter")
    at(page, ".acts a.big")
    expect(page.locator(".foresight")).to_be_visible()
    accessible(page)


def test_items_are_chosen_by_name_a_line_is_changed_and_a_stay_is_settled_in_part_by_keyboard_alone(
    browser: Browser, desk_town: DeskTown
) -> None:
    with window(browser, "fa") as page:
        sign_in(page, desk_town)
        look_up(page, NATIONAL_CODE)
        hid = admit(page)
        assert choose(page, "ویزیت پزشک عم") == "V0001"
        accessible(page)
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.type("920000")
        page.keyboard.press("Enter")
        page.wait_for_selector(".lines bdi:text-is('V0001')")
        at(page, "input[name=item]")
        page.keyboard.type("ویزیت")
        page.wait_for_selector("#choices li")
        page.keyboard.press("Tab")
        expect(page.locator("input[name=name]")).to_be_focused()  # not the list
        page.keyboard.press("Shift+Tab")
        page.keyboard.type("ویزیت")
        page.wait_for_selector("#choices li")
        page.keyboard.press("Escape")
        assert hid in page.url, "it closes the list, and leaves nothing"
        page.fill("input[name=item]", "")
        shown_in_part(page)
        page.locator(".foresight a[href*='mend=']").first.press("Enter")
        page.wait_for_selector(".changed")
        row = page.locator(".lines tr[aria-current=true]")
        expect(row.locator(".tag")).to_have_text(catalogue("fa")["being changed"])
        expect(row.locator("button")).to_have_count(0)
        accessible(page)
        page.fill("input[name=price]", "910000")
        page.locator("input[name=price]").press("Enter")
        page.wait_for_selector(".lines tbody .amount:has-text('۹۱۰')")
        expect(page.locator(".lines tbody tr")).to_have_count(1)
        shown_in_part(page)
        reach(page, "form[action$=settle-part] button")
        page.keyboard.press("Enter")
        at(page, ".part form[action$=booked] button")
        accessible(page)
        page.keyboard.press("Enter")
        page.wait_for_selector(".part form[action$=cancel]", state="attached")
        expect(page.locator(".lines .tag")).to_have_text(catalogue("fa")["settled before"])
        expect(page.locator(".lines form")).to_have_count(0)
        go_home(page)


def test_a_line_whose_change_is_refused_when_the_hub_answers_again_is_missed_and_put_on_the_bill_again(
    browser: Browser, desk_town: DeskTown
) -> None:
    with window(browser, "zh") as page:
        sign_in(page, desk_town)
        lose_line(page, desk_town, charged(page))
        accessible(page)
        expect(page.locator(".lines tbody tr")).to_have_count(0)
        page.locator(".missing a").press("Enter")
        page.wait_for_selector(".changed")
        accessible(page)
        page.locator("input[name=price]").press("Enter")
        page.wait_for_selector(f".lines bdi:text-is('{ITEMS[0][0]}')")
        expect(page.locator(".missing")).to_have_count(0)
        show_shares(page)


def test_the_notice_of_a_missing_line_is_folded_away_and_comes_back_when_that_line_was_refused_once_more(
    browser: Browser, desk_town: DeskTown
) -> None:
    with window(browser, "fa") as page:
        sign_in(page, desk_town)
        hid = charged(page)
        lose_line(page, desk_town, hid)
        case, notice = f"{desk_town.address}desk/case/{hid}", page.locator(".missing details")
        expect(notice).to_have_attribute("open", "")
        notice.locator("summary").press("Enter")
        expect(notice.locator("a")).to_be_hidden()
        accessible(page)
        for at_, there in ((case, ".add"), (f"{case}/bill", "main"), (case, ".add")):
            page.goto(at_)
            page.wait_for_selector(there)
            expect(notice.locator("summary")).to_contain_text(ITEMS[0][0])
            expect(notice.locator("a")).to_be_hidden()
        notice.locator("summary").press("Enter")
        page.goto(case)
        expect(notice.locator("a")).to_be_visible()
        notice.locator("summary").press("Enter")
        expect(notice.locator("a")).to_be_hidden()
        refused_later(page, desk_town, f"{case}?{notice.locator('a').get_attribute('href').partition('?')[2]}")
        expect(notice.locator("a")).to_be_visible(timeout=WAIT_MS)


def test_an_item_is_chosen_from_what_was_typed_last_however_late_that_list_comes(
    browser: Browser, desk_town: DeskTown
) -> None:
    with window(browser, "fa") as page:
        sign_in(page, desk_town)
        look_up(page, NATIONAL_CODE)
        open_visit(page)
        first, rest = "و", "یزیت پزشک عم"
        held: list[Route] = []
        page.route(
            lambda address: "/desk/items" in address and unquote(address).rpartition("=")[2] != first,
            lambda route: held.append(route),  # noqa: PLW0108 -- a method of a list takes no marks
        )
        at(page, "input[name=item]")
        page.keyboard.type(first)
        page.wait_for_selector("#choices li")
        page.keyboard.type(rest)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.input_value("input[name=item]") == first + rest, "nothing of the list of before is taken"
        while not any(unquote(route.request.url).endswith(first + rest) for route in held):
            page.wait_for_timeout(50)
        for route in held:
            route.continue_()
        page.wait_for_selector("#choices [aria-selected]")
        page.keyboard.press("Enter")
        assert page.input_value("input[name=item]") == "V0001"


def test_a_charge_of_other_software_appears_and_news_that_come_while_one_is_sent_lose_nothing(
    browser: Browser, desk_town: DeskTown
) -> None:
    with window(browser, "en") as page:
        sign_in(page, desk_town)
        hid = charged(page)
        rows = page.locator(".lines tbody tr")
        assert desk_town.handle("2204", desk_town.fees(hid, "x1"))["outcome"] == "final"
        expect(rows).to_have_count(2, timeout=WAIT_MS)
        at(page, "input[name=item]")
        page.evaluate("document.querySelector('[data-desk-live] .says').textContent = 'old'")
        page.evaluate("document.querySelector('.add').addEventListener('submit', (event) => event.preventDefault())")
        page.keyboard.type("L0001")
        page.fill("input[name=price]", "504000")
        page.keyboard.press("Enter")
        page.wait_for_selector(".add[data-sent]")
        assert desk_town.handle("2204", desk_town.fees(hid, "x2"))["outcome"] == "final"
        said(page, "en", "The case is open.")
        expect(page.locator("[data-newer]")).to_be_hidden()
        page.evaluate("document.querySelector('.add').submit()")
        page.wait_for_selector(".lines bdi:text-is('L0001')")
        expect(rows).to_have_count(4)
