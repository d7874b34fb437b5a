"""The entrance on Windows: who has not read the file gets nothing, on either side. It runs on any system."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge import control, platform
from edge.control import Control, NobodyThere, Tell
from edge.platform import loopback
from tests.patience import HUNG_S


async def _echo(told: Any, tell: Tell) -> Any:
    tell(1, 2, "half")
    return {"heard": told["word"]}


@pytest.fixture(autouse=True)
def by_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge's control as it is on Windows."""
    monkeypatch.setattr(platform, "Entrance", loopback.Entrance)
    monkeypatch.setattr(platform, "reach", loopback.reach)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[int]:
    edge = Control(folder, {"echo": _echo})
    await edge.start()
    try:
        yield json.loads((folder / "control").read_bytes())["port"]
    finally:
        await edge.stop()


async def asked(folder: Path, word: Any) -> Any:
    return await asyncio.to_thread(control.ask, folder, "echo", {"word": word})


async def test_who_has_read_the_file_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path):
        assert await asked(tmp_path, "سلام") == {"heard": "سلام"}
    assert not (tmp_path / "control").exists()
    with pytest.raises(NobodyThere):
        await asked(tmp_path, 1)


async def test_a_file_that_a_killed_edge_left_is_nobody(tmp_path: Path) -> None:
    async with running(tmp_path):
        left = (tmp_path / "control").read_bytes()
    (tmp_path / "control").write_bytes(left)
    with pytest.raises(NobodyThere):
        await asked(tmp_path, 1)
    for damaged in (b"", b"{}", b'{"port": "x", "secret": "zz"}', b"[]", b"\xff"):
        (tmp_path / "control").write_bytes(damaged)
        with pytest.raises(NobodyThere):
            await asked(tmp_path, 1)
    async with running(tmp_path):
        assert await asked(tmp_path, 2) == {"heard": 2}


def _post(nonce: bytes) -> bytes:
    return b'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n{"verb": "echo", "told": {"word": 1}}\n'


def _guess(nonce: bytes) -> bytes:
    return nonce + b"0" * 64 + b'\n{"verb": "echo", "told": {"word": 1}}\n'


def _own_words(nonce: bytes) -> bytes:
    return b'{"verb": "echo", "told": {"word": 1}}\n'


@pytest.mark.parametrize("says", [_post, _guess, _own_words, lambda _: b"x" * 200_000, lambda _: b"\n", lambda n: n])
async def test_who_has_not_read_the_file_is_told_nothing(tmp_path: Path, says: Callable[[bytes], bytes]) -> None:
    async with running(tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(says(b"a" * 64 + b"\n"))
        writer.write_eof()
        async with asyncio.timeout(HUNG_S):
            try:
                heard = await reader.read()
            except ConnectionError:
                heard = b""
        writer.close()
        assert b"heard" not in heard
        assert await asked(tmp_path, 3) == {"heard": 3}


async def test_what_was_said_once_is_of_no_use_again(tmp_path: Path) -> None:
    """An eavesdropper who saw a whole line cannot say it again: the edge's nonce is another."""
    async with running(tmp_path) as port:
        line = await asyncio.to_thread(loopback.reach, tmp_path / "control", HUNG_S)
        line.close()
        secret = bytes.fromhex(json.loads((tmp_path / "control").read_bytes())["secret"])
        ours, old = b"a" * 64 + b"\n", b"b" * 64 + b"\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            ours + loopback._proof(secret, b"command", ours, old) + b'\n{"verb": "echo", "told": {"word": 1}}\n'
        )
        writer.write_eof()
        async with asyncio.timeout(HUNG_S):
            heard = await reader.read()
        writer.close()
        assert b'"heard"' not in heard
        assert b"refused" in heard


async def test_whoever_took_the_port_meanwhile_is_nobody_and_learns_nothing(tmp_path: Path) -> None:
    learned: list[bytes] = []
    ended = asyncio.Event()

    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        learned.append(await reader.readline())
        writer.write(b"c" * 64 + b" " + b"d" * 64 + b"\n")
        learned.append(await reader.read())
        writer.close()
        ended.set()

    server = await asyncio.start_server(impostor, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "control").write_text(json.dumps({"port": port, "secret": "ab" * 32}))
    with pytest.raises(NobodyThere):
        await asked(tmp_path, "secret words")
    async with asyncio.timeout(HUNG_S):
        await ended.wait()
    server.close()
    assert not any(b"secret words" in one or b"ab" * 32 in one for one in learned)


async def test_strangers_who_say_nothing_are_few_and_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "CALLERS_MAX", 2)
    monkeypatch.setattr(loopback, "GREETING_S_MAX", 0.05)
    async with running(tmp_path) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        async with asyncio.timeout(HUNG_S):
            while True:
                try:
                    assert await asked(tmp_path, 4) == {"heard": 4}
                    break
                except (NobodyThere, control.ControlFailed):
                    continue
        for one in silent:
            one.close()
