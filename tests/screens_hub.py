"""Pictures of the pages of the hub's console: ``python -m tests.screens_hub FOLDER``; ``make screens`` takes them with the others."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page

from central_sync.terms.languages import Language
from tests.browser import LOOKS, chromium, picture, window
from tests.e2e.centre import Centre, enter, set_up
from tests.e2e.town import NATIONAL_CODE


def _pages(page: Page, centre: Centre, told: tuple[str, str], take) -> None:
    hid, msgid = told
    for name, path in (
        ("start", "/"),
        ("account", "/account"),
        ("transactions", "/transactions"),
        ("case", f"/transactions?id={hid}"),
        ("transaction", f"/transactions?id={msgid}"),
        ("open-confirmations", "/open/confirmations"),
        ("open-shares", "/open/shares"),
        ("open-doubts", "/open/doubts"),
        ("open-days", "/open/days"),
        ("open-reviews", "/open/reviews"),
        ("hospitals", "/hospitals"),
        ("trust", "/hospitals/H666/trust"),
        ("trail", "/trail"),
    ):
        page.goto(centre.address + path)
        take(name)
    page.goto(f"{centre.address}/hospitals/H001/trust")
    page.locator("form[action$='/invite'] button").click()
    take("invited")
    page.goto(f"{centre.address}/transactions?id={msgid}")
    page.locator("form[action$='/look'] button").click()
    take("transaction-seen")
    page.goto(f"{centre.address}/transactions")
    page.locator("input[name=number]").fill(NATIONAL_CODE)
    page.keyboard.press("Enter")
    page.wait_for_selector("main table")  # a picture of a page that is going away never comes
    take("person")


def pictures(browser: Browser, centre: Centre, folder: Path) -> None:
    """All pages in all languages, light, dark and on a phone."""
    centre.sign_in()
    hid, msgid, _ = centre.settled()
    for language in Language:
        for looks, more in LOOKS.items():
            with window(browser, language, **more, refused=True) as page:

                def take(name: str, page=page, mark=f"{language}-{looks}") -> None:
                    picture(page, folder, f"hub-{name}-{mark}")

                who = f"{language}-{looks}"
                centre.account(who, "operator")
                page.goto(f"{centre.address}/sign-in")
                take("sign-in")
                enter(page, centre.address, who)
                take("factor-begin")
                page.locator("form[action='/second-factor/set-up'] button").click()
                take("factor-secret")
                page.goto(f"{centre.address}/second-factor/set-up")
                set_up(page)
                take("factor-done")
                _pages(page, centre, (hid, msgid), take)


def administrator_pictures(browser: Browser, centre: Centre, folder: Path) -> None:
    """The pages of other people's accounts, and the first password of one."""
    centre.account("nurse-of-the-night", "reviewer", "--hospital", "H001")
    for language in Language:
        for looks, more in LOOKS.items():
            mark = f"{language}-{looks}"
            centre.account(f"boss-{mark}", "administrator")
            with window(browser, language, **more, refused=True) as page:
                enter(page, centre.address, f"boss-{mark}")
                secret = set_up(page)
                page.goto(f"{centre.address}/accounts/nurse-of-the-night")
                picture(page, folder, f"hub-account-one-{mark}")
                page.goto(f"{centre.address}/accounts")
                picture(page, folder, f"hub-accounts-{mark}")
                page.locator("input[name=name]").fill(f"new-{mark}")
                page.locator("input[name=hospitals]").fill("H001 H666")
                page.locator("input[name=code]").fill(pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30)))
                page.keyboard.press("Enter")
                password = page.locator(".secret").inner_text()
                picture(page, folder, f"hub-account-made-{mark}")
            with window(browser, language, **more) as page:
                page.goto(f"{centre.address}/sign-in")
                page.locator("input[name=name]").fill(f"new-{mark}")
                page.locator("input[name=password]").fill(password)
                page.keyboard.press("Enter")
                page.wait_for_selector("input[name=again]")
                picture(page, folder, f"hub-first-password-{mark}")


def main(folder: Path) -> None:
    """Take them."""
    with tempfile.TemporaryDirectory() as place, Centre(Path(place)) as centre, chromium() as browser:
        pictures(browser, centre, folder)
        administrator_pictures(browser, centre, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screens"))
