"""How the command line reaches the edge that runs: an entrance in the data folder, for whom that folder is open to and nobody else.

``DIR/control``: what it is, the platform decides (``edge/platform``). A command sends one line of JSON, ``{"verb": …, "told": {…}}``; back come lines of
JSON: any number of ``{"done": n, "of": m, "what": …}`` while it works, then one ``{"result": {…}}`` or ``{"refused": sentence}``. Every line is at most
``LINE_BYTES_MAX``. Whoever hangs up does not stop what was begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from edge import platform
from edge.errors import EdgeError
from edge.log import located

FILE = "control"
LINE_BYTES_MAX = 64 * 1024
ANSWER_TIMEOUT_S = 60.0
"""How long a command waits for the next sign of life."""
ALIVE_EVERY_S = 5.0

Tell = Callable[[int, int, str], None]
"""Told of progress: so many done, of so many, and what is being done."""
Verb = Callable[[Mapping[str, Any], Tell], Awaitable[Mapping[str, Any]]]
"""What a command asks for: its arguments and whom to tell of progress; what it answers is plain JSON."""

_log = structlog.get_logger(__name__)


class NobodyThere(Exception):
    """No edge runs on this data folder."""


class ControlFailed(EdgeError):
    """The running edge refused the command, or did not answer; the text says why."""


class Control:
    """The edge's end. ``verbs`` by name; an :class:`EdgeError` that one raises is told in its own words."""

    def __init__(self, folder: Path, verbs: Mapping[str, Verb]) -> None:
        self._entrance = platform.Entrance(folder / FILE)
        self._verbs = verbs
        self._working: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Let commands in.

        Raises:
            OSError: there can be no entrance.
        """
        await self._entrance.start(self._served, LINE_BYTES_MAX)

    async def stop(self) -> None:
        """Let nobody in any more, and let what was begun end."""
        self._entrance.stop()
        if self._working:
            await asyncio.gather(*self._working, return_exceptions=True)

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not await self._entrance.admits(reader, writer):
                _say(writer, {"refused": "only the account that owns the data folder may do this"})
                return
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                line = await reader.readline()
            _say(writer, await self._answered(line, writer))
            await writer.drain()
        except (OSError, ValueError, TimeoutError) as error:
            _log.info("a command hung up", fault=type(error).__name__)
        finally:
            writer.close()

    async def _answered(self, line: bytes, writer: asyncio.StreamWriter) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            verb, told = self._verbs[asked["verb"]], asked["told"]
        except (ValueError, KeyError, TypeError):
            return {"refused": "the running edge does not know this command: its version may be another"}

        def tell(done: int, of: int, what: str) -> None:
            _say(writer, {"done": done, "of": of, "what": what})

        task = asyncio.ensure_future(verb(told, tell))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        while not (await asyncio.wait({task}, timeout=ALIVE_EVERY_S))[0]:
            _say(writer, {})
        try:
            return {"result": dict(task.result())}
        except EdgeError as error:
            return {"refused": str(error)}
        except Exception as error:  # noqa: BLE001 - a fault of ours in a command is told and logged, and the edge goes on
            _log.error("a command failed inside", part=asked["verb"], **located(error))
            return {"refused": f"the running edge failed ({type(error).__name__}); its log names the place"}


def ask(folder: Path, verb: str, told: Mapping[str, Any], tell: Tell = lambda *_: None) -> dict[str, Any]:
    """What the edge that runs on ``folder`` answers to ``verb``.

    Raises:
        NobodyThere: none runs.
        ControlFailed: it refused or does not answer.
    """
    try:
        reached = platform.reach(folder / FILE, ANSWER_TIMEOUT_S)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NobodyThere(f"no edge runs on {folder}") from error
    with contextlib.closing(reached) as line:
        try:
            line.sendall(json.dumps({"verb": verb, "told": dict(told)}).encode() + b"\n")
            return _heard(line, tell)
        except (OSError, ValueError) as error:
            raise ControlFailed(f"the running edge does not answer ({type(error).__name__})") from error


def _heard(line: socket.socket, tell: Tell) -> dict[str, Any]:
    with line.makefile("rb") as lines:
        while heard := lines.readline(LINE_BYTES_MAX):
            said = json.loads(heard)
            if "refused" in said:
                raise ControlFailed(str(said["refused"]))
            if "result" in said:
                result: dict[str, Any] = said["result"]
                return result
            if "what" in said:
                tell(int(said["done"]), int(said["of"]), str(said["what"]))
    raise ControlFailed("the running edge ended before it answered: look whether it did what was asked")


def _say(writer: asyncio.StreamWriter, said: Mapping[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(said).encode() + b"\n")
