"""Runs the real programs as processes for tests: a hub, an edge, and their commands.

``start_hub`` and ``start_edge`` return when the program says that it listens. Logs go to a file in the program's folder, so that a
test can search them. Who starts a program stops it: use it as a context manager, or call :meth:`Program.stop`.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.nursery import PROGRAMS, Nursery

NURSERIES = {package: Nursery(package) for package in PROGRAMS}
START_S_MAX = 60
STOP_S_MAX = 60
ROOT = Path(__file__).resolve().parents[1]


class NotStarted(Exception):
    """The program ended, or said nothing, before it listened; the text holds its exit status and its log."""


class Program:
    """A running program. ``told`` is its listening line: ``sync`` and ``enrol`` of a hub, ``face`` of an edge."""

    def __init__(self, process: subprocess.Popen, told: dict, log_file: Path) -> None:
        self.process = process
        self.told = told
        self.log_file = log_file

    def __getattr__(self, name: str) -> str:
        try:
            return self.__dict__["told"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def log(self) -> str:
        """What it logged so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and wait; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self._ended()

    def kill(self) -> int:
        """End it as a power cut would (SIGKILL)."""
        if self.process.poll() is None:
            self.process.kill()
        return self._ended()

    def _ended(self) -> int:
        try:
            return self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end within {STOP_S_MAX} s\n{self.log[-4000:]}") from None
        finally:
            self.process.stdout.close()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_hub(
    folder: Path, *options: str, database: str = "", sync: str = "127.0.0.1:0", enrol: str = "127.0.0.1:0"
) -> Program:
    """Run the hub whose data lies in ``folder`` (see :func:`hub_command` for ``init``); ``told["sync"]``, ``told["enrol"]``."""
    arguments = [*_hub(folder, database), "run", "--sync-listen", sync, "--enrol-listen", enrol, *options]
    return _started(arguments, folder / f"hub-{time.monotonic_ns()}.log")


def hub_command(folder: Path, *arguments: str, database: str = "", check: bool = True) -> subprocess.CompletedProcess:
    """Run one command of ``pishkhan-hub``; output as text."""
    return _command([*_hub(folder, database), *arguments], check)


def start_edge(folder: Path, *options: str, listen: str = "127.0.0.1:0") -> Program:
    """Run the edge whose data lies in ``folder``; ``told["face"]``."""
    arguments = [sys.executable, "-m", "edge", "--data", str(folder), "run", "--listen", listen, *options]
    return _started(arguments, folder / f"edge-{time.monotonic_ns()}.log")


def start_agent(folder: Path, listen: str = "127.0.0.1:0", environment: dict[str, str] | None = None) -> Program:
    """Run the agent of the PC whose data lies in ``folder``; ``told["face"]``."""
    arguments = [sys.executable, "-m", "edge", "--data", str(folder), "agent", "run", "--listen", listen]
    return _started(arguments, folder / f"agent-{time.monotonic_ns()}.log", environment)


def edge_command(folder: Path, *arguments: str, check: bool = True, typed: str = "") -> subprocess.CompletedProcess:
    """Run one command of ``pishkhan-edge``, ``typed`` on its standard input; output as text."""
    return _command([sys.executable, "-m", "edge", "--data", str(folder), *arguments], check, typed)


def _hub(folder: Path, database: str) -> list[str]:
    where = ["--database", database] if database else []
    return [sys.executable, "-m", "central_sync", "--data", str(folder), *where]


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PISHKHAN_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


def _command(arguments: list[str], check: bool, typed: str = "") -> subprocess.CompletedProcess:
    done = NURSERIES[arguments[2]].run(arguments[3:], _environment(), typed, START_S_MAX) or subprocess.run(
        arguments,
        cwd=ROOT,
        env=_environment(),
        input=typed,
        capture_output=True,
        text=True,
        timeout=START_S_MAX,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"exit status {done.returncode} of {arguments[2:]}\n{done.stderr}{done.stdout[-2000:]}")
    return done


def _started(arguments: list[str], log_file: Path, environment: dict[str, str] | None = None) -> Program:
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            arguments, cwd=ROOT, env=_environment() | (environment or {}), stdout=subprocess.PIPE, stderr=log, text=True
        )
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    try:
        line = lines.get(timeout=START_S_MAX)
    except queue.Empty:
        line = ""
    program = Program(process, json.loads(line) if line.startswith("{") else {}, log_file)
    if program.told.get("event") != "listening":
        if not line:
            process.kill()
        status = process.wait(STOP_S_MAX)
        raise NotStarted(f"exit status {status}\n{program.log}")
    return program


def _read(stream, lines: queue.Queue[str]) -> None:
    """Hand on each line, and an empty one at the end; goes on reading so that the program never blocks on its output."""
    try:
        for line in stream:
            lines.put(line)
    except ValueError:
        pass  # the stream was closed by who stopped the program
    lines.put("")
