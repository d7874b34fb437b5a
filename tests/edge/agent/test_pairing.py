"""Pairing a PC: both sides prove that they know the code, and nothing is sent to anybody else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_sync.wire import enrolment
from edge.agent import pairing
from edge.agent.pairing import FILE, PairingFailed
from edge.agents_port import ensure, server_context
from tests.edge.agent.office import INSTITUTION, Office, clock


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Office(tmp_path) as made:
        yield made


def code(office: Office, secret: bytes) -> str:
    return enrolment.make_code(secret, ensure(office.folder, clock()))


async def failed(folder: Path, url: str, typed: str) -> str:
    with pytest.raises(PairingFailed) as raised:
        await pairing.pair(folder, url, typed)
    assert not (folder / FILE).exists()
    return str(raised.value)


async def test_a_pc_with_the_code_is_paired_once_and_keeps_its_key_for_itself(office: Office, tmp_path: Path) -> None:
    typed = code(office, office.invite("pc-1"))
    made = await pairing.pair(tmp_path / "pc", office.port.url, typed.lower().replace("-", " "))
    assert (made.name, made.institution) == ("pc-1", INSTITUTION)
    assert pairing.load(tmp_path / "pc") == made
    assert (tmp_path / "pc" / FILE).stat().st_mode & 0o777 == 0o600
    assert office.agents.admitted("pc-1", made.key) is not None
    assert "used" in await failed(tmp_path / "other", office.port.url, typed)


async def test_a_wrong_an_ended_and_a_mistyped_code_are_told_in_a_sentence(office: Office, tmp_path: Path) -> None:
    assert "wrong" in await failed(tmp_path, office.port.url, code(office, bytes(10)))
    assert "over" in await failed(tmp_path, office.port.url, code(office, office.invite("pc-1", minutes=0)))
    typed = code(office, office.invite("pc-1"))
    wrong = ("0" if typed[0] != "0" else "1") + typed[1:]
    assert "mistyped" in await failed(tmp_path, office.port.url, wrong)
    assert office.agents.names() == []


async def test_too_many_wrong_codes_are_told_as_such(office: Office, tmp_path: Path) -> None:
    said = [await failed(tmp_path, office.port.url, code(office, bytes(10))) for _ in range(6)]
    assert "ten minutes" in said[-1]


async def test_nothing_is_sent_to_another_certificate(office: Office, tmp_path: Path) -> None:
    """Someone stands between, and shows a certificate of its own: it hears the handshake and no byte of ours."""
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(4096))
        writer.close()

    ensure(tmp_path / "between", clock())
    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=server_context(tmp_path / "between"))
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        said = await failed(tmp_path / "pc", url, code(office, office.invite("pc-1")))
    assert "Nothing was sent" in said
    assert heard == b""
    assert len(office.agents.invitations(clock())) == 1


async def test_an_edge_that_is_not_there_or_speaks_no_tls_is_told(office: Office, tmp_path: Path) -> None:
    typed = code(office, office.invite("pc-1"))
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as plain:
        url = f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}"
        assert "cannot be reached" in await failed(tmp_path, url, typed)
    assert "cannot be reached" in await failed(tmp_path, url, typed)
    assert "https://HOST:PORT" in await failed(tmp_path, "http://edge", typed)


async def test_a_server_with_the_right_certificate_that_is_no_edge_is_told(office: Office, tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_context(office.folder))
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert "cannot be read" in await failed(tmp_path, url, code(office, office.invite("pc-1")))


def test_there_may_be_no_pairing_and_a_damaged_one_is_a_sentence(tmp_path: Path) -> None:
    assert pairing.load(tmp_path) is None
    (tmp_path / FILE).write_text("{")
    with pytest.raises(PairingFailed, match="pair this computer again"):
        pairing.load(tmp_path)


def test_the_port_speaks_only_the_newest_tls(tmp_path: Path) -> None:
    ensure(tmp_path, clock())
    assert server_context(tmp_path).minimum_version is ssl.TLSVersion.TLSv1_3
