"""Every role at the hub's console in a real browser, over a real hub and edge: what each sees and may, by navigation, address, search, form and live stream,
and how a sign-in ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from central_sync.console.access import Role
from central_sync.console.accounts import ConsoleAccountsService
from central_sync.store import Store
from central_sync.store.fleet_records import Outage
from central_sync.store.records import Institution
from tests.browser import at, window
from tests.central_sync.store.deferred import entry, share
from tests.e2e.centre import PASSWORD, enter
from tests.e2e.fleet_centre import WatchedCentre
from tests.e2e.test_fleet import until
from tests.e2e.town import NAME, NATIONAL_CODE
from tests.patience import HUNG_S

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
PLACES = (
    "Start",
    "Edges",
    "Alerts",
    "Flow",
    "Outages",
    "Transactions",
    "Open",
    "Invitations",
    "Audit trail",
    "Accounts",
    "Your account",
)
MAY = {
    "olaf": {"trail"},
    "rita": {"person", "unmask"},
    "anna": {"trail", "person", "unmask", "trust", "acknowledge"},
    "chef": {"trail", "trust", "acknowledge", "accounts"},
}
"""Observer, reviewer, operator, administrator: what each may beside looking."""
LISTS = (
    "/", "/edges", "/alerts", "/alerts?over=1", "/alerts/rules", "/flow", "/outages?window=week", "/transactions",
    "/open/confirmations", "/open/shares", "/open/doubts", "/open/days", "/open/reviews",
)  # fmt: skip
LIVE = ("/live/edges", "/live/alerts", "/live/flow")
FIRST_PART = """async (path) => {
  const answer = await fetch(path);
  if (answer.status !== 200) { return String(answer.status); }
  const reader = answer.body.getReader(), letters = new TextDecoder();
  let got = "";
  while (!got.includes("\\n\\n") && !got.includes("\\r\\n\\r\\n")) { got += letters.decode((await reader.read()).value); }
  await reader.cancel();
  return got;
}"""
"""What a live stream says first, or its status."""


class TwoHospitals(WatchedCentre):
    """H001 has an edge and a settlement; H777 has a share whose payer does not answer, an entry of the review, an alert that is over and an outage. ``nina`` reviews for H777 alone, ``bert`` operates H001
    alone.
    """

    def start_hub(self) -> None:
        """With what is open at H777."""
        store = Store(f"sqlite:///{self.hub_folder / 'hub.db'}")
        store.open()
        now = datetime.now(UTC)
        with store.write() as uow:
            uow.institutions.add(
                Institution("H777", "Hospital 777", "ir", "public", "Asia/Tehran", "IRR", "jalali", now)
            )
            asked = {"tries": 3, "signed_at": now - timedelta(hours=2), "next_at": now + timedelta(hours=1)}
            uow.payer_shares.add(share("S777", institution="H777", **asked))  # for so long a payer alarms
            uow.reviews.add(entry("R777", institution="H777", settlement_id="S777", reason="finding", opened_at=now))
            uow.alerts.raise_("rule-of-777", "H777", "H777", "urgent", 1.0, now)
            uow.alerts.clear("rule-of-777", "H777", now)
            uow.reports.add_outage(Outage("H777", now - timedelta(hours=2), now - timedelta(hours=1)))
        accounts = ConsoleAccountsService(store)
        for name, role in (("rita", Role.REVIEWER), ("chef", Role.ADMINISTRATOR), ("lola", Role.OBSERVER)):
            accounts.put(name, role, PASSWORD, None, now)
        accounts.put("nina", Role.REVIEWER, PASSWORD, ["H777"], now)
        store.close()
        super().start_hub()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHospitals]:
    with TwoHospitals(tmp_path_factory.mktemp("roles")) as made:
        made.sign_in()
        made.hid, made.msgid_settled, made.answer = made.settled()
        yield made


def listed(page: Page) -> list[str]:
    return [label.strip() for label in page.locator(".ways a").all_inner_texts()]


@pytest.mark.parametrize("name", sorted(MAY))
def test_a_role_sees_and_may_what_is_its_own_and_nothing_else(
    browser: Browser, centre: TwoHospitals, name: str
) -> None:
    may, base = MAY[name], centre.address
    transaction = f"{base}/hospitals/H001/transaction?msgid={centre.msgid_settled}"
    with window(browser, refused=True) as page:
        enter(page, base, name)
        hidden = {one for one, right in (("Invitations", "trust"), ("Audit trail", "trail"), ("Accounts", "accounts")) if right not in may}  # fmt: skip
        assert listed(page) == [one for one in PLACES if one not in hidden]
        for path in LISTS:
            assert page.goto(base + path).status == 200, path
        for path, right in (
            ("/hospitals", "trust"),
            ("/hospitals/H001/trust", "trust"),
            ("/trail", "trail"),
            ("/accounts", "accounts"),
        ):
            assert page.goto(base + path).status == (200 if right in may else 403), path
        page.goto(transaction)
        expect(page.locator("form[action$='/look']")).to_have_count(int("unmask" in may))
        assert NAME not in page.content()
        page.goto(f"{base}/transactions")
        expect(page.locator("input[name=number]")).to_have_count(int("person" in may))
        until(lambda: page.goto(f"{base}/alerts") and page.locator(".alert", has_text="fund").count() == 1, HUNG_S)
        expect(page.locator("form[action$='/acknowledge']")).to_have_count(int("acknowledge" in may))
        key = page.locator("input[name=form_key]").first.input_value()
        for path, right in (
            ("/transactions/person", "person"),
            ("/hospitals/H001/transaction/look", "unmask"),
            ("/hospitals/H001/invite", "trust"),
        ):
            if right not in may:
                form = {"form_key": key, "number": NATIONAL_CODE, "msgid": centre.msgid_settled, "hours": "24"}
                answer = page.request.post(base + path, form=form, max_redirects=0)
                assert answer.status == 403, path
                assert NAME not in answer.text()
        for path in LIVE:
            assert "event" in page.evaluate(FIRST_PART, path), path


@pytest.mark.parametrize(("name", "own", "foreign"), [("bert", "H001", "H777"), ("nina", "H777", "H001")])
def test_whoever_has_one_hospital_meets_no_other_anywhere(
    browser: Browser, centre: TwoHospitals, name: str, own: str, foreign: str
) -> None:
    base, settlement = centre.address, centre.answer["settlement_id"]
    secret = {"H001": (centre.hid, centre.msgid_settled, settlement), "H777": ("S777", "R777", "rule-of-777")}[foreign]
    with window(browser, refused=True) as page:
        enter(page, base, name)
        for path in (*LISTS, *(("/hospitals", "/trail") if name == "bert" else ())):
            assert page.goto(base + path).status == 200, path
            said = page.content()
            assert not [one for one in (foreign, *secret) if one in said], path
        for path in LIVE:
            said = page.evaluate(FIRST_PART, path)
            assert not [one for one in (foreign, *secret) if one in said], path
        for path in (
            f"/edges/{foreign}",
            f"/live/edges/{foreign}",
            f"/hospitals/{foreign}/transaction?msgid={centre.msgid_settled}",
            f"/hospitals/{foreign}/cases/{centre.hid}",
        ):
            assert page.goto(base + path).status == 404, path
        for wanted in secret:
            page.goto(f"{base}/transactions?id={wanted}")
            assert page.locator("main table, .trace").count() == 0, wanted
        page.goto(f"{base}/edges?text={foreign}")
        expect(page.locator("main table tbody tr")).to_have_count(0)
        assert page.goto(f"{base}/edges/{own}").status == 200
        page.goto(f"{base}/transactions")
        page.locator("input[name=number]").fill(NATIONAL_CODE)
        page.keyboard.press("Enter")
        page.wait_for_selector(".results, main .calm, main table")
        assert (centre.hid in page.content()) is (own == "H001")
        page.goto(f"{base}/alerts?over=1")
        expect(page.locator(".alert", has_text="H777")).to_have_count(int(own == "H777"))


def test_at_1024_pixels_no_column_of_the_board_lies_off_the_side(browser: Browser, centre: TwoHospitals) -> None:
    for language in ("en", "fa", "zh"):
        with window(browser, language, narrow=True) as page:
            enter(page, centre.address, "olaf")
            page.goto(f"{centre.address}/edges")
            table = page.locator(".wide")
            assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 0, language


def test_wrong_passwords_make_an_account_wait_also_for_the_right_one(browser: Browser, centre: TwoHospitals) -> None:
    with window(browser, refused=True) as page:
        for _ in range(12):
            page.goto(f"{centre.address}/sign-in")
            at(page, "input[name=name]")
            page.locator("input[name=name]").fill("lola")
            page.locator("input[name=password]").fill("a wrong password")
            page.keyboard.press("Enter")
            page.wait_for_selector(".refused")
            if "Try again in" in page.locator(".refused").inner_text():
                break
        expect(page.locator(".refused")).to_contain_text("Try again in")
        page.locator("input[name=name]").fill("lola")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".refused")
        expect(page.locator(".out")).to_have_count(0)
    with window(browser, refused=True) as page:
        enter(page, centre.address, "chef")
        page.goto(f"{centre.address}/trail?action=sign_in_refused")
        expect(page.locator("tbody tr", has_text="lola").first).to_contain_text("sign-in refused")
