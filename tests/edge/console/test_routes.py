"""The console's addresses, over HTTP: who gets in, who does not, and what a page may do."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from central_sync.pages.tries import TRIES_MAX
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.wire.messages import PayerWord
from edge.accounts import FILE, Accounts, Role
from edge.audit import Audit
from edge.console.lobby import BASE, SESSION_COOKIE, Lobby
from edge.console.routes import Console
from edge.console.sessions import IDLE_MAX
from edge.console.technician import Standing
from edge.faces.door import Door
from edge.health import Status
from tests.edge.console.test_views import READER, WELL

NAME, PASSWORD = "tech", "seven small stones"
HOSTILE = "<script>alert(1)</script>\u202e"


class World:
    """A console over what a test says, with a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
        self.folder = folder
        self.signs, self.readers = WELL, [READER]
        self.line_trouble = ""
        self.fails = False
        self.accounts = Accounts(folder / FILE)
        self.accounts.put(NAME, Role.TECHNICIAN, PASSWORD, self.now)
        audit = Audit(folder)
        audit.start()
        lobby = Lobby(self.accounts, lambda: self.now, HOSTILE, "Asia/Tehran", Calendar.JALALI, secure=False)
        self.console = Console(lobby, self.standing, audit)

    async def standing(self) -> Standing:
        if self.fails:
            raise RuntimeError("0499370899")
        status = Status(
            return_code=0, institution="H001", name=HOSTILE, version="1.2.3", now=self.now, line="up", line_trouble=self.line_trouble,
            clock="right", clock_skew_s=0.01, hids_left=1_234, pending=5_678, awaited=1, entries={"final": 7}, certificate_days_left=300,
            warnings=[],
        )  # fmt: skip
        return Standing(status, self.signs, self.readers)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def client(world: World) -> AsyncIterator[TestClient]:
    door = Door([], [])
    app = web.Application(middlewares=[door.middleware], client_max_size=64 * 1024)
    app.add_routes(world.console.routes())
    async with TestClient(TestServer(app)) as made:
        yield made
    await world.console.stop()


async def sign_in(client: TestClient, name: str = NAME, password: str = PASSWORD):
    form = {"name": name, "password": password}
    return await client.post(f"{BASE}/sign-in", data=form, allow_redirects=False)


async def text_of(client: TestClient, path: str, **more) -> tuple[int, str]:
    answer = await client.get(BASE + path, allow_redirects=False, **more)
    return answer.status, await answer.text()


async def test_a_stranger_is_sent_to_the_form_from_everywhere(client: TestClient) -> None:
    for path in ("", "/", "/technician", "/technician/live"):
        answer = await client.get(BASE + path, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"{BASE}/sign-in")
        assert "Set-Cookie" not in answer.headers


async def test_a_technician_signs_in_sees_the_page_and_signs_out(client: TestClient, world: World) -> None:
    answer = await sign_in(client)
    assert answer.status == 303
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", f"Path={BASE}"} <= set(cookie.split("; "))
    status, page = await text_of(client, "/technician")
    assert status == 200
    assert "5,678" in page
    key = re.search(r'name="form_key" value="([^"]+)"', page).group(1)
    refused = await client.post(f"{BASE}/sign-out", data={"form_key": "x"}, allow_redirects=False)
    assert refused.status == 403
    assert (await text_of(client, "/technician"))[0] == 200
    done = await client.post(f"{BASE}/sign-out", data={"form_key": key}, allow_redirects=False)
    assert done.headers["Location"] == f"{BASE}/sign-in"
    assert (await text_of(client, "/technician"))[0] == 303
    acts = [json.loads(line)["act"] for line in (world.folder / "audit.jsonl").read_text().splitlines()]
    assert acts == ["console sign-in", "console sign-out"]
    assert NAME not in (world.folder / "audit.jsonl").read_text()


async def test_a_wrong_password_is_refused_as_an_unknown_name_is_and_soon_waits(client: TestClient) -> None:
    wrong = await sign_in(client, password="wrong")
    unknown = await sign_in(client, name="nobody")
    assert wrong.status == unknown.status == 403
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", await wrong.text()) == strip.sub("", await unknown.text())
    for _ in range(TRIES_MAX["both"] - 1):
        await sign_in(client, password="wrong")
    late = await sign_in(client)
    assert late.status == 429
    assert "Wait ten minutes" in await late.text()


