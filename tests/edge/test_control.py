"""The control socket: a command reaches the running edge, hears progress, and is told in words what is not possible."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge import control
from edge.control import Control, ControlFailed, NobodyThere, Tell, Verb
from edge.errors import JournalError
from edge.platform import unix_socket


@asynccontextmanager
async def _running(folder: Path, **verbs: Verb) -> AsyncIterator[Control]:
    edge = Control(folder, verbs)
    await edge.start()
    try:
        yield edge
    finally:
        await edge.stop()


async def _echo(told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
    for done in range(3):
        tell(done, 3, "counting")
    return {"heard": told["word"]}


async def test_a_command_is_answered_and_hears_of_progress(tmp_path: Path) -> None:
    heard: list[tuple[int, int, str]] = []
    async with _running(tmp_path, echo=_echo):
        answer = await asyncio.to_thread(
            control.ask, tmp_path, "echo", {"word": "سلام"}, lambda *told: heard.append(told)
        )
    assert answer == {"heard": "سلام"}
    assert heard == [(0, 3, "counting"), (1, 3, "counting"), (2, 3, "counting")]


async def test_a_folder_with_a_long_name_can_be_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 200)
    folder.mkdir()
    async with _running(folder, echo=_echo):
        assert await asyncio.to_thread(control.ask, folder, "echo", {"word": 1}) == {"heard": 1}


async def test_the_socket_is_for_the_owner_alone_and_goes_with_the_edge(tmp_path: Path) -> None:
    async with _running(tmp_path):
        assert stat.S_IMODE((tmp_path / control.FILE).stat().st_mode) == 0o600
    assert not (tmp_path / control.FILE).exists()


async def test_without_an_edge_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(NobodyThere):
        control.ask(tmp_path, "echo", {})


async def test_a_socket_that_a_killed_edge_left_is_nobody_and_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    with unix_socket.short(tmp_path / control.FILE) as short:
        left.bind(short)
    left.close()
    with pytest.raises(NobodyThere):
        control.ask(tmp_path, "echo", {})
    async with _running(tmp_path, echo=_echo):
        assert await asyncio.to_thread(control.ask, tmp_path, "echo", {"word": 2}) == {"heard": 2}


async def test_what_is_not_possible_is_told_in_its_own_words(tmp_path: Path) -> None:
    async def refusing(told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
        raise JournalError("there is no entry 7")

    async with _running(tmp_path, park=refusing):
        with pytest.raises(ControlFailed, match="there is no entry 7"):
            await asyncio.to_thread(control.ask, tmp_path, "park", {})
        with pytest.raises(ControlFailed, match="does not know this command"):
            await asyncio.to_thread(control.ask, tmp_path, "unheard-of", {})


async def test_a_fault_of_ours_is_told_without_what_it_held(tmp_path: Path) -> None:
    async def faulty(told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
        raise RuntimeError("patient 0499370899")

    async with _running(tmp_path, faulty=faulty, echo=_echo):
        with pytest.raises(ControlFailed, match="RuntimeError") as caught:
            await asyncio.to_thread(control.ask, tmp_path, "faulty", {})
        assert "0499370899" not in str(caught.value)
        assert await asyncio.to_thread(control.ask, tmp_path, "echo", {"word": 3}) == {"heard": 3}


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b'{"verb": []}\n', b"\xff\n", b"x" * (2 * control.LINE_BYTES_MAX)])
async def test_whatever_is_said_to_it_the_edge_goes_on(tmp_path: Path, line: bytes) -> None:
    async with _running(tmp_path, echo=_echo):
        with unix_socket.short(tmp_path / control.FILE) as short:
            reader, writer = await asyncio.open_unix_connection(short)
        writer.write(line)
        writer.write_eof()
        heard = await reader.read()
        writer.close()
        assert heard == b"" or "refused" in json.loads(heard)
        assert await asyncio.to_thread(control.ask, tmp_path, "echo", {"word": 4}) == {"heard": 4}


async def test_whoever_hangs_up_does_not_stop_what_was_begun(tmp_path: Path) -> None:
    begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
        begun.set()
        await go.wait()
        tell(1, 1, "the end")
        ended.set()
        return {}

    async with _running(tmp_path, slow=slow):
        with unix_socket.short(tmp_path / control.FILE) as short:
            _, writer = await asyncio.open_unix_connection(short)
        writer.write(b'{"verb": "slow", "told": {}}\n')
        await asyncio.wait_for(begun.wait(), 30)
        writer.close()
        await writer.wait_closed()
        go.set()
        await asyncio.wait_for(ended.wait(), 30)


async def test_long_work_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ALIVE_EVERY_S", 0.02)
    monkeypatch.setattr(control, "ANSWER_TIMEOUT_S", 30.0)
    go = asyncio.Event()

    async def slow(told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
        await go.wait()
        return {"ok": True}

    async with _running(tmp_path, slow=slow):
        with unix_socket.short(tmp_path / control.FILE) as short:
            reader, writer = await asyncio.open_unix_connection(short)
        writer.write(b'{"verb": "slow", "told": {}}\n')
        assert await asyncio.wait_for(reader.readline(), 30) == b"{}\n"
        go.set()
        assert b'"ok": true' in await asyncio.wait_for(reader.read(), 30)
        writer.close()
