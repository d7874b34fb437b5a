"""The clerk's desk in a real browser, over a real edge and hub: her day by keyboard alone, and what a broken line does to it."""

from __future__ import annotations

import re
import signal

import pytest
from playwright.sync_api import Browser, expect

from central_sync.terms.languages import Language
from tests.browser import DOUBLED, NARROW, PHONE, at, window
from tests.e2e.console_town import sign_in as sign_in_technician
from tests.e2e.console_town import too_many_pages, with_technician
from tests.e2e.desk_town import (
    CARD,
    HOSTILE,
    HOSTILE_NUMBER,
    ITEMS,
    UNINSURED_NUMBER,
    WAIT_MS,
    DeskTown,
    accessible,
    charge,
    charged,
    go_home,
    look_up,
    open_visit,
    said,
    show_shares,
    sign_in,
)
from tests.e2e.town import NAME
from tests.edge.console.messages import catalogue

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
UNKNOWN_NUMBER = "0000000019"
PATIENT = {"en": "427,200 IRR", "fa": "۴۲۷٬۲۰۰ ریال", "zh": "427,200伊朗里亚尔"}
MARKS = re.compile("[\u2068\u2069]")


@pytest.fixture
def town(desk_town: DeskTown) -> DeskTown:
    """No card lies in its reader."""
    desk_town.take()
    return desk_town


