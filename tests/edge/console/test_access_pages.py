"""The technician's page of who may come in: keys shown once, changes noted, nobody locked out, no right given that is not one's own to give."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from central_sync.terms.languages import Language
from edge.accounts import Role, password_fits
from edge.agents import Agents
from edge.console.access_pages import NOT_KEPT, ROLES, SAYS
from edge.console.lobby import BASE, SESSION_COOKIE
from edge.workstations import Workstations
from tests.edge.console.place import Place, posted
from tests.edge.console.test_routes import NAME, PASSWORD, sign_in, text_of
from tests.edge.journal.drafts import NOW

HERE = "/technician/access"
SECRET = re.compile(r'<code class="code secret" dir="ltr">([^<]+)</code>')


def test_every_role_has_its_words() -> None:
    assert set(ROLES) == {str(role) for role in Role}


async def test_a_desks_computer_gets_its_key_once_and_is_withdrawn(client: TestClient, place: Place) -> None:
    status, _, page = await posted(client, f"{HERE}/workstations/add", name="desk-9")
    (key,) = SECRET.findall(page)
    kept = Workstations(place.folder / "workstations.json")
    assert (status, kept.admits("desk-9", key)) == (200, True)
    _, page = await text_of(client, HERE)
    assert "desk-9" in page
    assert key not in page
    assert (await posted(client, f"{HERE}/workstations/remove", name="desk-9"))[0] == 303
    assert not kept.admits("desk-9", key)
    lines = [json.loads(line) for line in (place.folder / "audit.jsonl").read_text().splitlines()][-2:]
    assert [(line["act"], line["workstation"]) for line in lines] == [
        ("workstation added", "desk-9"),
        ("workstation removed", "desk-9"),
    ]
    assert key not in (place.folder / "audit.jsonl").read_text()


async def test_another_language_is_chosen_where_the_answer_of_a_form_stands(client: TestClient, place: Place) -> None:
    seq = await place.append("m1")
    for path, there in (
        (f"{HERE}/workstations/add", HERE),
        (f"{HERE}/accounts/put", HERE),
        ("/technician/maintenance", "/technician/maintenance"),
        ("/technician/journal/find", "/technician/journal"),
        (f"/technician/journal/{seq}/body", f"/technician/journal/{seq}"),
        (f"/technician/journal/{seq}/release", f"/technician/journal/{seq}"),
    ):
        _, _, page = await posted(client, path, name="desk-9", what="nothing")
        assert f'name="back" value="{there}"' in page, path
        assert (await text_of(client, there))[0] == 200


async def test_a_form_that_is_sent_when_the_session_has_ended_is_told_that_nothing_was_done(
    client: TestClient, place: Place
) -> None:
    _, page = await text_of(client, HERE)
    key = re.search(r'name="form_key" value="([^"]+)"', page).group(1)
    place.now += timedelta(minutes=31)
    form = {"form_key": key, "name": "desk-9"}
    answer = await client.post(f"{BASE}{HERE}/workstations/add", data=form, allow_redirects=False)
    assert answer.status == 403
    assert "Nothing was done: sign in, and send it again." in await answer.text()
    assert not Workstations(place.folder / "workstations.json").all()
    left = await client.post(f"{BASE}/sign-out", data=form, allow_redirects=False)
    assert (left.status, left.headers["Location"]) == (303, f"{BASE}/sign-in")


async def test_a_computer_with_readers_is_invited_by_a_code_that_pairs_it(client: TestClient, place: Place) -> None:
    _, _, page = await posted(client, f"{HERE}/agents/add", name="desk-9", desk="other")
    assert SECRET.search(page)
    agents = Agents(place.folder)
    (invited,) = agents.invitations(place.now)
    assert (invited.name, invited.binding.desk) == ("desk-9", "other")
    assert "in 1 hour" in (await text_of(client, HERE))[1]
    assert (await posted(client, f"{HERE}/agents/remove", name="desk-9"))[0] == 303
    assert agents.invitations(place.now) == []
    assert place.acts()[-2:] == [("agent invited", 0), ("agent removed", 0)]


async def test_people_are_made_changed_and_taken_away_but_never_oneself(client: TestClient, place: Place) -> None:
    form = {"name": "anna", "role": "technician", "password": "ten stones more"}
    assert (await posted(client, f"{HERE}/accounts/put", **form))[:2] == (303, BASE + HERE)
    account = place.accounts.find("anna")
    assert account is not None
    assert password_fits(account, "ten stones more")
    assert not account.may_see_bodies
    assert "ten stones more" not in (await text_of(client, HERE))[1]
    status, _, page = await posted(client, f"{HERE}/accounts/remove", name=NAME)
    assert (status, "own account" in page) == (400, True)
    status, _, page = await posted(client, f"{HERE}/accounts/put", name=NAME, role="clerk", password=PASSWORD)
    assert (status, "changes their own" in page) == (400, True)
    assert (await posted(client, f"{HERE}/accounts/remove", name="anna"))[0] == 303
    assert place.accounts.find("anna") is None
    assert place.acts()[-2:] == [("account put", 0), ("account removed", 0)]


async def test_who_resets_a_password_does_not_inherit_the_right_to_see_bodies(client: TestClient, place: Place) -> None:
    place.accounts.put("anna", Role.TECHNICIAN, "her own stones", place.now, may_see_bodies=True)
    form = {"name": "anna", "role": "technician", "password": "ten stones more", "may_see_bodies": "1"}
    await posted(client, f"{HERE}/accounts/put", **form)
    account = place.accounts.find("anna")
    assert account is not None
    assert not account.may_see_bodies


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("workstations/add", {"name": "<script>"}),
        ("workstations/add", {"name": ""}),
        ("workstations/add", {"name": "x" * 41}),
        ("agents/add", {"name": "a.b", "desk": ""}),
        ("agents/add", {"name": "pc-3", "desk": "desk-۲"}),
        ("accounts/put", {"name": "../x", "role": "technician", "password": PASSWORD}),
        ("accounts/put", {"name": "anna", "role": "technician", "password": "short"}),
        ("accounts/put", {"name": "anna", "role": "owner", "password": PASSWORD}),
        ("accounts/put", {"name": "anna", "role": "technician", "password": "x" * 50_000}),
    ],
)
async def test_what_will_not_do_is_said_and_changes_nothing(
    client: TestClient, place: Place, path: str, form: dict[str, str]
) -> None:
    status, _, page = await posted(client, f"{HERE}/{path}", **form)
    assert status == 400
    assert "That was not done." in page
    assert NOT_KEPT not in page
    assert any(html.escape(says) in page for says in SAYS.values())
    assert "<script>alert" not in page
    assert [row.name for row in place.accounts.all()] == [NAME]
    assert Workstations(place.folder / "workstations.json").all() == []
    assert place.acts() == []


async def test_a_clerk_sees_none_of_the_technicians_pages_and_changes_nothing(client: TestClient, place: Place) -> None:
    seq = await place.append("m1")
    await place.journal.park(seq, "parked_by_hand", NOW)
    _, page = await text_of(client, HERE)
    place.accounts.put("clara", Role.CLERK, PASSWORD, place.now)
    await sign_in(client, name="clara")
    _, page = await text_of(client, HERE)
    assert "This page is not for you" in page
    paths = [
        "",
        "/journal",
        f"/journal/{seq}",
        f"/journal/{seq}/release",
        "/checks",
        "/checks/live",
        "/maintenance",
        "/backups",
        "/backups/live",
        "/access",
    ]
    for path in paths:
        assert (await text_of(client, f"/technician{path}"))[0] == 403, path
    key = place.console._lobby.sessions.of(client.session.cookie_jar.filter_cookies(client.make_url(BASE))[SESSION_COOKIE].value, place.accounts.find("clara"), place.now).form_key  # fmt: skip
    forms = ["journal/find", f"journal/{seq}/body", f"journal/{seq}/release", "checks", "checks/bundle", "maintenance", "maintenance/end", "backups",
             "access/workstations/add", "access/workstations/remove", "access/agents/add", "access/accounts/put", "access/accounts/remove"]  # fmt: skip
    for path in forms:
        form = {"form_key": key, "name": NAME, "what": "m1", "role": "technician", "password": PASSWORD, "reason": "x"}
        answer = await client.post(f"{BASE}/technician/{path}", data=form, allow_redirects=False)
        assert answer.status == 403, path
        assert "not for you" in await answer.text()
    assert (await place.journal.standing(seq)).parked
    assert place.acts() == []


async def test_without_the_pages_key_nothing_is_changed(client: TestClient, place: Place) -> None:
    for path in (
        "workstations/add",
        "workstations/remove",
        "agents/add",
        "agents/remove",
        "accounts/put",
        "accounts/remove",
    ):
        form = {"form_key": "x", "name": "desk-9", "role": "technician", "password": PASSWORD}
        answer = await client.post(f"{BASE}{HERE}/{path}", data=form, allow_redirects=False)
        assert answer.status == 403
    assert Workstations(place.folder / "workstations.json").all() == []


@pytest.mark.parametrize("language", [language.value for language in Language])
async def test_the_page_is_whole_in_every_language(client: TestClient, place: Place, language: str) -> None:
    await posted(client, f"{HERE}/workstations/add", name="desk-9")
    await posted(client, f"{HERE}/agents/add", name="desk-9", desk="")
    status, page = await text_of(client, HERE, headers={"Accept-Language": language})
    assert status == 200
    assert f'<html lang="{language}"' in page
    assert page.count('class="removal"') == 2


@pytest.mark.parametrize(
    ("form", "fields", "kept"),
    [
        ("workstations/add", {"name": "desk 1"}, {"desk 1"}),
        ("agents/add", {"name": "desk 2", "desk": "window-4"}, {"desk 2", "window-4"}),
        ("accounts/put", {"name": "a b", "role": "clerk", "password": "ten letters"}, {"a b", "clerk"}),
    ],
)
async def test_a_form_that_is_refused_keeps_what_was_typed_but_no_password(
    client: TestClient, place: Place, form: str, fields: dict[str, str], kept: set[str]
) -> None:
    status, _, page = await posted(client, f"{HERE}/{form}", **fields)
    assert status == 400
    written = re.findall(r'<input name="\w+" value="([^"]*)"', page)
    assert {*written, *re.findall(r'<option value="(\w+)" selected', page)} == kept
    assert page.count('aria-invalid="true"') == 1
    assert "ten letters" not in page
