"""A server that answers with any bytes, in any pieces: what stands at the edge's address when it is no edge, or a bad day."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence

Piece = bytes | float
"""Bytes to send, or seconds to wait."""


class Stranger:
    """Takes one connection after the other; ``answers(number)`` says what the request of that number gets; no pieces: it is hung up on."""

    def __init__(self, answers: Callable[[int], Sequence[Piece]]) -> None:
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open: list[socket.socket] = []
        self._counting = threading.Lock()
        self.asked: list[bytes] = []
        self.connections = 0
        self.pieces: list[int] = []
        """In how many pieces each request came."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Stranger:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        for one in self._open:
            with contextlib.suppress(OSError):  # the caller was faster
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            while (came := _request(connection))[0]:
                with self._counting:
                    self.asked.append(came[0])
                    self.pieces.append(came[1])
                    number = len(self.asked)
                pieces = self._answers(number)
                for piece in pieces:
                    time.sleep(piece) if isinstance(piece, float) else connection.sendall(piece)
                if not pieces or b"connection: close" in b"".join(p for p in pieces if isinstance(p, bytes)).lower():
                    break
        except OSError:
            pass  # the caller has left
        connection.close()


def _request(connection: socket.socket) -> tuple[bytes, int]:
    got, pieces = b"", 0
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            return b"", 0
        got, pieces = got + more, pieces + 1
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body, pieces = body + connection.recv(65536), pieces + 1
    return head + b"\r\n\r\n" + body, pieces


def ok(body: bytes, *headers: bytes) -> bytes:
    """A good answer."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
