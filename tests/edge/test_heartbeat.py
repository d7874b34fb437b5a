"""The sign of life: given while a call would get its answer, and withheld when anything on its way hangs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from edge import heartbeat as module
from edge.errors import JournalUnavailable
from edge.firmware.notify import Notify
from edge.heartbeat import Heartbeat, through
from tests.edge.journal.drafts import by_thread
from tests.edge.world import Edge
from tests.patience import HUNG_S


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with Edge(tmp_path, "http://127.0.0.1:1") as made:
        yield made


def heartbeat(
    probe: Callable[[], Awaitable[None]], *, full: bool = False, now: Callable[[], float] | None = None
) -> Heartbeat:
    return Heartbeat(Notify({}), probe, lambda: full, now or (lambda: 0.0))


async def test_an_edge_that_works_gives_it(edge: Edge) -> None:
    assert await heartbeat(through(edge.intake, edge.journal)).beat()
    assert (await edge.journal.stats()).entries == {}, "nothing is kept of it"


async def test_a_journal_that_hangs_gets_none(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WATCHDOG_ANSWER_S_MAX", 0.2)
    let_go = threading.Event()
    by_thread(edge.journal)
    hanging = asyncio.create_task(edge.journal._writer.do(lambda _: let_go.wait(20)))
    await asyncio.sleep(0)
    try:
        assert not await heartbeat(through(edge.intake, edge.journal)).beat()
    finally:
        let_go.set()
        await hanging
    assert await heartbeat(through(edge.intake, edge.journal)).beat()


async def test_an_intake_that_is_broken_gets_none(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: object) -> None:
        raise TypeError("nobody expected that")

    monkeypatch.setattr(edge.intake, "handle", broken)
    assert not await heartbeat(through(edge.intake, edge.journal)).beat()


async def test_a_disk_that_fails_has_its_time_and_one_that_is_full_for_ever() -> None:
    async def fails() -> None:
        raise JournalUnavailable("the disk")

    clock = [1000.0]
    beating = heartbeat(fails, now=lambda: clock[0])
    assert await beating.beat()
    clock[0] += module.JOURNAL_UNUSABLE_S_MAX + 1
    assert not await beating.beat()
    full = heartbeat(fails, full=True, now=lambda: clock[0])
    assert await full.beat()
    clock[0] += 10 * module.JOURNAL_UNUSABLE_S_MAX
    assert await full.beat()


async def test_systemd_hears_ready_the_beats_and_the_end(tmp_path: Path) -> None:
    async def works() -> None:
        return None

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(HUNG_S)
        notify = Notify({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000"})
        beating = Heartbeat(notify, works, lambda: False)
        await beating.start()
        await asyncio.sleep(0.05)
        await beating.stop()
        said = [heard.recv(100) for _ in range(4)]
    assert (said[0], said[1], said[2]) == (b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1")
