"""The pages of other people's accounts: each change asks for the doer's own code, a form's key, and shows a password once."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest

from central_sync.console.access import Role
from central_sync.console.second_factor import PURPOSE, Sealer
from tests.central_sync.console.conftest import Browser, World

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = re.compile(r'class="code secret" dir="ltr">([^<]+)<')


@pytest.fixture
def house(small_world: World) -> World:
    sealer = Sealer(small_world.authority.derived(PURPOSE))
    small_world.account("boss", Role.ADMINISTRATOR)
    small_world.account("anna", Role.OBSERVER, ("H1",))
    with small_world.store.write() as uow:
        uow.console_accounts.set_factor("boss", sealer.sealed(SECRET, "boss"), 0)
    return small_world


def code(world: World) -> str:
    """The next code of the administrator's app."""
    world.now += timedelta(seconds=30)
    return pyotp.TOTP(SECRET).at(world.now)


async def test_an_account_is_made_on_a_page_and_its_password_is_shown_once(house: World, small_client) -> None:
    boss = Browser(small_client, house.token("boss"))
    key = await boss.key()
    fields = {"name": "bert", "role": "operator", "hospitals": "H۲، H1"}
    status, page, _ = await boss.post("/accounts", key, **fields, code=code(house))
    assert status == 200
    password = PASSWORD.search(page)[1]
    assert password not in (await boss.get("/accounts/bert"))[1]
    assert "bert" in (await boss.get("/accounts"))[1]
    bert = Browser(small_client)
    status, _, where = await bert.post("/sign-in", name="bert", password=password)
    assert (status, where) == (303, "/")
    status, page = await bert.get("/first-password")
    assert status == 200
    assert (await bert.get("/edges"))[0] == 303
    own = await bert.key("/first-password")
    for new, again in (("short", "short"), ("one long enough", "another long one"), (password, password)):
        assert (await bert.post("/first-password", own, new=new, again=again))[0] == 400
    status, _, _ = await bert.post("/first-password", own, new="my own long one", again="my own long one")
    assert status == 303
    assert (await bert.get("/edges"))[0] == 200
    assert house.audited("account_added") == [("console:boss", "bert", "operator, hospitals: 2")]


async def test_no_change_is_made_without_a_fresh_code_of_ones_own(house: World, small_client) -> None:
    boss = Browser(small_client, house.token("boss"))
    key, used = await boss.key(), code(house)
    assert (await boss.post("/accounts/anna/disable", key, code=used))[0] == 200
    paths = ["/accounts", *(f"/accounts/anna/{what}" for what in ("change", "enable", "password", "factor", "remove"))]
    for path in paths:
        for wrong in ("", "000000", used):
            fields = {"name": "eve", "role": "observer", "hospitals": "H1", "again": "anna", "code": wrong}
            status, page, _ = await boss.post(path, key, **fields)
            assert status == 403, (path, wrong)
            assert "code is not right" in page or "Too many" in page
        house.now += timedelta(hours=1)
        boss.cookies = Browser(small_client, house.token("boss")).cookies
        key = await boss.key()
    with house.store.read() as uow:
        rows = {one.name: one for one in uow.console_accounts.all(9)}
    assert set(rows) == {"anna", "boss"}
    assert rows["anna"].disabled_at is not None
    assert len(house.audited("account_code_refused")) <= len(paths) * 3


async def test_a_form_without_its_key_or_from_another_site_changes_nothing(house: World, small_client) -> None:
    boss = Browser(small_client, house.token("boss"))
    key = await boss.key()
    for path in ("/accounts", *(f"/accounts/anna/{w}" for w in ("change", "disable", "password", "factor", "remove"))):
        fields = {"name": "eve", "role": "administrator", "hospitals": "", "again": "anna", "code": code(house)}
        assert (await boss.post(path, "x", **fields))[0] == 403
        boss.headers = {"Origin": "https://evil.example"}
        assert (await boss.post(path, key, **fields))[0] == 403
        boss.headers = {}
    with house.store.read() as uow:
        assert [(one.name, one.role) for one in uow.console_accounts.all(9)] == [
            ("anna", "observer"),
            ("boss", "administrator"),
        ]


async def test_what_is_done_is_said_and_what_will_not_do_is_explained(house: World, small_client) -> None:
    boss = Browser(small_client, house.token("boss"))
    key = await boss.key()
    status, page, _ = await boss.post("/accounts/anna/change", key, role="reviewer", hospitals="", code=code(house))
    assert status == 200
    assert "new role and hospitals" in page
    for fields in ({"role": "king", "hospitals": ""}, {"role": "observer", "hospitals": "H9"}):
        assert (await boss.post("/accounts/anna/change", key, **fields, code=code(house)))[0] == 400
    status, page, _ = await boss.post("/accounts/anna/factor", key, code=code(house))
    assert PASSWORD.search(page)
    assert (await boss.post("/accounts/boss/disable", key, code=code(house)))[0] == 400
    assert (await boss.post("/accounts/nobody/disable", key, code=code(house)))[0] == 404
    assert (await boss.post("/accounts/anna/remove", key, again="ann", code="1"))[0] == 400
    status, _, where = await boss.post("/accounts/anna/remove", key, again="anna", code=code(house))
    assert (status, where) == (303, "/accounts")
    assert (await boss.get("/accounts/anna"))[0] == 404


async def test_an_administrator_without_a_second_factor_may_look_and_change_nothing(house: World, small_client) -> None:
    house.account("new", Role.ADMINISTRATOR)
    new = Browser(small_client, house.token("new"))
    status, page = await new.get("/accounts")
    assert status == 200
    assert "Set up a second factor of your own first." in page
    assert 'action="/accounts"' not in page
    assert (await new.post("/accounts/anna/disable", await new.key(), code="1"))[0] == 403


async def test_many_accounts_are_paged(house: World, small_client) -> None:
    with house.store.write() as uow:
        for number in range(120):
            uow.console_accounts.put(f"n{number:03}", Role.OBSERVER, "x", ("H1", "H2"), house.now)
    boss, path, found = Browser(small_client, house.token("boss")), "/accounts", []
    while path:
        _, page = await boss.get(path)
        found += re.findall(r'href="/accounts/([^"]+)"><bdi', page)
        following = re.search(r'class="further"><a class="button" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found)) == 122


async def test_a_try_that_is_refused_is_noted_and_what_is_no_account_is_not_named(house: World, small_client) -> None:
    boss = Browser(small_client, house.token("boss"))
    key = await boss.key()
    for name, role in (("..", "observer"), ("anna", "observer"), ("my own password", "king")):
        fields = {"name": name, "role": role, "hospitals": "H1"}
        assert (await boss.post("/accounts", key, **fields, code=code(house)))[0] == 400
    assert (await boss.post("/accounts/boss/disable", key, code=code(house)))[0] == 400
    assert (await boss.post("/accounts/nobody/remove", key, again="nobody", code=code(house)))[0] == 404
    house.account("new", Role.ADMINISTRATOR)
    new = Browser(small_client, house.token("new"))
    assert (await new.post("/accounts/anna/disable", await new.key(), code="1"))[0] == 403
    house.trail.stop()
    noted = [(actor, subject, detail.partition(":")[0]) for actor, subject, detail in house.audited("account_refused")]
    assert sorted(noted) == [
        ("console:boss", "an unknown account", "add"),
        ("console:boss", "an unknown account", "add"),
        ("console:boss", "an unknown account", "remove"),
        ("console:boss", "anna", "add"),
        ("console:boss", "boss", "disable"),
        ("console:new", "/accounts/anna/disable", "no second factor"),
    ]
    house.trail.start()
