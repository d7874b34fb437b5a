"""SHELL: what all programs that run on a data directory have in common: their parts go up and down in order, and a small file says where they are."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import structlog
from msgspec import Struct

from edge import files
from edge.errors import EdgeError
from edge.log import located

log = structlog.get_logger()

Step = Callable[[], Awaitable[None]]


class NotRunning(EdgeError):
    """No program answers for this data directory; the text says how that was found out."""


class Program(NamedTuple):
    """A program: its name, the file that says where its face is, and the command that starts it."""

    name: str
    file: str
    command: str


EDGE = Program("edge", "running.json", "run")
AGENT = Program("agent", "agent-running.json", "agent run")


COLLECT_AFTER = (20_000, 20, 50)
"""How many new objects before the collector of cycles looks at the young, the older, the oldest: seldom, for calls leave few behind."""


def ready_the_interpreter() -> None:
    """Once the start is over: what it has made stays, so that the collector need not look through it while a desk waits."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


class _Running(Struct, frozen=True):
    face: str


class Part(Protocol):
    """What starts and stops."""

    async def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


class Parts:
    """What has started, in order."""

    def __init__(self) -> None:
        self._undo: list[Step] = []

    async def up(self, start: Step, stop: Step) -> None:
        """Start a part; it is stopped with the others."""
        await start()
        self._undo.append(stop)

    async def all_up(self, *parts: Part) -> None:
        """Start these, in order."""
        for part in parts:
            await self.up(part.start, part.stop)

    def then(self, *stops: Step) -> None:
        """What else has to be done when all goes down, the last one first."""
        self._undo += stops

    async def down(self) -> None:
        """Stop every part, the last one first. A part that fails to stop is logged and does not keep the others."""
        while self._undo:
            undo = self._undo.pop()
            try:
                await undo()
            except Exception as error:  # noqa: BLE001 - whatever a part fails with, the rest still has to be stopped
                log.error("a part did not stop well", part=undo.__qualname__, **located(error))


def tell(folder: Path, program: Program, face: str) -> None:
    """Say where the face is. A disk that is full stops no desk: only the command line has to be told the address then."""
    try:
        files.replace(folder / program.file, msgspec.json.encode(_Running(face)))
    except OSError as error:
        log.warning("the file that tells where we listen cannot be written", **located(error))


def withdraw(folder: Path, program: Program) -> None:
    """Say that it runs no longer."""
    (folder / program.file).unlink(missing_ok=True)


def face_of(folder: Path, program: Program) -> str:
    """Where the face of the program that runs on ``folder`` is.

    Raises:
        NotRunning: none does, as far as the file tells.
    """
    try:
        return msgspec.json.decode((folder / program.file).read_bytes(), type=_Running).face
    except FileNotFoundError as error:
        raise NotRunning(
            f"No {program.name} runs on {folder}: pishkhan-edge --data {folder} {program.command}"
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise NotRunning(f"{folder / program.file} cannot be read") from error
