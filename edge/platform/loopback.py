"""SHELL: how a command finds the edge that runs on Windows: a port on loopback, and a secret in the data folder, which other accounts may not read.

The file holds ``{"port": …, "secret": …}``, both new at each start. Every account of the machine can call the port, and could take it once the edge has
ended; so each side shows that it has read the file before anything else is said, and the secret itself never travels::

    command ──▶ nonce (32 bytes, hexadecimal)
            ◀── the edge's nonce, and HMAC-SHA-256(secret, "edge" │ both nonces)
            ──▶ HMAC-SHA-256(secret, "command" │ both nonces)

What a browser sends to the port is no nonce, and ends the line.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import re
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from edge.platform import windows

Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HOST = "127.0.0.1"
SECRET_BYTES = 32
FILE_BYTES_MAX = 1_024
GREETING_S_MAX = 10.0
"""How long a caller may take to show what it knows."""
CALLERS_MAX = 32
"""So many may be about to show it at once: others are turned away, and none of them holds a command up for longer than the above."""
_NONCE = re.compile(rb"[0-9a-f]{64}\n")
_PROOF_BYTES_MAX = 256


class Entrance:
    """The edge's end, the file ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._secret = b""
        self._strangers = 0
        self._server: asyncio.Server | None = None

    async def start(self, served: Served, line_bytes_max: int) -> None:
        """Let commands in. What a killed edge left is replaced: whoever starts holds the journal's lock.

        Raises:
            OSError: there is no port, or the file cannot be written.
        """
        listening = socket.socket()
        try:
            windows.listen_alone(listening)
            listening.bind((HOST, 0))
            self._server = await asyncio.start_server(served, sock=listening, limit=line_bytes_max)
            self._secret = secrets.token_bytes(SECRET_BYTES)
            _write(self._path, {"port": listening.getsockname()[1], "secret": self._secret.hex()})
        except OSError:
            listening.close()
            raise

    async def admits(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the other end has read the file."""
        if self._strangers >= CALLERS_MAX:
            return False
        self._strangers += 1
        try:
            async with asyncio.timeout(GREETING_S_MAX):
                theirs = await reader.readline()
                if not _NONCE.fullmatch(theirs):
                    return False
                ours = secrets.token_hex(32).encode() + b"\n"
                writer.write(ours[:-1] + b" " + _proof(self._secret, b"edge", theirs, ours) + b"\n")
                await writer.drain()
                shown = (await reader.readline()).rstrip(b"\n")
                return hmac.compare_digest(shown, _proof(self._secret, b"command", theirs, ours))
        except (OSError, ValueError, TimeoutError):
            return False  # a line that is too long, or an end that has gone: not one of ours
        finally:
            self._strangers -= 1

    def stop(self) -> None:
        """Let nobody in any more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self._path.unlink(missing_ok=True)


def reach(path: Path, timeout_s: float) -> socket.socket:
    """A line to the edge whose entrance is at ``path``.

    Raises:
        FileNotFoundError, ConnectionRefusedError: none runs; whatever has the port now has not read the file.
        OSError: it cannot be reached.
    """
    port, secret = _read(path)
    line = socket.create_connection((HOST, port), timeout_s)
    try:
        ours = secrets.token_hex(32).encode() + b"\n"
        line.sendall(ours)
        with line.makefile("rb", buffering=0) as lines:
            theirs, _, shown = _line(lines).partition(b" ")
        nonce = theirs + b"\n"
        if not _NONCE.fullmatch(nonce) or not hmac.compare_digest(shown, _proof(secret, b"edge", ours, nonce)):
            raise ConnectionRefusedError("another program has the port")
        line.sendall(_proof(secret, b"command", ours, nonce) + b"\n")
    except OSError:
        line.close()
        raise
    return line


def _proof(secret: bytes, who: bytes, first: bytes, second: bytes) -> bytes:
    return hmac.new(secret, who + first + second, "sha256").hexdigest().encode()


def _line(lines: socket.SocketIO) -> bytes:
    """One line, not a byte beyond it."""
    heard = b""
    while len(heard) < _PROOF_BYTES_MAX:
        one = lines.read(1)
        if not one or one == b"\n":
            break
        heard += one
    return heard


def _read(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        body = file.read(FILE_BYTES_MAX)
    try:
        found = json.loads(body)
        return int(found["port"]), bytes.fromhex(found["secret"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectionRefusedError(f"{path} is damaged") from error


def _write(path: Path, content: dict[str, object]) -> None:
    """Not as other files are replaced: what a power cut leaves of it is of no use anyway."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | windows.OPENED, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(json.dumps(content).encode())
    windows.replace(fresh, path)