async def test_what_was_typed_as_a_name_is_noted_only_if_it_is_one(client: TestClient, world: World) -> None:
    for name in ("0499370899", "my password", NAME):
        await sign_in(client, name=name, password="wrong")
    lines = [json.loads(line) for line in (world.folder / "audit.jsonl").read_text().splitlines()]
    number, password, known = (line["operator"] for line in lines)
    assert number == password != known, "names that are none have one mark"


async def test_many_tries_at_once_are_many_tries(client: TestClient) -> None:
    answers = await asyncio.gather(*(sign_in(client, password="wrong") for _ in range(3 * TRIES_MAX["both"])))
    assert sum(answer.status == 403 for answer in answers) == TRIES_MAX["both"]


async def test_a_session_ends_with_quiet_with_another_password_and_with_the_account(
    client: TestClient, world: World
) -> None:
    await sign_in(client)
    world.now += IDLE_MAX
    assert (await text_of(client, "/technician"))[0] == 303
    await sign_in(client)
    world.accounts.put(NAME, Role.TECHNICIAN, PASSWORD, world.now)
    assert (await text_of(client, "/technician"))[0] == 303
    await sign_in(client)
    world.accounts.remove(NAME)
    assert (await text_of(client, "/technician"))[0] == 303


async def test_news_come_when_something_changes_and_end_with_the_session(client: TestClient, world: World) -> None:
    await sign_in(client)
    answer = await client.get(f"{BASE}/technician/live")

    async def next_event() -> tuple[str, str]:
        kind = data = ""
        async for line in answer.content:
            name, _, value = line.decode().strip().partition(": ")
            kind, data = (value, data) if name == "event" else (kind, value if name == "data" else data)
            if not line.strip() and kind:
                return kind, data
        raise AssertionError("the news ended without a word")

    async with asyncio.timeout(60):
        kind, data = await next_event()
        assert kind == "part"
        assert "5,678" in json.loads(data)["html"]
        while (await next_event())[0] != "same":
            pass  # a step of the chart began meanwhile
        world.signs = replace(WELL, full=True)
        while "new work is refused" not in data:
            kind, data = await next_event()
        world.accounts.remove(NAME)
        while (kind := (await next_event())[0]) != "over":
            assert kind in ("part", "same")


@pytest.mark.parametrize("language", [language.value for language in Language])
async def test_every_page_is_whole_in_every_language_and_loads_nothing_from_elsewhere(
    client: TestClient, world: World, language: str
) -> None:
    world.line_trouble = "hub_says_no"
    headers = {"Accept-Language": language}
    pages = [await text_of(client, "/sign-in", headers=headers), await text_of(client, "/nowhere", headers=headers)]
    await sign_in(client)
    pages.append(await text_of(client, "/technician", headers=headers))
    assert [status for status, _ in pages] == [200, 404, 200]
    for _, page in pages:
        assert f'<html lang="{language}" dir="{"rtl" if language == "fa" else "ltr"}">' in page
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page
        assert not re.search(r'(src|href|action)="(?!/console|#main)', page)
        assert " style=" not in page
        assert not re.search(r"<script(?! type=\"module\" src=)", page)


async def test_headers_let_a_page_load_our_own_alone(client: TestClient) -> None:
    answer = await client.get(f"{BASE}/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_script_style_and_picture_are_served_and_nothing_else(client: TestClient) -> None:
    _, page = await text_of(client, "/sign-in")
    for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        (address,) = set(re.findall(rf'"({BASE}/static/{re.escape(name)}\?v=\w+)"', page))
        answer = await client.get(address)
        assert answer.status == 200
        assert answer.content_type == kind
        assert "immutable" in answer.headers["Cache-Control"]
    for name in ("routes.py", "..%2froutes.py", "%2e%2e/pages.py", "base.html"):
        assert (await client.get(f"{BASE}/static/{name}")).status == 404


async def test_a_language_is_kept_for_the_browser_and_only_ours_are(client: TestClient) -> None:
    for language, back, there in (("fa", "/sign-in", "/sign-in"), ("xx", "//evil.example", "/")):
        form = {"language": language, "back": back}
        answer = await client.post(f"{BASE}/language", data=form, allow_redirects=False)
        assert answer.headers["Location"] == BASE + there
    _, page = await text_of(client, "/sign-in")
    assert '<html lang="fa"' in page


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=a"),
        ("application/x-www-form-urlencoded; charset=klingon", b"name=x"),
        ("application/x-www-form-urlencoded", b"name=\xff"),
    ],
)
async def test_a_form_that_no_browser_writes_is_no_fault_of_the_gateway(
    client: TestClient, kind: str, body: bytes
) -> None:
    await sign_in(client)
    for path in ("/sign-in", "/sign-out", "/language"):
        answer = await client.post(BASE + path, data=body, headers={"Content-Type": kind}, allow_redirects=False)
        assert answer.status == 403, path
        assert "This form is too old" in await answer.text()


