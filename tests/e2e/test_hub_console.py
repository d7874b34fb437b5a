"""The hub's console in a real browser, over a real hub and edge: signing in, finding, looking, inviting, revoking; three languages, the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from central_sync.terms.languages import Language
from tests.browser import at, window
from tests.e2e.centre import HOSTILE, Centre, enter, set_up
from tests.e2e.town import NAME, NATIONAL_CODE

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("centre")) as made:
        made.sign_in()
        made.hid, made.msgid_settled, made.answer = made.settled()
        yield made


def sound(page: Page) -> None:
    """No finding of weight, nothing stands out of the page at the side, and no name became a script."""
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url}: {wide} pixels stand out"
    assert page.title() != "taken"


@pytest.mark.parametrize("language", [language.value for language in Language])
def test_every_page_is_sound_in_every_language(browser: Browser, centre: Centre, language: str) -> None:
    looks = {"en": {"phone": True}, "fa": {}, "zh": {"dark": True}}[language]
    with window(browser, language, **looks) as page:
        page.goto(f"{centre.address}/sign-in")
        sound(page)
        enter(page, centre.address, "olaf")
        for path in (
            "/",
            "/account",
            "/transactions",
            f"/transactions?id={centre.hid}",
            f"/transactions?id={centre.msgid_settled}",
            "/open/confirmations",
            "/open/shares",
            "/open/doubts",
            "/open/days",
            "/open/reviews",
            "/trail",
        ):
            page.goto(centre.address + path)
            expect(page.locator("html")).to_have_attribute("lang", language)
            sound(page)


def test_a_key_that_is_held_down_sends_a_form_once_so_that_what_is_shown_once_is_seen(
    browser: Browser, centre: Centre
) -> None:
    centre.account("cora", "operator")
    with window(browser) as page:
        enter(page, centre.address, "cora")
        at(page, "form[action='/second-factor/set-up'] button")
        page.keyboard.press("Enter")
        page.fill("input[name=code]", pyotp.TOTP(page.locator(".secret").inner_text()).at(datetime.now(UTC)))
        page.locator("input[name=code]").focus()
        for _ in range(5):
            page.keyboard.down("Enter")
            page.wait_for_timeout(33)
        page.keyboard.up("Enter")
        expect(page.locator(".recovery li")).to_have_count(10)


def test_an_operator_sets_a_second_factor_up_and_works_with_the_keyboard_alone(
    browser: Browser, centre: Centre
) -> None:
    with window(browser, "fa") as page:
        enter(page, centre.address, "anna")
        set_up(page)
        sound(page)
        page.goto(f"{centre.address}/transactions")
        at(page, "input[name=id]")
        page.keyboard.type(centre.msgid_settled)
        page.keyboard.press("Enter")
        page.wait_for_selector(".trace")
        assert NAME not in page.content()
        expect(page.locator(".verdict .word")).to_have_text("قطعی")
        page.locator("form[action$='/look'] button").focus()
        page.keyboard.press("Enter")
        expect(page.locator("bdi", has_text=NAME)).to_be_visible()
        sound(page)
        page.goto(f"{centre.address}/transactions")
        page.locator("input[name=number]").focus()
        page.keyboard.type(NATIONAL_CODE)
        page.keyboard.press("Enter")
        expect(page.locator("main a .code", has_text=centre.hid)).to_be_visible()
        assert NATIONAL_CODE not in page.url
        page.goto(f"{centre.address}/hospitals")
        expect(page.locator("tbody", has_text=HOSTILE[:20])).to_be_visible()
        sound(page)
        page.goto(f"{centre.address}/hospitals/H666/trust")
        page.locator("input[name=hours]").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".panel.done .secret")).to_be_visible()
        sound(page)
        page.goto(f"{centre.address}/trail?action=packet_seen")
        expect(page.locator("tbody tr")).to_have_count(1)


def test_whoever_has_one_hospital_is_told_of_no_other_and_a_refusal_is_a_page(browser: Browser, centre: Centre) -> None:
    with window(browser, refused=True) as page:
        enter(page, centre.address, "bert")
        set_up(page)
        assert page.goto(f"{centre.address}/hospitals/H001/trust").status == 200
        assert page.goto(f"{centre.address}/hospitals/H666/trust").status == 404
        sound(page)
        page.goto(f"{centre.address}/hospitals")
        expect(page.locator("tbody tr")).to_have_count(1)
    with window(browser, refused=True) as page:
        enter(page, centre.address, "olaf")
        assert page.goto(f"{centre.address}/hospitals").status == 403
        sound(page)
        expect(page.locator(".ways a", has_text="Invitations")).to_have_count(0)


def test_a_revocation_at_the_console_stops_the_edge_of_the_hospital(browser: Browser, centre: Centre) -> None:
    centre.account("chef", "administrator")
    with window(browser, refused=True) as page:
        enter(page, centre.address, "chef")
        set_up(page)
        page.goto(f"{centre.address}/hospitals/H001/trust")
        page.locator("button.danger").click()
        page.locator("input[name=again]").fill("H001")
        page.keyboard.press("Enter")
        expect(page.locator("p.done")).to_be_visible()
    answer = centre.handle("1101", {"person": {"kind": "ir_national_code", "number": NATIONAL_CODE}}, deadline_ms=8_000)
    assert answer["outcome"] == "refused", answer


def test_the_start_page_works_without_a_script_and_weighs_little(browser: Browser, centre: Centre) -> None:
    context = browser.new_context(java_script_enabled=False, ignore_https_errors=True)
    page, weights = context.new_page(), []
    page.on("response", lambda answer: weights.append(len(answer.body())) if answer.status == 200 else None)
    enter(page, centre.address, "olaf")
    expect(page.locator(".tiles div", has_text="settlements await").locator("dd")).to_have_text("1")
    assert 0 < sum(weights) < 150 * 1024
    context.close()
