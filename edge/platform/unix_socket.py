"""SHELL: how a command finds the edge that runs on Linux: a socket in the data folder (mode 0600), for the account that owns the folder and nobody else.

The path of a socket may have only 107 bytes, a data folder's may be longer: both ends go by ``/proc/self/fd``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OWNER_ONLY = 0o600
_CREDENTIALS = struct.Struct("3i")


class Entrance:
    """The edge's end, the file ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._server: asyncio.Server | None = None

    async def start(self, served: Served, line_bytes_max: int) -> None:
        """Let commands in. What a killed edge left is replaced: whoever starts holds the journal's lock.

        Raises:
            OSError: the socket cannot be made.
        """
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        try:
            with short(self._path) as name:
                listening.bind(name)
            self._path.chmod(OWNER_ONLY)
            self._server = await asyncio.start_unix_server(served, sock=listening, limit=line_bytes_max)
        except OSError:
            listening.close()
            raise

    async def admits(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the other end is of the account that owns the folder."""
        line = writer.get_extra_info("socket")
        _, account, _ = _CREDENTIALS.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        return bool(account == self._path.parent.stat().st_uid)

    def stop(self) -> None:
        """Let nobody in any more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self._path.unlink(missing_ok=True)


def reach(path: Path, timeout_s: float) -> socket.socket:
    """A line to the edge whose entrance is at ``path``.

    Raises:
        FileNotFoundError, ConnectionRefusedError: none runs.
        OSError: it cannot be reached.
    """
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(timeout_s)
        with short(path) as name:
            line.connect(name)
    except OSError:
        line.close()
        raise
    return line


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """A short name of ``path``."""
    handle = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)
