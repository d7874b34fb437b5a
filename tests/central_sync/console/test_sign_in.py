"""Signing in over HTTP: passwords, waits, sessions that all processes of a hub share, and the second factor."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import func, select

from central_sync.config import ConsoleSetting
from central_sync.console.access import Role
from central_sync.console.accounts import ConsoleAccountsService
from central_sync.console.lobby import BROWSER_COOKIE, SESSION_COOKIE
from central_sync.console.sign_in import Waits, Wrong
from central_sync.console.site import Console
from central_sync.console.waits import BOUNDS, About
from central_sync.pages import passwords
from central_sync.store.console_tables import console_wait
from tests.central_sync.console.conftest import Browser, World

PASSWORD = "seven small stones"
PAIR_FREE = BOUNDS[About.PAIR].free
SECRET = re.compile(r'class="code secret">([A-Z2-7]+)<')
RECOVERY = re.compile(r'class="code">([A-Z2-7-]{19})<')


@pytest.fixture(scope="module")
def kept() -> str:
    return passwords.hashed(PASSWORD)


async def enter(browser: Browser, name: str = "anna", password: str = PASSWORD) -> int:
    return (await browser.post("/sign-in", name=name, password=password))[0]


async def signed_in(browser: Browser) -> bool:
    return (await browser.get("/account"))[0] == 200


async def test_a_right_password_signs_in_and_leaving_ends_it(world: World, client, kept: str) -> None:
    world.account("anna", Role.OBSERVER, password_hash=kept)
    browser = Browser(client)
    assert await enter(browser) == 303
    assert await signed_in(browser)
    copy = Browser(client, browser.cookies[SESSION_COOKIE])
    key = await browser.key()
    assert (await browser.post("/sign-out", key))[2] == "/sign-in"
    assert not await signed_in(copy)
    assert world.audited("signed_in") == [("console:anna", "console", "from 127.0.0.1")]
    assert world.audited("signed_out") == [("console:anna", "console", "")]


async def test_an_unknown_name_is_refused_as_a_wrong_password_is_and_reaches_no_trail(
    small_world: World, small_client, kept: str
) -> None:
    small_world.account("anna", Role.OBSERVER, password_hash=kept)
    pages = []
    for name, password in (("anna", "wrong"), ("seven secret words", PASSWORD)):
        status, page, _ = await Browser(small_client).post("/sign-in", name=name, password=password)
        assert status == 403
        pages.append(re.sub(r'value="[^"]*"', "", page))
    assert pages[0] == pages[1]
    small_world.trail.stop()
    assert {row[1] for row in small_world.audited("sign_in_refused")} == {"anna", "an unknown account"}


async def test_a_session_ends_when_idle_after_a_day_and_when_its_account_changes(
    world: World, client, kept: str
) -> None:
    world.account("anna", Role.OBSERVER)
    setting = ConsoleSetting()
    browser = Browser(client, world.token("anna"))
    for _ in range(3):
        world.now += timedelta(minutes=setting.idle_minutes - 1)
        assert await signed_in(browser)
    world.now += timedelta(minutes=setting.idle_minutes)
    assert not await signed_in(browser)
    browser = Browser(client, world.token("anna"))
    began = world.now
    while world.now - began < timedelta(hours=setting.session_hours) - timedelta(minutes=20):
        world.now += timedelta(minutes=20)
        assert await signed_in(browser)
    world.now += timedelta(minutes=20)
    assert not await signed_in(browser)
    accounts = ConsoleAccountsService(world.store)
    for change in (
        lambda: accounts.put("anna", Role.OPERATOR, PASSWORD, None, world.now),
        lambda: accounts.forget_factor("anna", world.now),
        lambda: accounts.remove("anna", world.now),
    ):
        browser = Browser(client, world.token("anna"))
        assert await signed_in(browser)
        change()
        assert not await signed_in(browser)


async def test_a_session_is_known_to_every_process_of_the_hub(world: World, client) -> None:
    world.account("anna", Role.OBSERVER)
    other = Console(
        world.store,
        world.authority,
        world.fleet,
        world.trail,
        lambda: world.now,
        ConsoleSetting(second_factor=()),
        world.operations,
        secure=False,
    )
    token = world.token("anna")
    assert other.sessions.of(token).name == "anna"
    assert await signed_in(Browser(client, token))
    other.sessions.end(other.sessions.of(token).token_hash, "console:anna")
    assert not await signed_in(Browser(client, token))


async def test_wrong_passwords_make_wait_longer_and_longer_and_the_wait_ends_by_itself(
    world: World, client, kept: str
) -> None:
    world.account("anna", Role.OBSERVER, password_hash=kept)
    world.account("bert", Role.OBSERVER, password_hash=kept)
    for _ in range(PAIR_FREE + 1):
        assert await enter(Browser(client), password="wrong") == 403
    for _ in range(3):
        assert await enter(Browser(client)) == 429  # the right one, too; and knocking does not make it longer
    assert await enter(Browser(client), name="bert") == 303
    world.now += timedelta(seconds=16)
    assert await enter(Browser(client), password="wrong") == 403
    world.now += timedelta(seconds=16)
    assert await enter(Browser(client)) == 429
    world.now += timedelta(seconds=16)
    assert await enter(Browser(client)) == 303
    assert await enter(Browser(client), password="wrong") == 403
    assert await enter(Browser(client)) == 303


async def test_many_tries_at_once_are_many_tries(world: World, client, kept: str) -> None:
    world.account("anna", Role.OBSERVER, password_hash=kept)
    answers = await asyncio.gather(*(enter(Browser(client), password="wrong") for _ in range(3 * PAIR_FREE)))
    assert sorted(set(answers)) == [403, 429]
    assert answers.count(403) == PAIR_FREE + 1


async def test_strangers_cannot_lock_a_person_out_of_a_browser_that_is_known(
    small_world: World, small_client, kept: str
) -> None:
    small_world.account("anna", Role.OBSERVER, password_hash=kept)
    own = Browser(small_client)
    assert await enter(own) == 303
    assert own.cookies[BROWSER_COOKIE]
    sign_in = small_world.console.sign_in
    for number in range(BOUNDS[About.ACCOUNT].free + 5):
        sign_in.password("anna", "wrong", f"10.1.{number}.1", "")
    assert await enter(Browser(small_client)) == 429, "a stranger's browser waits, wherever it is"
    assert await enter(own) == 303
    forged = Browser(small_client)
    forged.cookies = {BROWSER_COOKIE: "x" * 43}
    assert await enter(forged) == 429


async def test_whoever_has_to_wait_leaves_no_rows_behind_whatever_names_are_typed(
    small_world: World, small_client, kept: str
) -> None:
    sign_in = small_world.console.sign_in
    for number in range(BOUNDS[About.ADDRESS].free + 1):
        sign_in.password(f"name{number}", "wrong", "10.1.1.1", "")

    def rows() -> int:
        with small_world.store.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(console_wait)).scalar_one())

    before = rows()
    for number in range(20):
        assert isinstance(sign_in.password(f"other{number}", "wrong", "10.1.1.1", ""), Waits)
    assert rows() == before


async def test_a_code_opens_nothing_once_its_half_session_is_ended(world: World, client, kept: str) -> None:
    world.account("anna", Role.OPERATOR, password_hash=kept)
    secret, _ = await set_up(world, Browser(client, world.token("anna")))
    world.now += timedelta(seconds=30)
    half = world.console.sessions.of(world.token("anna", passed=False))
    world.account("anna", Role.OPERATOR, password_hash=kept)  # another password, while the code is on its way
    code = pyotp.TOTP(secret).at(world.now)
    assert isinstance(world.console.sign_in.code(half, code, "10.1.1.1", ""), Wrong)


async def test_another_password_is_taken_from_whoever_knows_the_present_one(world: World, client, kept: str) -> None:
    world.account("anna", Role.OBSERVER, password_hash=kept)
    elsewhere, browser = Browser(client, world.token("anna")), Browser(client, world.token("anna"))
    key = await browser.key()

    async def change(old: str, new: str, again: str = "") -> int:
        return (await browser.post("/account/password", key, old=old, new=new, again=again or new))[0]

    assert await change("wrong", "eight small stones") == 403
    assert await change(PASSWORD, "short") == 400
    assert await change(PASSWORD, "eight small stones", "nine small stones") == 400
    assert await change(PASSWORD, "eight small stones") == 303
    assert await signed_in(browser)
    assert not await signed_in(elsewhere)
    assert await enter(Browser(client)) == 403
    assert await enter(Browser(client), password="eight small stones") == 303


# -- the second factor ------------------------------------------------------------------------------------------------


async def set_up(world: World, browser: Browser, code: str = "") -> tuple[str, list[str]]:
    """Set a second factor up; its secret and the recovery codes."""
    key = await browser.key("/second-factor/set-up")
    _, page, _ = await browser.post("/second-factor/set-up", key, code=code)
    secret = SECRET.search(page)[1]
    assert "<svg" in page
    assert f"secret={secret}" in page
    code = pyotp.TOTP(secret).at(world.now)
    status, page, _ = await browser.post("/second-factor/confirm", key, code=code)
    assert status == 200
    return secret, RECOVERY.findall(page)


async def test_a_second_factor_is_set_up_asked_for_and_each_code_is_good_once(world: World, client, kept: str) -> None:
    world.account("anna", Role.OPERATOR, password_hash=kept)
    browser = Browser(client, world.token("anna"))
    secret, recovery = await set_up(world, browser)
    assert len(recovery) == 10
    assert await signed_in(browser)
    with world.store.read() as uow:
        assert secret.encode() not in uow.console_accounts.get("anna").factor

    async def second(code: str) -> int:
        fresh = Browser(client)
        assert await enter(fresh) == 303
        assert (await fresh.get("/account"))[0] == 303, "the password alone opens nothing"
        key = await fresh.key("/second-factor")
        before = fresh.cookies[SESSION_COOKIE]
        status = (await fresh.post("/second-factor", key, code=code))[0]
        assert await signed_in(fresh) is (status == 303)
        assert (fresh.cookies[SESSION_COOKIE] != before) is (status == 303)
        return status

    code = pyotp.TOTP(secret).at(world.now)
    assert await second(code) == 403, "the code that set it up is used"
    world.now += timedelta(seconds=30)
    code = pyotp.TOTP(secret).at(world.now)
    assert await second(code) == 303
    assert await second(code) == 403
    assert await second(recovery[0]) == 303
    assert await second(recovery[0]) == 403
    assert world.audited("recovery_code_used") == [("console:anna", "anna", "")]


async def test_of_two_requests_with_one_code_one_gets_in(world: World, client, kept: str) -> None:
    world.account("anna", Role.OPERATOR, password_hash=kept)
    secret, _ = await set_up(world, Browser(client, world.token("anna")))
    world.now += timedelta(seconds=30)
    code, browsers = (
        pyotp.TOTP(secret).at(world.now),
        [Browser(client, world.token("anna", passed=False)) for _ in "abc"],
    )
    keys = [await browser.key("/second-factor") for browser in browsers]
    answers = await asyncio.gather(
        *(browser.post("/second-factor", key, code=code) for browser, key in zip(browsers, keys, strict=True))
    )
    assert sorted(answer[0] for answer in answers) == [303, 403, 403]


async def test_wrong_codes_make_wait_too(world: World, client, kept: str) -> None:
    world.account("anna", Role.OPERATOR, password_hash=kept)
    await set_up(world, Browser(client, world.token("anna")))
    browser = Browser(client, world.token("anna", passed=False))
    key = await browser.key("/second-factor")
    statuses = [(await browser.post("/second-factor", key, code="000000"))[0] for _ in range(PAIR_FREE + 3)]
    assert statuses == [403] * (PAIR_FREE + 1) + [429] * 2


async def test_who_has_a_second_factor_shows_it_before_setting_up_another(world: World, client, kept: str) -> None:
    world.account("anna", Role.OPERATOR, password_hash=kept)
    browser = Browser(client, world.token("anna"))
    _, recovery = await set_up(world, browser)
    key = await browser.key("/second-factor/set-up")
    status, page, _ = await browser.post("/second-factor/set-up", key, code="")
    assert status == 403
    assert not SECRET.search(page)
    fresh, _ = await set_up(world, browser, recovery[0])
    assert fresh


async def test_a_role_that_must_have_one_gets_nowhere_before_it_is_set_up(small_world: World, small_client) -> None:
    small_world.account("anna", Role.OPERATOR)
    token = small_world.token("anna")
    small_world.console.sessions._forced = frozenset({"operator"})
    browser = Browser(small_client, token)
    for path in ("/", "/account"):
        status, _ = await browser.get(path)
        assert status == 303, "also a session that began before it was a must"
    assert (await browser.get("/second-factor/set-up"))[0] == 200
    await set_up(small_world, browser)
    assert await signed_in(browser)


async def test_the_secret_is_shown_once(small_world: World, small_client) -> None:
    small_world.account("anna", Role.OPERATOR)
    browser = Browser(small_client, small_world.token("anna"))
    key = await browser.key("/second-factor/set-up")
    _, page, _ = await browser.post("/second-factor/set-up", key)
    secret = SECRET.search(page)[1]
    for answer in (
        (await browser.get("/second-factor/set-up"))[1],
        (await browser.post("/second-factor/confirm", key, code="000000"))[1],
    ):
        assert secret not in answer


async def test_pages_are_whole_in_every_language_and_load_nothing_from_elsewhere(
    small_world: World, small_client
) -> None:
    small_world.account("anna", Role.OPERATOR)
    for language in ("en", "fa", "zh"):
        browser = Browser(small_client, small_world.token("anna"))
        browser.headers = {"Accept-Language": language}
        for path in ("/sign-in", "/", "/account", "/second-factor/set-up", "/nowhere"):
            status, page = await browser.get(path)
            assert status == (404 if path == "/nowhere" else 200)
            assert f'<html lang="{language}" dir="{"rtl" if language == "fa" else "ltr"}">' in page
            assert not re.search(r'(src|href|action)="(?![/#])', page)
            assert " style=" not in page


async def test_a_language_is_kept_and_leads_back_to_our_own_pages_alone(small_world: World, small_client) -> None:
    browser = Browser(small_client)
    for back, there in (
        ("/sign-in", "/sign-in"),
        ("/account?x=1", "/account?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
    ):
        assert (await browser.post("/language", language="fa", back=back))[2] == there
    assert '<html lang="fa"' in (await browser.get("/sign-in"))[1]
