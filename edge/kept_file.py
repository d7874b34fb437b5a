"""A small JSON file of ours that the command line changes while the edge runs: read again when it has changed, changed under a lock, replaced whole.

In an event loop it is looked at once in a turn, whoever asks: all calls of a turn came at one time, and each look lets another thread have the
interpreter, which with many callers costs more than all else of the gate.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from edge import files, platform
from edge.errors import EdgeError

T = TypeVar("T", bound=Struct)


class KeptFile(Generic[T]):
    """The file ``path`` that holds a ``kind``; an empty one where there is no file. What is wrong with it is raised as ``error``. Not for
    several threads at once.
    """

    def __init__(self, path: Path, kind: type[T], error: type[EdgeError]) -> None:
        self._path = path
        self._path_text = str(path)
        self._kind = kind
        self._error = error
        self._seen: tuple[int, int, int] | None = None
        self._content = kind()
        self._looked: asyncio.AbstractEventLoop | None = None

    def content(self) -> T:
        """What it holds now; the very same object as before while it has not changed.

        Raises:
            EdgeError: it is unreadable or damaged.
        """
        if self._looked is not None and not self._looked.is_closed():
            return self._content
        try:
            found = os.stat(self._path_text)  # noqa: PTH116 -- at every call of the desk: half of what Path.stat costs
        except FileNotFoundError:
            if self._seen is not None:
                self._seen, self._content = None, self._kind()
            self._look_later()
            return self._content
        except OSError as error:
            raise self._error(f"{self._path} cannot be read: {error.strerror}") from error
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        if seen != self._seen:
            try:
                self._content = msgspec.json.decode(self._path.read_bytes(), type=self._kind)
            except (OSError, msgspec.DecodeError) as error:
                raise self._error(f"{self._path} cannot be read: it is damaged or not ours") from error
            self._seen = seen
        self._look_later()
        return self._content

    def _look_later(self) -> None:
        """Not before the loop's next turn; without a loop, each time."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._looked = loop
        loop.call_soon(self._look_again)

    def _look_again(self) -> None:
        self._looked = None

    @contextmanager
    def changing(self) -> Iterator[T]:
        """What it holds now, while nobody else changes it; :meth:`write` what it shall hold.

        Raises:
            EdgeError: it is unreadable, damaged, or cannot be written.
        """
        lock = self._path.with_suffix(".lock")
        try:
            handle = os.open(lock, os.O_WRONLY | os.O_CREAT | platform.OPENED, files.OWNER_ONLY)
        except OSError as error:
            raise self._error(f"{lock} cannot be written: {error.strerror}") from error
        try:
            platform.hold(handle, wait=True)
            self._looked = None
            yield self.content()
        finally:
            os.close(handle)

    def write(self, content: T) -> None:
        """Let it hold ``content``.

        Raises:
            EdgeError: it cannot be written; it holds what it held.
        """
        self._looked = None
        body = msgspec.json.format(msgspec.json.encode(content))
        try:
            files.replace(self._path, body + b"\n")
        except OSError as error:
            raise self._error(f"{self._path} cannot be written: {error.strerror}") from error