async def test_another_sites_page_can_post_nothing(client: TestClient) -> None:
    form = {"name": NAME, "password": PASSWORD}
    for origin in ("https://evil.example", "null"):
        answer = await client.post(f"{BASE}/sign-in", data=form, headers={"Origin": origin}, allow_redirects=False)
        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers
    own = str(client.make_url("/")).rstrip("/")
    answer = await client.post(f"{BASE}/sign-in", data=form, headers={"Origin": own}, allow_redirects=False)
    assert answer.status == 303


async def test_what_fails_inside_is_a_page_and_quotes_nothing(
    client: TestClient, world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture
) -> None:
    await sign_in(client)
    world.fails = True
    status, page = await text_of(client, "/technician")
    assert status == 500
    assert "could not be made" in page
    told = "".join(capsys.readouterr()) + caplog.text
    assert "0499370899" not in page + told


async def test_accounts_that_cannot_be_read_let_nobody_in(client: TestClient, world: World) -> None:
    (world.folder / FILE).write_text("{")
    answer = await sign_in(client)
    assert answer.status == 503
    assert "cannot be read" in await answer.text()


async def test_a_huge_form_is_refused(client: TestClient) -> None:
    answer = await client.post(
        f"{BASE}/sign-in", data={"name": "x", "password": "y" * 1_000_000}, allow_redirects=False
    )
    assert answer.status == 413


async def test_the_charts_sample_is_taken_without_a_viewer(client: TestClient, world: World) -> None:
    await world.console.sample()
    await sign_in(client)
    assert "at most 5,678" in (await text_of(client, "/technician"))[1]
    assert SESSION_COOKIE
    assert timedelta(0) < IDLE_MAX


async def test_a_chart_has_its_axis_or_says_that_there_is_no_data_yet(client: TestClient, world: World) -> None:
    await sign_in(client)
    _, page = await text_of(client, "/technician")
    assert "Answers of the centre: no data yet" in page
    assert page.count('class="plot"') == 1
    assert re.search(r'class="most"[^>]*>5,678<.*class="zero"[^>]*>0<.*an hour ago.*now', page, re.DOTALL)


async def test_the_verdict_names_each_leg_that_is_broken_and_no_other(client: TestClient, world: World) -> None:
    world.signs = replace(WELL, line_up=False, clock_right=False, workstations=0)
    await sign_in(client)
    _, page = await text_of(client, "/technician")
    assert "Something is broken: This gateway, Line to the centre. What to do stands below." in page
    world.signs = replace(WELL, workstations=0)
    assert "something wants to be seen to: Desks." in (await text_of(client, "/technician"))[1]


@pytest.mark.parametrize("language", [language.value for language in Language])
async def test_a_command_in_a_sentence_is_one_piece_and_a_name_becomes_none(
    client: TestClient, world: World, language: str
) -> None:
    world.signs = replace(
        WELL, workstations=0, parked=1, payers=(PayerWord(payer="`x`<i>", since=world.now, shares=2),)
    )
    await sign_in(client)
    _, page = await text_of(client, "/technician", headers={"Accept-Language": language})
    for command in ("workstation add NAME", "journal show"):
        assert f'<bdi class="code command" dir="ltr"><span>pishkhan-edge</span> {command}</bdi>' in page
    assert page.count("`") == 2, "of the payer's name, as it is written"
    assert "<i>" not in page