@pytest.mark.parametrize("language", [language.value for language in Language])
def test_a_clerks_day_with_a_card_by_keyboard_alone(browser: Browser, town: DeskTown, language: str) -> None:
    with window(browser, language, dark=language == "zh") as page:
        sign_in(page, town)
        accessible(page)
        expect(page.locator(".card-sight.empty")).to_be_visible(timeout=WAIT_MS)
        town.put()
        page.wait_for_selector(".who-is", timeout=WAIT_MS)
        expect(page.locator("h1 bdi")).to_have_text(NAME)
        said(page, language, "Insured")
        accessible(page)
        open_visit(page)
        accessible(page)
        for item in ITEMS:
            charge(page, *item)
        page.keyboard.press("Enter")
        at(page, ".acts a[href$='write=diagnosis']")  # without one, a review would take all of it off
        accessible(page)
        page.keyboard.press("Enter")
        at(page, "input[name=diagnosis]")
        accessible(page)
        page.keyboard.type("J06.9")
        page.keyboard.press("Enter")
        at(page, "input[name=item]")
        accessible(page)
        page.keyboard.press("Enter")
        at(page, "form[action$=settle] button")
        assert MARKS.sub("", page.locator(".patient-pays strong").inner_text()) == PATIENT[language]
        accessible(page)
        page.keyboard.press("Enter")
        said(page, language, "It is settled. Take the patient's part, then say that it is booked.")
        accessible(page)
        at(page, "form[action$='/booked'] button")
        page.keyboard.press("Enter")
        said(page, language, "It is settled and booked.")
        at(page, ".acts a[href$=slip]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".slip")
        accessible(page)
        page.emulate_media(media="print")
        expect(page.locator(".top")).to_be_hidden()
        expect(page.locator(".noprint")).to_be_hidden()
        expect(page.locator(".slip")).to_contain_text(NAME)
        page.emulate_media(media="screen")
        go_home(page)
        expect(page.locator(".card-sight.lying")).to_be_visible(timeout=WAIT_MS)
        town.take()
        expect(page.locator(".card-sight.empty")).to_be_visible(timeout=WAIT_MS)


def test_the_first_field_has_the_focus_before_the_page_is_drawn(browser: Browser, town: DeskTown) -> None:
    with window(browser, "en") as page:
        page.add_init_script(
            "addEventListener('DOMContentLoaded', () => { window.first = document.activeElement.name; })"
        )
        sign_in(page, town)
        hid = charged(page)
        for _ in range(10):
            page.goto(f"{town.address}desk/case/{hid}")
            assert page.evaluate("window.first") == "item", "a key that is pressed at once would be lost"


def test_a_line_cut_in_mid_settlement_is_a_doubt_that_ends_before_the_clerks_eyes(
    browser: Browser, town: DeskTown
) -> None:
    with window(browser, "en") as page:
        sign_in(page, town)
        charged(page)
        show_shares(page)
        town.hub.process.send_signal(signal.SIGSTOP)
        try:
            page.keyboard.press("Enter")
            said(page, "en", "Nobody can say yet whether this was settled.")
            accessible(page)
        finally:
            town.hub.process.send_signal(signal.SIGCONT)
        said(page, "en", "It is settled. Take the patient's part, then say that it is booked.")
        at(page, "form[action$='/booked'] button")
        page.keyboard.press("Enter")
        said(page, "en", "It is settled and booked.")


def test_with_the_line_down_and_after_a_restart_the_case_goes_on_where_it_was(browser: Browser, town: DeskTown) -> None:
    with window(browser, "fa") as page:
        sign_in(page, town)
        hid = charged(page)
        town.hub.kill()
        try:
            charge(page, *ITEMS[1])
            said(page, "fa", "Kept here: the insurer has not answered yet.")
            at(page, "input[name=item]")
            page.keyboard.press("Enter")
            page.wait_for_selector(".banner.warning a, .acts a[href$=bill]")
            expect(page.locator(".says").first).to_contain_text("ارتباط با بیمه قطع است")
            accessible(page)
            town.edge.stop()
            town.start_edge()
            sign_in(page, town)
            expect(page.locator(".cases").first).to_contain_text(hid)
            look_up(page, hid)
            expect(page.locator("h1 bdi")).to_have_text(NAME)
            said(page, "fa", "Kept here: the insurer has not answered yet.")
        finally:
            town.start_hub()
        said(page, "fa", "The case is open.")
        show_shares(page)


def test_the_first_page_is_told_of_cases_and_of_the_line_and_takes_no_key_from_the_clerk(
    browser: Browser, town: DeskTown
) -> None:
    with window(browser, "zh") as page:
        sign_in(page, town)
        hid = charged(page)
        go_home(page)
        row = page.locator(f".lists a[href$='{hid}']")
        expect(row).to_contain_text(catalogue("zh")["Visit opened"])
        row.focus()
        other = page.context.new_page()
        other.goto(f"{town.address}desk/case/{hid}")
        show_shares(other)
        other.keyboard.press("Enter")
        at(other, "form[action$='/booked'] button")
        expect(row).to_contain_text(catalogue("zh")["not booked yet"], timeout=WAIT_MS)
        expect(row).to_be_focused()
        at(other, "form[action$='/booked'] button")
        other.keyboard.press("Enter")
        expect(page.locator(f".unfinished a[href$='{hid}']")).to_have_count(0, timeout=WAIT_MS)
        expect(row).to_be_focused()
        other.close()
        page.locator("input[name=who]").focus()
        page.keyboard.type("049937")
        town.hub.kill()
        try:
            expect(page.locator(".desk-bar .down")).to_have_text(
                catalogue("zh")["No line to the insurer"], timeout=WAIT_MS
            )
        finally:
            town.start_hub()
        expect(page.locator(".desk-bar .down")).to_have_count(0, timeout=WAIT_MS)
        assert page.input_value("input[name=who]") == "049937"
        accessible(page)


@pytest.mark.parametrize("size", [PHONE, NARROW, DOUBLED], ids=["phone", "1024", "200"])
def test_the_first_page_fits_small_windows(browser: Browser, town: DeskTown, size: dict[str, int]) -> None:
    with window(browser, "en") as page:
        page.set_viewport_size(size)
        sign_in(page, town)
        page.wait_for_selector("input[name=who]")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{wide} pixels stand out"


def test_hostile_names_do_nothing_and_break_no_page(browser: Browser, town: DeskTown) -> None:
    with window(browser, "fa") as page:
        sign_in(page, town)
        charged(page, HOSTILE_NUMBER)
        for _ in range(2):
            expect(page.locator("h1 bdi")).to_have_text(re.sub("[\u202e\u2066]", "", HOSTILE))
            assert "owned" not in page.title()
            assert page.locator("script:not([src])").count() == 0
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{wide} pixels stand out"
            page.evaluate("document.documentElement.style.fontSize = '32px'")


def test_whoever_is_not_insured_or_not_known_is_told_first(browser: Browser, town: DeskTown) -> None:
    with window(browser, "zh") as page:
        sign_in(page, town)
        look_up(page, UNINSURED_NUMBER)
        said(page, "zh", "Not insured today")
        accessible(page)
        go_home(page)
        look_up(page, UNKNOWN_NUMBER)
        said(page, "zh", "Not known to the insurer")


def test_a_card_that_cannot_be_read_and_a_reader_that_is_gone_are_told(browser: Browser, town: DeskTown) -> None:
    with window(browser, "en") as page:
        sign_in(page, town)
        expect(page.locator(".card-sight.empty")).to_be_visible(timeout=WAIT_MS)
        town.put({**CARD, "number": "0499370898"})
        expect(page.locator(".card-sight.failed")).to_contain_text("Clean it and try again", timeout=WAIT_MS)
        town.take()
        expect(page.locator(".card-sight.empty")).to_be_visible(timeout=WAIT_MS)
        away = town.reader.rename(town.reader.with_name("away"))
        expect(page.locator(".card-sight.lost")).to_be_visible(timeout=WAIT_MS)
        accessible(page)
        away.rename(town.reader)
        expect(page.locator(".card-sight.empty")).to_be_visible(timeout=WAIT_MS)


def test_a_desk_page_too_many_says_so_and_goes_on_by_itself_when_another_is_closed(
    browser: Browser, town: DeskTown
) -> None:
    with window(browser, "en", refused=True) as page:
        sign_in(page, town)
        start = f"{town.address}desk"
        too_many_pages(page, start, f"{start}/live", "[data-desk-full]", "[data-desk-stale]")
        town.put()
        page.wait_for_selector(".who-is", timeout=WAIT_MS)


def test_a_double_click_and_a_reload_settle_once(browser: Browser, town: DeskTown) -> None:
    with window(browser, "en") as page:
        sign_in(page, town)
        hid = charged(page)
        show_shares(page)
        page.locator("form[action$=settle] button").dblclick()
        at(page, "form[action$='/booked'] button")
        page.reload()
        expect(page.locator(".steps li", has_text="Settlement")).to_have_count(1)
        assert hid in page.url


def test_a_key_that_is_held_down_settles_and_books_nothing_by_itself(browser: Browser, town: DeskTown) -> None:
    with window(browser, "en") as page:
        sign_in(page, town)
        charged(page)
        show_shares(page)
        page.keyboard.down("Enter")
        at(page, "form[action$='/booked'] button")
        page.keyboard.down("Enter")
        page.keyboard.up("Enter")
        page.reload()
        at(page, "form[action$='/booked'] button")


def test_the_desk_works_without_a_script_weighs_little_and_is_not_for_technicians(
    browser: Browser, town: DeskTown
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    weights: list[int] = []
    page.on("response", lambda answer: weights.append(len(answer.body())) if answer.status == 200 else None)
    sign_in(page, town)
    assert 0 < sum(weights) < 150 * 1024
    charged(page)
    show_shares(page)
    page.keyboard.press("Enter")
    at(page, "form[action$='/booked'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".says")).to_have_text("It is settled and booked.")
    context.close()
    address = with_technician(town)
    other = browser.new_context(locale="en").new_page()
    sign_in_technician(other, address)
    assert other.goto(f"{address}desk").status == 403
    other.context.close()
