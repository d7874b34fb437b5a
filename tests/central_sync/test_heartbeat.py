"""The hub's sign of life: withheld when the database hangs, and for nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from central_sync import heartbeat as module
from central_sync.errors import StoreUnavailable
from central_sync.heartbeat import Heartbeat
from tests.patience import HUNG_S


async def test_a_database_that_answers_or_refuses_gets_it() -> None:
    def refuses() -> None:
        raise StoreUnavailable("away")

    assert await Heartbeat(lambda: None, {}).beat()
    assert await Heartbeat(refuses, {}).beat()


async def test_a_database_that_hangs_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S_MAX", 0.1)
    let_go = threading.Event()
    try:
        assert not await Heartbeat(lambda: let_go.wait(20) and None, {}).beat()
    finally:
        let_go.set()


async def test_systemd_hears_ready_the_beats_and_the_end(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(HUNG_S)
        beating = Heartbeat(lambda: None, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
        await beating.start()
        await asyncio.sleep(0.1)
        await beating.stop()
        assert [heard.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]
