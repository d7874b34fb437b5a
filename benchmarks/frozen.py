"""What a hospital installs: the size of the package and of what it unpacks, its languages; and the frozen program at work: how soon it is ready, and what it takes
while nothing happens.

The package is built as a release is. The program is enrolled at a real hub, started as its unit starts it, and left alone.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.figure import Figure, absolute
from benchmarks.hospital import hospital
from benchmarks.memory import rss_mb
from edge.firmware import defaults
from installers import build

INSTALLED_MB_MAX, PACKAGE_MB_MAX = 130.0, 45.0
LANGUAGES, SOURCE = ("en", "fa", "zh"), "en"
"""The source's own language needs no words of others."""
READY_S_MAX = 1.0
IDLE_MB_MAX = 110.0
IDLE_CPU_PERCENT_MAX = 0.5
STARTS, STARTS_QUICK = 7, 1
SETTLES_S, SETTLES_QUICK_S = 15.0, 0.5
IDLE_S, IDLE_QUICK_S = 60.0, 1.0
_START_S_MAX = _STOP_S_MAX = 60


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, in seconds; its children's is not in it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _started(program: Path, data: Path) -> tuple[subprocess.Popen[bytes], float, float]:
    """The program, as its unit starts it; the seconds, and its processor time, until systemd would have heard that it is ready."""
    at = data / "notify"
    at.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, (data / "frozen.log").open("ab") as log:
        systemd.bind(str(at))
        systemd.settimeout(_START_S_MAX)
        told = {"NOTIFY_SOCKET": str(at), "WATCHDOG_USEC": str(defaults.WATCHDOG_S * 1_000_000)}
        command: list[str | Path] = [program, "--data", data, "run", "--listen", "127.0.0.1:0"]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", env=os.environ | told)
        while b"READY=1" not in systemd.recv(4096):
            pass
        return process, time.perf_counter() - began, cpu_s(process.pid)


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=_STOP_S_MAX)


class AtWork(NamedTuple):
    """What the program took: seconds and processor seconds of its fastest start; MB and percent of one core while nothing happened."""

    ready_s: float
    ready_cpu_s: float
    idle_mb: float
    idle_percent: float


def _at_work(program: Path, data: Path, starts: int, settles_s: float, idle_s: float) -> AtWork:
    taken = []
    for number in range(starts):
        process, ready_s, ready_cpu_s = _started(program, data)
        taken.append((ready_s, ready_cpu_s))
        if number < starts - 1:
            _ended(process)
    time.sleep(settles_s)
    before, began = cpu_s(process.pid), time.perf_counter()
    time.sleep(idle_s)
    percent = 100 * (cpu_s(process.pid) - before) / (time.perf_counter() - began)
    mb = rss_mb(process.pid)
    _ended(process)
    return AtWork(min(wall for wall, _ in taken), min(cpu for _, cpu in taken), mb, percent)


async def _measured(program: Path, folder: Path, *, quick: bool) -> AtWork:
    scale = (STARTS_QUICK, SETTLES_QUICK_S, IDLE_QUICK_S) if quick else (STARTS, SETTLES_S, IDLE_S)
    async with hospital(folder) as (_, edge):
        await edge.program.stop()
        (edge.folder / "edge.toml").write_text(
            ""
        )  # the simulation's reader looks for cards in a folder; no hospital has one
        return await asyncio.to_thread(_at_work, program, edge.folder, *scale)


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def measure(*, quick: bool) -> Iterable[Figure]:
    """Each against its bound."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build.build_program("edge", "0.0.1", folder, folder / "frozen", ("deb",))
        [package] = folder.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", package, folder / "unpacked"], check=True)  # noqa: S607 -- Debian's own
        program = folder / "unpacked/opt/pishkhan/releases/0.0.1/pishkhan-edge"
        words = program.parent / "_internal/edge/console/locale"
        spoken = [one for one in LANGUAGES if one == SOURCE or (words / f"{one}.po").is_file()]
        yield absolute("frozen-package", package.stat().st_size / 1e6, "MB", PACKAGE_MB_MAX, "the edge's .deb")
        yield absolute("frozen-installed", _size_mb(folder / "unpacked"), "MB", INSTALLED_MB_MAX, "what it unpacks")
        yield Figure(
            "frozen-languages", len(spoken), "languages", len(LANGUAGES), 1, False, "in the package", "those we promise"
        )
        found = asyncio.run(_measured(program, folder / "country", quick=quick))
        yield absolute("frozen-ready", found.ready_s, "s", READY_S_MAX, "until systemd hears it, the fastest start")
        yield absolute("frozen-ready-cpu", found.ready_cpu_s, "s", READY_S_MAX, "processor time of a start, the least")
        yield absolute("frozen-idle-memory", found.idle_mb, "MB", IDLE_MB_MAX, "RSS, line up, nothing to do")
        idle_percent = max(found.idle_percent, 0.001)
        yield absolute(
            "frozen-idle-cpu", idle_percent, "%", IDLE_CPU_PERCENT_MAX, "of one core, line up, nothing to do"
        )
