"""No value in any place of any page is a fault: whatever is typed is shown as nothing found, refused, or passed over, and never answered with 500."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from central_sync.console.access import Role
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.console.fleet_world import with_fleet
from tests.central_sync.console.hostile_values import KEYS, PATHS, PLACES, RAW, VALUES

LEAVES = {"/sign-out", "/sign-in", "/language"}
"""Forms that end a session or need none."""
RIGHT = {200, 303, 400, 403, 404, 413, 429}
SHORT = ["-" + "9" * 40, "9" * 300, "%s%n", f"-{10**30}.{10**30}", KEYS[0], KEYS[1], KEYS[7]]


def opened(world: World, client) -> Browser:
    """Somebody who may do all that any account may; sees everything, so that everything is looked for."""
    with_fleet(world)
    world.account("op", Role.OPERATOR)
    world.account("boss", Role.ADMINISTRATOR)
    return Browser(client, world.token("op"))


def paths_of(world: World, method: str) -> list[str]:
    return sorted({page.path for page in world.console.pages() if page.method == method} - LEAVES)


def filled(path: str, **more: str) -> str:
    return path.format_map({name: quote(value, safe="") for name, value in {**PATHS, **more}.items()})


def asked(values: list[str]) -> list[dict[str, str]]:
    """Every place with every value, all places at once, and no two of a query alike for long."""
    places = sorted(PLACES)
    return [
        {place: values[(turn + at) % len(values)] for at, place in enumerate(places)} for turn in range(len(values))
    ]


async def check_asked(world: World, client, values: list[str], name: str = "op") -> None:
    browser = Browser(client, world.token(name))
    for path in paths_of(world, "GET"):
        for query in asked(values):
            status, _ = await browser.get(f"{filled(path)}?{urlencode(query)}")
            assert status in RIGHT, (path, query, status)


async def check_typed(world: World, client, values: list[str], name: str = "op") -> None:
    for path in paths_of(world, "POST"):
        browser = Browser(client, world.token(name))
        key = await browser.key()
        for fields in asked(values):
            status, _, _ = await browser.post(filled(path), key, **{**fields, "form_key": key})
            assert status in RIGHT, (path, fields, status)


async def test_the_places_are_found_in_the_programs() -> None:
    assert {"after", "before", "over", "id", "msgid", "number", "hours", "window", "code", "password", "back"} <= PLACES


async def test_hostile_values_in_addresses_and_forms_are_no_fault(small_world: World, small_client) -> None:
    opened(small_world, small_client)
    await check_asked(small_world, small_client, SHORT[-4:])
    await check_typed(small_world, small_client, SHORT[:2])


@pytest.mark.proof
async def test_paths_queries_and_forms_that_are_none_are_no_fault(small_world: World, small_client) -> None:
    browser = opened(small_world, small_client)
    for path in paths_of(small_world, "GET"):
        for raw in RAW:
            for place in ("after", "id"):
                status, _ = await browser.get(f"{filled(path)}?{place}={raw}")
                assert status in RIGHT, (path, raw, status)
        for place in PATHS:
            for value in SHORT if f"{{{place}}}" in path else ():
                status, _ = await browser.get(filled(path, **{place: value}))
                assert status in RIGHT, (path, value, status)
    key = await browser.key()
    form = "application/x-www-form-urlencoded"
    for kind, body in (
        (f"{form}; charset=unicode_escape", b"form_key=%s&%%s=\\ud800\\u0000" % key.encode()),
        (f"{form}; charset=raw_unicode_escape", b"form_key=%s&%%s=\\udfff" % key.encode()),
        (f"{form}; charset=utf-7", b"form_key=%s&%%s=+2AA-" % key.encode()),
        (f"{form}; charset=utf-16", b"\xff\xfe\x00\xd8%s"),
        (f"{form}; charset=base64", b"%s"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\nb\r\n--x--',
        ),
        ("text/html", b"%s"),
    ):
        for path in paths_of(small_world, "POST"):
            for place in ("number", "msgid", "name"):
                answer = await small_client.post(
                    filled(path),
                    data=body.replace(b"%s", place.encode()),
                    headers={"Content-Type": kind},
                    cookies=browser.cookies,
                    allow_redirects=False,
                )
                assert answer.status in RIGHT, (path, kind, answer.status)


async def test_hostile_headers_and_cookies_are_no_fault(small_world: World, small_client) -> None:
    opened(small_world, small_client)
    for value in ("", "x" * 3000, "zz;q=9", "fa;q=nan, *;q=-1", "%00", '"', "é", ",,,;;;===", "٣"):
        for header in ("Accept-Language", "Cookie", "Origin", "Last-Event-ID", "Referer", "X-Forwarded-For"):
            answer = await small_client.get("/edges", headers={header: value.encode().decode("latin-1")})
            assert answer.status in RIGHT, (header, value)
        for cookie in ("pishkhan_language", "pishkhan_hub_session", "pishkhan_hub_browser"):
            headers = {"Cookie": f"{cookie}={value}".encode().decode("latin-1")}
            answer = await small_client.post("/sign-in", data={"name": "op", "password": "x"}, headers=headers)
            assert answer.status in RIGHT, (cookie, value)


@pytest.mark.proof
async def test_every_hostile_value_in_every_place_is_no_fault_on_either_database(world: World, client) -> None:
    opened(world, client)
    await check_asked(world, client, VALUES[::3] + KEYS)
    await check_typed(world, client, SHORT)
    await check_typed(world, client, SHORT[:2], "boss")
