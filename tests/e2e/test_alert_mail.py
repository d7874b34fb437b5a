"""An alert by mail, for real: a mail server that refuses, is away and comes back; and a page of alerts whose reader's sign-in ends while a note is typed."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_string, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import window
from tests.central_sync.fleet.channels.listeners import Post
from tests.e2e.centre import enter
from tests.e2e.fleet_centre import WatchedCentre
from tests.e2e.test_fleet import until
from tests.e2e.test_hub_console import sound

pytestmark = [pytest.mark.proof, pytest.mark.timeout(480)]
MAIL = """
[alerts.mail]
host = "127.0.0.1"
port = {port}
user = "hub"
password_file = "mail.password"
sender = "hub@hub.example"
authority = "{authority}"
to = ["ops@hub.example", {{ address = "night@hub.example", language = "fa" }}]
"""
PASSWORD = "a password for mail"
TRIED_S_MAX = 120
"""The tries come after 15, 30 and 60 seconds."""
NOTE = "called <b>them</b>, they look at it"


class MailingCentre(WatchedCentre):
    """``mail`` takes its mail; a sign-in ends after a minute without use."""

    console = "idle_minutes = 1"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.mail = Post(folder / "post")

    def more(self) -> str:
        """People who are told by mail."""
        secret = self.hub_folder / "mail.password"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD)
        return MAIL.format(port=self.mail.port, authority=self.mail.authority)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.mail.stop()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailingCentre]:
    with MailingCentre(tmp_path_factory.mktemp("mail")) as made:
        made.sign_in()
        made.settled()
        made.mail.needs_tls = True
        made.mail.says = {"MAIL": "451 4.7.1 greylisted"}
        made.edge.kill()
        yield made


def told(page: Page, centre: MailingCentre, words: str, *, still: bool = True) -> None:
    """The page of alerts says ``words`` of a mail soon, or not ``still``; whoever looks at it so often stays signed in."""

    def look() -> bool:
        page.goto(f"{centre.address}/alerts")
        rows = page.locator("tr", has=page.get_by_text("mail", exact=True))
        return any((words in row) is still for row in rows.all_inner_texts())

    until(look, TRIED_S_MAX)


def test_a_mail_is_tried_again_until_the_server_takes_it_and_the_page_says_why_not_yet(
    browser: Browser, centre: MailingCentre
) -> None:
    with window(browser, "en") as page:
        enter(page, centre.address, "anna")
        told(page, centre, "it answered 451")
        assert centre.mail.mails == []
        sound(page)
        centre.mail.stop()
        told(page, centre, "it cannot be reached")
        sound(page)
        centre.mail.says = {"TEXT": "554 5.7.1 this looks like an advertisement"}
        centre.mail.start()
        told(page, centre, "some have it; for others it was refused")
        told(page, centre, "not yet", still=False)
        read = {one["To"]: one for one in (message_from_string(it, policy=policy.default) for it in centre.mail.mails)}
        assert set(read) == {"ops@hub.example", "night@hub.example"}
        assert "H001: the edge is silent" in read["ops@hub.example"]["Subject"]
        assert "درگاه خاموش است" in read["night@hub.example"]["Subject"]
        heard = " ".join(centre.mail.heard)
        assert heard.index("STARTTLS") < heard.index("AUTH")
        assert PASSWORD not in centre.logs()
        assert "ops@hub.example" not in centre.logs()


def test_a_note_that_is_typed_while_the_sign_in_ends_is_not_lost(browser: Browser, centre: MailingCentre) -> None:
    with window(browser, "en", refused=True) as page:
        enter(page, centre.address, "anna")
        until(lambda: _has_alert(page, centre), TRIED_S_MAX)
        enter(page, centre.address, "anna")
        page.goto(f"{centre.address}/alerts")
        note = page.get_by_label("Note").first
        note.fill(NOTE)
        expect(page.locator("[data-over]")).to_be_visible(timeout=100_000)
        expect(note).to_have_value(NOTE)
        sound(page)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        expect(page.locator(".typed")).to_contain_text(NOTE)
        sound(page)
        page.get_by_role("link", name="Sign in").click()
        expect(page.locator(".sign-in [role=status]")).to_contain_text("You are no longer signed in")
        enter(page, centre.address, "anna")
        page.goto(f"{centre.address}/alerts")
        expect(page.locator(".seen")).to_have_count(0)
        page.get_by_label("Note").first.fill(NOTE)
        page.keyboard.press("Enter")
        expect(page.locator(".seen").first).to_contain_text(NOTE)


def _has_alert(page: Page, centre: MailingCentre) -> bool:
    page.goto(f"{centre.address}/alerts")
    return page.get_by_label("Note").count() > 0


def test_a_page_where_nothing_was_typed_shows_the_door_when_the_sign_in_ends(
    browser: Browser, centre: MailingCentre
) -> None:
    with window(browser, "fa") as page:
        enter(page, centre.address, "olaf")
        page.wait_for_selector(".sign-in", timeout=100_000)
        expect(page.locator(".sign-in [role=status]")).to_contain_text("دیگر وارد نیستید")
        sound(page)
