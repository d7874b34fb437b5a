"""SHELL: lets connections in one by one where asyncio would take them past our socket (Windows), so that a crowd's bounds hold there too."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import structlog

from edge.faces.crowd import STRANGE_S_MAX, Crowd
from edge.log import located

AFTER_FAULT_S = 0.2
"""How long nobody is let in after the system could not tell who comes: it may have no room for another connection."""

log = structlog.get_logger(__name__)


class Doorway:
    """``listening``, as far as ``crowd`` has room; each connection gets a protocol of ``made``, behind ``tls`` if there is one."""

    def __init__(
        self,
        listening: socket.socket,
        crowd: Crowd,
        made: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
        backlog: int,
    ) -> None:
        self._listening = listening
        self._crowd = crowd
        self._made = made
        self._tls = tls
        self._backlog = backlog
        self._letting: asyncio.Task[None] | None = None
        self._greeted: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address was taken meanwhile.
        """
        self._listening.setblocking(False)
        self._listening.listen(self._backlog)
        self._letting = asyncio.create_task(self._let_in(), name="doorway")

    def close(self) -> None:
        """Let nobody in any more; those inside stay."""
        letting, self._letting = self._letting, None
        for one in (letting, *self._greeted):
            if one is not None:
                one.cancel()
        self._listening.close()

    async def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(self._listening)
            except OSError as error:
                log.warning("a connection could not be let in", **located(error))
                await asyncio.sleep(AFTER_FAULT_S)
                continue
            if not self._crowd.enters(connection, peer):
                connection.close()
                continue
            greeting = asyncio.create_task(self._greet(connection))
            self._greeted.add(greeting)
            greeting.add_done_callback(self._greeted.discard)

    async def _greet(self, connection: socket.socket) -> None:
        wait: dict[str, Any] = {"ssl_handshake_timeout": STRANGE_S_MAX} if self._tls else {}
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._made, connection, ssl=self._tls, **wait)
        except (OSError, ssl.SSLError) as error:  # it has gone, or speaks no TLS
            log.info("a connection ended before it said anything", fault=type(error).__name__)
            connection.close()
        except BaseException:  # we stop while it shakes hands; the socket must not stay open
            connection.close()
            raise
