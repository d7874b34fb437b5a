"""Every page as every role, within its scope and beyond it: what is not granted here is refused. A page without a line here fails."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central_sync.console.access import Need, Right, Role, Stage, allowed
from tests.central_sync.console.conftest import Browser, World

ALL = frozenset(Role)
BEGIN = ("sign_in", "language")
RIGHTS = {
    Right.LOOK: ALL,
    Right.UNMASK: {Role.OPERATOR, Role.REVIEWER},
    Right.FIND_PERSON: {Role.OPERATOR, Role.REVIEWER},
    Right.TRUST: {Role.ADMINISTRATOR, Role.OPERATOR},
    Right.TRAIL: {Role.ADMINISTRATOR, Role.OPERATOR, Role.OBSERVER},
    Right.ACKNOWLEDGE: {Role.ADMINISTRATOR, Role.OPERATOR},
    Right.ACCOUNTS: {Role.ADMINISTRATOR},
}
"""Who has what, said a second time."""

PAGES: dict[tuple[str, str], Right | Need] = {
    ("GET", "/sign-in"): Need.ANYBODY,
    ("POST", "/sign-in"): Need.ANYBODY,
    ("POST", "/language"): Need.ANYBODY,
    ("GET", "/first-password"): Need.RENEW,
    ("POST", "/first-password"): Need.RENEW,
    ("GET", "/second-factor"): Need.SECOND,
    ("POST", "/second-factor"): Need.SECOND,
    ("GET", "/second-factor/set-up"): Need.SET_UP,
    ("POST", "/second-factor/set-up"): Need.SET_UP,
    ("POST", "/second-factor/confirm"): Need.SET_UP,
    ("POST", "/sign-out"): Need.SESSION,
    ("GET", "/account"): Need.SIGNED_IN,
    ("POST", "/account/password"): Need.SIGNED_IN,
    ("GET", "/"): Right.LOOK,
    ("GET", "/live/start"): Right.LOOK,
    ("GET", "/transactions"): Right.LOOK,
    ("POST", "/transactions/person"): Right.FIND_PERSON,
    ("GET", "/hospitals/{institution}/transaction"): Right.LOOK,
    ("POST", "/hospitals/{institution}/transaction/look"): Right.UNMASK,
    ("GET", "/hospitals/{institution}/cases/{hid}"): Right.LOOK,
    ("GET", "/open/confirmations"): Right.LOOK,
    ("GET", "/open/shares"): Right.LOOK,
    ("GET", "/open/doubts"): Right.LOOK,
    ("GET", "/open/days"): Right.LOOK,
    ("GET", "/open/reviews"): Right.LOOK,
    ("GET", "/hospitals"): Right.TRUST,
    ("GET", "/hospitals/{institution}/trust"): Right.TRUST,
    ("POST", "/hospitals/{institution}/invite"): Right.TRUST,
    ("POST", "/hospitals/{institution}/withdraw"): Right.TRUST,
    ("POST", "/hospitals/{institution}/revoke"): Right.TRUST,
    ("GET", "/trail"): Right.TRAIL,
    ("GET", "/accounts"): Right.ACCOUNTS,
    ("POST", "/accounts"): Right.ACCOUNTS,
    ("GET", "/accounts/{account}"): Right.ACCOUNTS,
    ("POST", "/accounts/{account}/change"): Right.ACCOUNTS,
    ("POST", "/accounts/{account}/disable"): Right.ACCOUNTS,
    ("POST", "/accounts/{account}/enable"): Right.ACCOUNTS,
    ("POST", "/accounts/{account}/password"): Right.ACCOUNTS,
    ("POST", "/accounts/{account}/factor"): Right.ACCOUNTS,
    ("POST", "/accounts/{account}/remove"): Right.ACCOUNTS,
    ("GET", "/edges"): Right.LOOK,
    ("GET", "/live/edges"): Right.LOOK,
    ("GET", "/edges/{institution}"): Right.LOOK,
    ("GET", "/live/edges/{institution}"): Right.LOOK,
    ("GET", "/alerts"): Right.LOOK,
    ("GET", "/live/alerts"): Right.LOOK,
    ("GET", "/alerts/rules"): Right.LOOK,
    ("POST", "/alerts/acknowledge"): Right.ACKNOWLEDGE,
    ("GET", "/flow"): Right.LOOK,
    ("GET", "/live/flow"): Right.LOOK,
    ("GET", "/outages"): Right.LOOK,
}
"""What each page needs, said a second time. HTTP method and path, as the page has them."""
SAMPLES = {"hid": "none", "account": "one"}
"""Values of a path's places, but for ``{institution}``."""
NOTHING_THERE = {
    ("GET", "/hospitals/{institution}/transaction"),
    ("POST", "/hospitals/{institution}/transaction/look"),
    ("GET", "/hospitals/{institution}/cases/{hid}"),
}
"""Pages of a thing that this table does not have: whoever may see it is told that there is none. ``test_transactions.py`` has the things."""


def pages_of(world: World) -> dict[tuple[str, str], Right | Need]:
    return {(page.method, page.path): page.need for page in world.console.pages()}


def test_every_page_says_what_it_needs_and_stands_here(small_world: World) -> None:
    assert pages_of(small_world) == PAGES


