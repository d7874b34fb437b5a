"""The board of 10,000 edges: its first page at the server, its weight, and how long a page waits while 200 people watch it live and every edge reports.

The server is a process of its own, held to one core where the system can: the hub's console and its watch over the edges on a real database, with
one report for each edge every 30 s, handed in as the sync port does. The viewers are another process: each holds an event stream of the board or of the first page, in
three languages and several views, while one more person opens pages as a browser does. TLS is left out: it costs the same whatever a page holds.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import aiohttp
from aiohttp import web

from benchmarks.figure import Figure, absolute, percentile
from central_sync import log
from central_sync.audit import Trail
from central_sync.config import ConsoleSetting
from central_sync.console.access import Role
from central_sync.console.lobby import SESSION_COOKIE
from central_sync.console.site import Console
from central_sync.fleet.alerts import shipped
from central_sync.fleet.authority import Authority
from central_sync.fleet.board import SORTS
from central_sync.fleet.lifecycle import Thresholds
from central_sync.fleet.operations import Operations
from central_sync.fleet.reports import packed
from central_sync.fleet.service import Fleet
from central_sync.rulebook.load import load
from central_sync.store import Store, migrate
from central_sync.store.fleet_records import ReportRow
from central_sync.store.records import Institution
from central_sync.wire import reports
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EdgeReport, ReaderWord

PAGE_MS_MAX = 200.0
WATCHED_PAGE_MS_MAX = 400.0
WEIGHT_KB_MAX = 150.0
CORE_PERCENT_MAX = 70.0
REPORT_EVERY_S = 30
LANGUAGES = ("fa", "zh", "en")
WATCHED = (
    "/live/edges",
    "/live/edges?state=silent",
    "/live/edges?state=in_trouble",
    "/live/edges?region=ir",
    "/live/edges?sort=waiting",
    "/live/start",
)
"""What people have open: the board as most look at it, and the first page."""
VIEWS = (
    *(f"sort={one}" for one in ("", *SORTS)),
    "state=up",
    "state=silent",
    "region=ir",
    "version=0.1.0",
    "reason=parked",
    "region=ir&version=0.1.0&state=up&sort=certificate",
)
"""Every order, and filters of every kind."""
_ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


class Scale(NamedTuple):
    """How many edges and viewers, how many pages of each view are opened alone, and for how long while they watch."""

    edges: int
    viewers: int
    pages: int
    watched_s: float


FULL, QUICK = Scale(10_000, 200, 10, 30.0), Scale(300, 10, 2, 2.0)


def measure(*, quick: bool) -> Iterable[Figure]:
    """The figures."""
    scale = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "benchmarks.fleet_board", place, str(scale.edges), str(scale.viewers)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url, *tokens = server.stdout.readline().split()
                yield from asyncio.run(_measured(url, tokens, scale, server.pid))
            finally:
                server.terminate()


async def _measured(url: str, tokens: list[str], scale: Scale, server: int) -> list[Figure]:
    before_s = _processor_s(server)
    alone, weight = await _alone(url, tokens[0], scale.pages)
    each_ms = (_processor_s(server) - before_s) * 1000 / sum(map(len, alone.values()))
    worst = max(alone, key=lambda view: percentile(alone[view], 0.5))
    watchers = [asyncio.create_task(_watch(url, token, n)) for n, token in enumerate(tokens)]
    await asyncio.sleep(scale.watched_s / 6)
    taken: list[float] = []
    began_s, used_s = time.monotonic(), _processor_s(server)
    ends = time.monotonic() + scale.watched_s
    while time.monotonic() < ends:
        taken.append(await _page_ms(url, tokens[0]))
        await asyncio.sleep(0.05)
    part = (_processor_s(server) - used_s) / (time.monotonic() - began_s)
    for watcher in watchers:
        watcher.cancel()
    heard = await asyncio.gather(*watchers, return_exceptions=True)
    assert not [one for one in heard if isinstance(one, Exception)], "a viewer lost the board"
    said = f"the board of {scale.edges:,} edges"
    return [
        absolute(
            "fleet-board-page",
            percentile(alone[worst], 0.5),
            "ms",
            PAGE_MS_MAX,
            f"a page of {said}, alone, in the slowest of {len(VIEWS)} orders and filters ({worst})",
        ),
        absolute(
            "fleet-board-page-core",
            each_ms,
            "ms",
            PAGE_MS_MAX,
            f"processor time of the server for a page of {said}, alone",
        ),
        absolute(
            "fleet-board-watched",
            percentile(taken, 0.99),
            "ms",
            WATCHED_PAGE_MS_MAX,
            f"a page of {said} that 99 of 100 do not wait longer for, with {scale.viewers} live viewers and all edges reporting",
        ),
        absolute(
            "fleet-board-core",
            part * 100,
            "% of a core",
            CORE_PERCENT_MAX,
            f"processor time of the server while {scale.viewers} people watch and all edges report",
        ),
        absolute("fleet-board-weight", weight / 1024, "KB", WEIGHT_KB_MAX, f"{said}: page, style, script and picture"),
    ]


async def _alone(url: str, token: str, pages: int) -> tuple[dict[str, list[float]], int]:
    """Milliseconds of pages by their view, each with another text looked for so that nothing of it was made before; and the weight of the heaviest."""
    taken, heaviest = dict[str, list[float]](), 0
    async with aiohttp.ClientSession(cookies={SESSION_COOKIE: token}) as http:
        for number, view in itertools.product(range(pages), VIEWS):
            began = time.perf_counter()
            async with http.get(f"{url}/edges?text={number}&{view}") as answer:
                html = await answer.text()
                assert answer.status == 200, answer.status
            taken.setdefault(view, []).append((time.perf_counter() - began) * 1000)
            heaviest = max(heaviest, len(html.encode()))
        for address in set(_ASSET.findall(html)):
            async with http.get(url + address) as answer:
                heaviest += len(await answer.read())
    return taken, heaviest


async def _page_ms(url: str, token: str) -> float:
    """Milliseconds of one page, as somebody opens it who has no connection yet."""
    began = time.perf_counter()
    async with aiohttp.ClientSession(cookies={SESSION_COOKIE: token}) as http, http.get(f"{url}/edges") as answer:
        await answer.read()
        assert answer.status == 200, answer.status
    return (time.perf_counter() - began) * 1000


def _processor_s(pid: int) -> float:
    """Processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _watch(url: str, token: str, number: int) -> None:
    """Hold an event stream until it is cancelled; that it ends before is a fault."""
    headers = {"Accept-Language": LANGUAGES[number % len(LANGUAGES)]}
    address = url + WATCHED[number % len(WATCHED)]
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    async with (
        aiohttp.ClientSession(cookies={SESSION_COOKIE: token}, timeout=timeout) as http,
        http.get(address, headers=headers) as answer,
    ):
        assert answer.status == 200, answer.status
        while await answer.content.readany():
            pass
    raise AssertionError("the stream ended")


