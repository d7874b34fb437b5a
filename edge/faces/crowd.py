"""SHELL: a listening socket that nobody can fill: so many connections, so many from one address, and where strangers come each has to say soon what
it wants.

A connection costs a file descriptor, and whoever holds thousands open, or begins a handshake and says no more, would leave none for the journal and for
the other faces. A connection beyond the bound is closed as it comes. One that nobody has welcomed after ``STRANGE_S_MAX`` is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

from edge import platform
from edge.faces.limits import CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_SHARE, OWN_FILES_MAX

STRANGE_S_MAX = 15.0
"""How long a connection may be open before it is welcomed: a handshake, a pairing, and a line that was bad for a moment."""


class Crowd:
    """The connections of one listening socket: ``connections_max`` at once, ``per_address_max`` from one address. ``strange_s``: how long one may
    stay that nobody welcomes; ``None``: as long as it likes.
    """

    def __init__(self, connections_max: int, per_address_max: int, strange_s: float | None = STRANGE_S_MAX) -> None:
        self._connections_max = connections_max
        self._per_address_max = per_address_max
        self._strange_s = strange_s
        self._open: dict[socket.socket, Any] = {}
        self._welcome: set[socket.socket] = set()

    def bounds(self, listening: socket.socket) -> socket.socket:
        """``listening``, as one that lets in only who finds room here."""
        return _Bounded(self, listening)

    def welcome(self, peer: Any) -> None:
        """The connection from ``peer`` (a socket's address) may stay for as long as it likes."""
        self._welcome.update(one for one, its_peer in self._open.items() if its_peer == peer)

    def enters(self, connection: socket.socket, peer: Any) -> bool:
        """Whether there is room for ``connection``; it then counts until it is closed."""
        self._open = {one: its_peer for one, its_peer in self._open.items() if one.fileno() >= 0}
        self._welcome.intersection_update(self._open)
        from_there = sum(1 for one in self._open.values() if one[0] == peer[0])
        if len(self._open) >= self._connections_max or from_there >= self._per_address_max:
            return False
        self._open[connection] = peer
        if self._strange_s is not None:
            asyncio.get_running_loop().call_later(self._strange_s, self._end_stranger, connection)
        return True

    def _end_stranger(self, connection: socket.socket) -> None:
        if connection in self._welcome or connection.fileno() < 0:
            return
        with contextlib.suppress(OSError):  # it has gone by itself
            connection.shutdown(socket.SHUT_RDWR)


def of_a_face() -> Crowd:
    """For a hospital's programs, of which some open a connection for each call and forget it: they get no more than leave the journal, the line
    and the pages what these need. What is forgotten ends by itself, see ``KEEP_ALIVE_S``.
    """
    most = min(CONNECTIONS_MAX, max(platform.more_files() - OWN_FILES_MAX, 1))
    return Crowd(most, max(most // CONNECTIONS_PER_ADDRESS_SHARE, 1), None)


class _Bounded(socket.socket):
    def __init__(self, crowd: Crowd, listening: socket.socket) -> None:
        super().__init__(fileno=listening.detach())
        self._crowd = crowd

    def accept(self) -> tuple[socket.socket, Any]:
        connection, peer = super().accept()
        if not self._crowd.enters(connection, peer):
            connection.close()
            raise ConnectionAbortedError  # asyncio looks again when the next one comes
        return connection, peer