def test_every_right_is_granted_to_those_who_stand_here_and_to_nobody_else() -> None:
    assert set(RIGHTS) == set(Right)
    for right in Right:
        for role in Role:
            assert allowed(role, Stage.WHOLE, right) is (role in RIGHTS[right])
            for stage in (Stage.NOBODY, Stage.RENEW, Stage.SECOND, Stage.SET_UP):
                assert not allowed(role, stage, right)
        assert not allowed("", Stage.WHOLE, right)
        assert not allowed("root", Stage.WHOLE, right)


async def test_the_application_serves_no_other_address(small_world: World, small_client) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in small_client.server.app.router.routes()
        if route.method != "HEAD"
    }
    assert served == set(PAGES) | {("GET", "/static/{name}"), ("*", "/{rest}")}


def _filled(path: str, institution: str) -> str:
    return path.format_map({"institution": institution, **SAMPLES})


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("bound", [False, True], ids=["all", "bound"])
async def test_a_role_gets_what_it_may_and_no_more(small_world: World, small_client, role: Role, bound: bool) -> None:
    small_world.account("one", role, ("H1",) if bound else None)
    for (method, path), need in PAGES.items():
        if need in (Need.ANYBODY, Need.RENEW, Need.SECOND, Need.SET_UP, Need.SESSION):
            continue
        small_world.now += timedelta(seconds=1)  # of many sessions the newest stay
        browser = Browser(small_client, small_world.token("one"))
        key = await browser.key()
        may = need is Need.SIGNED_IN or role in RIGHTS[need]
        for institution in ("H1", "H2") if "{institution}" in path else ("H1",):
            where = _filled(path, institution)
            status = (await browser.get(where))[0] if method == "GET" else (await browser.post(where, key))[0]
            if not may:
                assert status == 403, where
            elif (bound and institution == "H2") or (method, path) in NOTHING_THERE:
                assert status == 404, where
            else:
                assert status in (200, 303, 400, 403) if method == "POST" else status == 200, (where, status)


@pytest.mark.parametrize("stage", [Stage.NOBODY, Stage.RENEW, Stage.SECOND, Stage.SET_UP])
async def test_whoever_is_not_wholly_signed_in_is_sent_to_what_is_next(small_world: World, small_client, stage) -> None:
    small_world.account("one", Role.ADMINISTRATOR)
    token = small_world.token("one") if stage is not Stage.NOBODY else ""
    if token:
        with small_world.store.write() as uow:
            from central_sync.pages import forms

            uow.console_sessions.change(forms.digest(token), stage=stage)
    for (method, path), need in PAGES.items():
        if allowed("administrator", stage, need):
            continue
        browser = Browser(small_client, token)
        where = _filled(path, "H1")
        answer = await small_client.request(method, where, allow_redirects=False, cookies=browser.cookies)
        assert answer.status == 303, where
        assert (
            answer.headers["Location"]
            == {
                Stage.NOBODY: "/sign-in",
                Stage.RENEW: "/first-password",
                Stage.SECOND: "/second-factor",
                Stage.SET_UP: "/second-factor/set-up",
            }[stage]
        )


async def test_no_form_works_without_the_key_of_its_own_session_or_from_another_site(
    small_world: World, small_client
) -> None:
    small_world.account("one", Role.OPERATOR)
    small_world.account("two", Role.OPERATOR)
    other = await Browser(small_client, small_world.token("two")).key()
    for (method, path), need in PAGES.items():
        if method != "POST" or need in (Need.ANYBODY, Need.RENEW, Need.SECOND, Right.ACCOUNTS):
            continue
        browser = Browser(small_client, small_world.token("one"))
        for key in ("", "x", other):
            status, page, _ = await browser.post(_filled(path, "H1"), key)
            assert status == 403, path
            assert "too old" in page
        browser.headers = {"Origin": "https://evil.example"}
        status, page, _ = await browser.post(_filled(path, "H1"), await browser.key())
        assert status == 403
        assert "too old" in page


async def test_hostile_text_in_any_place_is_refused_and_is_no_fault(world: World, client) -> None:
    world.account("one", Role.OPERATOR)
    browser = Browser(client, world.token("one"))
    key = await browser.key()
    for path in (
        "/transactions?id=%00",
        "/hospitals/%00/trust",
        "/hospitals/H1/transaction?msgid=%00",
        "/hospitals/H1/cases/%00",
        "/trail?actor=%00",
        "/hospitals?after=%00",
    ):
        assert (await browser.get(path))[0] == 404, path
    for path in (
        "/transactions?id=%ff%fe",
        "/trail?subject=%ed%a0%80",
        "/hospitals?after=%F0%9F%92%A9",
        "/?x=" + "y" * 6000,
    ):
        assert (await browser.get(path))[0] == 200, path
    for path, field in (
        ("/transactions/person", "number"),
        ("/hospitals/H1/transaction/look", "msgid"),
        ("/hospitals/H1/withdraw", "invitation"),
        ("/account/password", "old"),
        ("/sign-in", "name"),
    ):
        assert (await browser.post(path, key, **{field: "a\0b"}))[0] == 404, path
    for body, kind in (
        (b"\xff" * 100, "multipart/form-data; boundary=x"),
        (b"x=%ff", "application/x-www-form-urlencoded; charset=nope"),
    ):
        answer = await client.post("/sign-in", data=body, headers={"Content-Type": kind}, allow_redirects=False)
        assert answer.status == 403, kind
