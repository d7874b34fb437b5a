"""The agents' port: TLS with a certificate that stays, pairing with bounded tries, and nothing for pages or strangers."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from edge.agent import pairing
from edge.agents import AgentError
from edge.agents_port import FOLDER, ensure, server_context
from edge.faces.crowd import Crowd
from edge.readers.remote.pairing import ASKED_BYTES_MAX, LINE_PATH, PAIR_PATH, PairAnswer
from edge.readers.remote.tries import TRIES_MAX
from tests.edge.agent.office import INSTITUTION, ZONE, Office, clock
from tests.patience import HUNG_S

KEY = "k" * 43


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Office(tmp_path) as made:
        yield made


@pytest.fixture
async def client(office: Office) -> AsyncIterator[aiohttp.ClientSession]:
    pin = aiohttp.Fingerprint(hashlib.sha256(ensure(office.folder, clock())).digest())
    async with aiohttp.ClientSession(office.port.url, connector=aiohttp.TCPConnector(ssl=pin)) as made:
        yield made


async def pair(client: aiohttp.ClientSession, secret: bytes, key: str = KEY) -> int:
    body = msgspec.json.encode({"secret": secret.hex(), "key": key})
    async with client.post(PAIR_PATH, data=body) as answer:
        return answer.status


async def test_an_invited_computer_is_told_its_name_and_whose_edge_it_is(
    office: Office, client: aiohttp.ClientSession
) -> None:
    body = msgspec.json.encode({"secret": office.invite("pc-1").hex(), "key": KEY})
    async with client.post(PAIR_PATH, data=body) as answer:
        told = msgspec.json.decode(await answer.read(), type=PairAnswer)
    assert told == PairAnswer(name="pc-1", institution=INSTITUTION, zone=ZONE)
    assert office.agents.admitted("pc-1", KEY) is not None


async def test_a_wrong_a_used_and_an_ended_code_are_refused_alike(
    office: Office, client: aiohttp.ClientSession
) -> None:
    used, ended = office.invite("pc-1"), office.invite("pc-2", minutes=0)
    assert await pair(client, used) == 200
    assert await pair(client, used, "x" * 43) == 403
    assert await pair(client, ended) == 403
    assert await pair(client, secrets.token_bytes(10)) == 403


async def test_after_so_many_wrong_codes_the_right_one_has_to_wait(
    office: Office, client: aiohttp.ClientSession
) -> None:
    right = office.invite("pc-1")
    for _ in range(TRIES_MAX):
        assert await pair(client, secrets.token_bytes(10)) == 403
    assert await pair(client, right) == 429
    assert office.agents.names() == []


async def test_a_connection_that_says_nothing_is_ended_and_an_agents_line_is_not(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.port._crowd = Crowd(10, 10, strange_s=0.5)
    async with office:
        number = int(office.port.url.rpartition(":")[2])
        silent, _ = await asyncio.open_connection("127.0.0.1", number)
        paired = pairing.load(office.pair("pc-1"))
        assert paired is not None
        pin = aiohttp.Fingerprint(hashlib.sha256(ensure(office.folder, clock())).digest())
        token = {"Authorization": f"Bearer pc-1:{paired.key}"}
        async with (
            aiohttp.ClientSession(office.port.url) as made,
            made.ws_connect(LINE_PATH, headers=token, ssl=pin) as socket,
        ):
            async with asyncio.timeout(HUNG_S):
                assert await silent.read() == b""
            await asyncio.sleep(0.5)
            assert office.readers.connected() == ["pc-1"]
            assert not socket.closed


WRONG = {
    "nothing": b"",
    "no JSON": b"{",
    "a short secret": b'{"secret": "00", "key": "%s"}' % KEY.encode(),
    "a short key": b'{"secret": "%s", "key": "k"}' % (b"0" * 20),
    "a key of other letters": b'{"secret": "%s", "key": "%s"}' % (b"0" * 20, b"/" * 43),
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
async def test_what_is_no_pairing_is_refused(client: aiohttp.ClientSession, body: bytes) -> None:
    async with client.post(PAIR_PATH, data=body) as answer:
        assert answer.status == 400


async def test_a_large_body_is_refused(client: aiohttp.ClientSession) -> None:
    async with client.post(PAIR_PATH, data=b" " * (ASKED_BYTES_MAX + 1)) as answer:
        assert answer.status == 413


async def test_a_page_in_a_browser_may_do_nothing_here(office: Office, client: aiohttp.ClientSession) -> None:
    body = msgspec.json.encode({"secret": office.invite("pc-1").hex(), "key": KEY})
    page = {"Origin": "http://localhost"}
    async with client.post(PAIR_PATH, data=body, headers=page) as answer:
        assert answer.status == 403
    async with client.get(LINE_PATH, headers=page) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    "token", ["", "Bearer ", "Bearer pc-1", f"Bearer pc-1:{KEY}x", f"Bearer pc-2:{KEY}", "Basic cGM="]
)
async def test_a_stranger_gets_no_line(office: Office, client: aiohttp.ClientSession, token: str) -> None:
    office.agents.pair(office.invite("pc-1"), KEY, clock())
    async with client.get(LINE_PATH, headers={"Authorization": token}) as answer:
        assert answer.status == 401


async def test_an_agent_that_wants_no_websocket_is_refused(office: Office, client: aiohttp.ClientSession) -> None:
    office.agents.pair(office.invite("pc-1"), KEY, clock())
    async with client.get(LINE_PATH, headers={"Authorization": f"Bearer pc-1:{KEY}"}) as answer:
        assert answer.status == 400


async def test_plain_http_gets_nothing(office: Office) -> None:
    async with aiohttp.ClientSession() as plain:
        with pytest.raises(aiohttp.ClientError):
            await plain.get(office.port.url.replace("https", "http") + LINE_PATH)


async def test_without_an_address_there_is_no_port(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.port._address = None
    async with office:
        assert office.port.url == ""
    assert not (office.folder / FOLDER).exists()


def test_the_certificate_is_made_once_and_stays(tmp_path: Path) -> None:
    first = ensure(tmp_path, clock())
    assert ensure(tmp_path, clock()) == first
    assert (tmp_path / FOLDER / "key.pem").stat().st_mode & 0o777 == 0o600
    assert server_context(tmp_path).minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize("name", ["certificate.pem", "key.pem"])
def test_a_damaged_certificate_is_one_sentence(tmp_path: Path, name: str) -> None:
    ensure(tmp_path, clock())
    (tmp_path / FOLDER / name).write_text("nothing")
    with pytest.raises(AgentError, match="pair again"):
        _used(tmp_path)


def _used(folder: Path) -> None:
    ensure(folder, clock())
    server_context(folder)
