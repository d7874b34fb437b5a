"""Finding a transaction by any id, and its page: masked, within the scope, each look and search audited."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from central_sync.console.access import Role
from central_sync.console.transactions import ROWS_PER_PAGE
from central_sync.intake import Intake
from central_sync.terms.hid import from_serial
from central_sync.wire import packets as p
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.hospital import MASTER, RULEBOOK, Hospital

NAME, NUMBER = "Planted Name", MASTER[1]
HOSTILE = "<script>alert(1)</script>\u202e" + "x" * 20


class Told:
    """What happened at the two hospitals."""

    def __init__(self, world: World) -> None:
        intake = Intake(world.store, RULEBOOK)
        self.h1, self.h2 = Hospital(world.store, intake, "H1"), Hospital(world.store, intake, "H2")
        self.settled = self.h1.settled(100_00)
        self.elsewhere = self.h2.settled(200_00)
        with world.store.read() as uow:
            self.row = next(row for row in uow.settlements.all_in_force() if row.id == self.settled.settlement_id)
            self.other = next(row for row in uow.settlements.all_in_force() if row.id == self.elsewhere.settlement_id)


@pytest.fixture
def told(small_world: World) -> Told:
    for name, role, scope in (
        ("anna", Role.OPERATOR, None),
        ("olaf", Role.OBSERVER, None),
        ("bert", Role.OPERATOR, ("H1",)),
    ):
        small_world.account(name, role, scope)
    return Told(small_world)


def at(world: World, client, name: str) -> Browser:
    return Browser(client, world.token(name))


async def found(browser: Browser, wanted: str) -> tuple[int, str]:
    """Where a search by id leads, or what it says."""
    answer = await browser.client.get(
        "/transactions", params={"id": wanted}, cookies=browser.cookies, allow_redirects=False
    )
    return answer.status, answer.headers.get("Location", "") or await answer.text()


async def test_any_whole_id_leads_to_what_it_names(small_world, small_client, told) -> None:
    browser = at(small_world, small_client, "olaf")
    page = f"/hospitals/H1/transaction?msgid={told.row.msgid}"
    assert await found(browser, told.row.msgid) == (303, page)
    assert await found(browser, f"  {told.row.id} ") == (303, page)
    for digits in ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"):
        hid = told.row.hid.translate(str.maketrans("0123456789", digits))
        assert await found(browser, f"\u2068{hid}\u2069") == (303, f"/hospitals/H1/cases/{told.row.hid}")
    for part in (told.row.id[:-1], "%", "*", NUMBER, HOSTILE, "' OR 1=1"):
        status, text = await found(browser, part)
        assert status == 200
        assert "Nothing here has this id" in text
        assert "<script>alert" not in text


async def test_one_msgid_of_two_hospitals_is_two_hits_and_in_a_scope_one(small_world, small_client, told) -> None:
    told.h1.done("9001", p.SignIn(business_day=told.row.business_day), msgid="both")
    told.h2.done("9001", p.SignIn(business_day=told.row.business_day), msgid="both")
    status, text = await found(at(small_world, small_client, "olaf"), "both")
    assert status == 200
    assert text.count("transaction?msgid=both") == 2
    assert await found(at(small_world, small_client, "bert"), "both") == (303, "/hospitals/H1/transaction?msgid=both")


async def test_a_scope_holds_for_every_way_to_a_transaction_also_by_a_guessed_address(
    small_world, small_client, told
) -> None:
    browser = at(small_world, small_client, "bert")
    for wanted in (told.other.msgid, told.other.id, told.other.hid):
        assert (await found(browser, wanted))[0] == 200, "as if there were none"
    for path in (
        f"/hospitals/H2/transaction?msgid={told.other.msgid}",
        f"/hospitals/H1/transaction?msgid={told.other.msgid}",
        f"/hospitals/H2/cases/{told.other.hid}",
        f"/hospitals/H1/cases/{told.other.hid}",
    ):
        assert (await browser.get(path))[0] == 404, path
    key = await browser.key()
    for institution in ("H1", "H2"):
        status, _, _ = await browser.post(f"/hospitals/{institution}/transaction/look", key, msgid=told.other.msgid)
        assert status == 404
    assert small_world.audited("packet_seen") == []


async def test_the_page_tells_life_money_reasons_and_rulebook_in_each_language_and_nobodys_name(
    small_world, small_client, told
) -> None:
    for language in ("en", "fa", "zh"):
        browser = at(small_world, small_client, "olaf")
        browser.headers = {"Accept-Language": language}
        status, page = await browser.get(f"/hospitals/H1/transaction?msgid={told.row.msgid}")
        assert status == 200
        with small_world.store.read() as uow:
            rulebook = uow.rulebooks
        assert rulebook is not None
        for shown in (told.row.hid, told.row.id, told.settled.rulebook[:12]):
            assert shown in page
        assert NAME not in page
        assert NUMBER not in page
        assert page.count('<ol class="trace">') >= 2
    assert "confirmation awaited" in (await at(small_world, small_client, "olaf").get(
        f"/hospitals/H1/transaction?msgid={told.row.msgid}"
    ))[1]  # fmt: skip


async def test_only_whoever_may_sees_packet_and_name_and_each_look_is_noted_first(
    small_world, small_client, told
) -> None:
    path = f"/hospitals/H1/transaction?msgid={told.row.msgid}"
    observer = at(small_world, small_client, "olaf")
    assert "/look" not in (await observer.get(path))[1]
    assert (await observer.post("/hospitals/H1/transaction/look", await observer.key(), msgid=told.row.msgid))[0] == 403
    operator = at(small_world, small_client, "anna")
    assert NAME not in (await operator.get(path))[1]
    _, page, _ = await operator.post("/hospitals/H1/transaction/look", await operator.key(), msgid=told.row.msgid)
    assert NAME in page
    assert NUMBER in page
    assert "&#34;settlement_id&#34;" in page
    assert small_world.audited("packet_seen") == [("console:anna", "H1", told.row.msgid)]


async def test_a_person_is_found_by_the_whole_number_alone_within_the_scope_and_each_search_is_noted(
    small_world, small_client, told
) -> None:
    async def cases(name: str, number: str) -> list[str]:
        browser = at(small_world, small_client, name)
        _, page, _ = await browser.post("/transactions/person", await browser.key(), number=number)
        assert NAME not in page
        return re.findall(r"/cases/(\d{16})", page)

    assert set(await cases("anna", NUMBER)) == {told.row.hid, told.other.hid}
    assert await cases("bert", NUMBER) == [told.row.hid]
    for wrong in ("", NUMBER[:-1], NUMBER[:10] + "%", "0013542419"):
        assert await cases("anna", wrong) == []
    noted = small_world.audited("person_searched")
    assert len(noted) == 6
    assert NUMBER not in str(noted)
    assert {row[1] for row in noted} >= {told.row.member, "nobody"}


async def test_cases_of_two_people_whose_numbers_of_two_kinds_are_one_are_listed_page_by_page_and_none_is_left_out(
    small_world, small_client, told
) -> None:
    number, opened = "910105194912310029", set[str]()
    with small_world.store.write() as uow:
        known, pattern = uow.members.get(told.row.member), uow.cases.get("H1", told.row.hid)
        for kind in ("cn_resident_number", "cn_foreign_resident_number"):
            uow.members.put(replace(known, id=kind, kind=kind, number=number))
            for day in range(ROWS_PER_PAGE):
                hid = from_serial(90_000 + len(opened))
                opened.add(hid)
                on = pattern.opened_on - timedelta(days=day)
                assert uow.cases.open(replace(pattern, member=kind, hid=hid, opened_on=on))
    browser = at(small_world, small_client, "anna")
    key, seen, more = await browser.key(), [], ""
    for _ in range(2):
        _, page, _ = await browser.post("/transactions/person", key, number=number, after=more)
        seen += re.findall(r"/cases/(\d{16})", page)
        more = next(iter(re.findall(r'name="after" value="([^"]+)"', page)), "")
    assert (sorted(seen), more) == (sorted(opened), "")


async def test_a_case_lists_its_transactions_page_by_page(small_world, small_client, told) -> None:
    hid = told.row.hid
    with small_world.store.read() as uow:
        pattern = uow.ledger.get("H1", told.row.msgid)
    with small_world.store.write() as uow:
        for number in range(ROWS_PER_PAGE + 5):
            uow.ledger.claim(replace(pattern, msgid=f"extra-{number:03}"))
    browser = at(small_world, small_client, "olaf")
    path, seen = f"/hospitals/H1/cases/{hid}", []
    for _ in range(3):
        _, page = await browser.get(path)
        seen += re.findall(r"transaction\?msgid=([^\"]+)", page)
        further = re.search(r'class="further"><a class="button" href="([^"]+)"', page)
        if further is None:
            break
        path = further[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) > ROWS_PER_PAGE
    assert {f"extra-{number:03}" for number in range(ROWS_PER_PAGE + 5)} <= set(seen)


async def test_hostile_ids_and_names_are_shown_harmlessly(small_world, small_client, told) -> None:
    with small_world.store.write() as uow:
        pattern = uow.ledger.get("H1", told.row.msgid)
        uow.ledger.claim(replace(pattern, msgid=HOSTILE, workstation=HOSTILE, settlement_id=""))
    browser = at(small_world, small_client, "anna")
    status, where = await found(browser, HOSTILE)
    assert status == 303
    status, page = await browser.get(where)
    assert status == 200
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    shown = HOSTILE.replace("<", "&lt;").replace(">", "&gt;").replace("\u202e", "")
    assert f'<bdi class="code">{shown}</bdi>' in page


async def test_what_was_refused_or_never_came_is_told_as_that(small_world, small_client, told) -> None:
    told.h1.refused("2208", p.SettleCancel(hid=told.row.hid, settlement_id="none"), msgid="no")
    told.h1.done("2601", p.Reversal(original_msgid="ghost", original_number="2207", hid=told.row.hid), msgid="back")
    browser = at(small_world, small_client, "olaf")
    _, page = await browser.get("/hospitals/H1/transaction?msgid=no")
    assert "refused" in page
    for language, words in (
        ("en", "No settlement of this institution"),
        ("fa", "هیچ تسویه‌ای از این بیمارستان"),
        ("zh", "没有与此对应的结算"),
    ):
        browser.cookies["pishkhan_language"] = language
        _, page = await browser.get("/hospitals/H1/transaction?msgid=no")
        assert words in page
    browser.cookies["pishkhan_language"] = "en"
    _, page = await browser.get("/hospitals/H1/transaction?msgid=ghost")
    assert "will never be applied" in page