# -- the server -----------------------------------------------------------------------------------------------------


def _report(number: int, now: datetime, chance: random.Random) -> EdgeReport:
    """One of a fleet in which a tenth has something."""
    ill = number % 10 == 0
    return EdgeReport(
        version=WIRE_VERSION,
        sent_at=now,
        program="0.1.0" if number % 7 else "0.0.9",
        pending=chance.randrange(400) if ill else 0,
        oldest_at=now - timedelta(seconds=chance.randrange(5_000)) if ill else None,
        parked=int(ill),
        skew_ms=chance.randrange(-900, 900),
        certificate_ends=now + timedelta(days=5 + number % 300),
        hids_left=4_000,
        hours_left=500.0,
        free_bytes=10**10,
        workstations=4,
        rulebook="0f1e2d3c4b5a",
        rulebook_number=3,
        readers=3,
        readers_troubled=[ReaderWord(name="desk 2", trouble="reader_absent")] if number % 50 == 0 else [],
        legs=dict.fromkeys(("readers", "desks", "edge", "line", "hub"), "well"),
    )


def _filled(folder: Path, edges: int) -> Store:
    url = f"sqlite:///{folder / 'hub.db'}"
    migrate(url)
    store = Store(url, serving=True)
    store.open()
    now, chance = datetime.now(UTC), random.Random(7)
    with store.write() as uow:
        for number in range(edges):
            region, zone = ("ir", "Asia/Tehran") if number % 2 else ("cn", "Asia/Shanghai")
            name = f"بیمارستان شمارهٔ {number}" if number % 2 else f"第{number}人民医院"
            uow.institutions.add(Institution(f"H{number:05}", name, region, "public", zone, "IRR", "jalali", now))
        late = [now - timedelta(seconds=600 if number % 100 == 3 else 1) for number in range(edges)]
        rows = [ReportRow(f"H{n:05}", late[n], 0, packed(_report(n, now, chance))) for n in range(edges)]
        uow.reports.keep(rows)
    return store


async def _serve(folder: Path, edges: int, viewers: int) -> None:
    store = _filled(folder, edges)
    authority = Authority(folder / "authority")
    authority.create([], datetime.now(UTC))

    def clock() -> datetime:
        return datetime.now(UTC)

    trail = Trail(store, clock)
    operations = Operations(store, Thresholds(), shipped(), {}, "hub", clock)
    fleet = Fleet(store, authority, load())
    console = Console(store, authority, fleet, trail, clock, ConsoleSetting(second_factor=()), operations, secure=False)
    tokens = []
    with store.write() as uow:
        for number in range(viewers):
            uow.console_accounts.put(f"viewer-{number}", Role.OBSERVER, "x", None, clock())
            account = uow.console_accounts.get(f"viewer-{number}")
            assert account is not None
            tokens.append(console.sessions.begin(uow, account, passed=True)[0])
    operations.start()
    console.start()
    runner = web.AppRunner(console.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    print(f"http://127.0.0.1:{port}", *tokens, flush=True)
    await _reporting(operations, edges, clock)


async def _reporting(operations: Operations, edges: int, clock: Callable[[], datetime]) -> None:
    """Every edge reports in its turn, all of them within ``REPORT_EVERY_S``; but for those that are silent."""
    chance = random.Random(9)
    pause_s, began = REPORT_EVERY_S / edges, time.monotonic()
    for turn in itertools.count():
        number = turn % edges
        if number % 100 != 3:
            operations.reports.take(f"H{number:05}", reports.encoded(_report(number, clock(), chance)))
        await asyncio.sleep(max(0.0, began + turn * pause_s - time.monotonic()))


def _on_one_core() -> None:
    with suppress(AttributeError, OSError):  # not every system can
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


if __name__ == "__main__":
    log.configure("error")
    _on_one_core()
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
