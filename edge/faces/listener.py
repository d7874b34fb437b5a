"""SHELL: where the hospital reaches us: one socket, bound to an address and, where configured, to an interface.

Binding an address alone does not keep the other network out: the kernel answers for any of its addresses on any interface. With
``SO_BINDTODEVICE`` only what came in by that interface is heard. Off loopback there is TLS, always.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from aiohttp import web

from edge import platform
from edge.config import Address
from edge.errors import EdgeError
from edge.faces.crowd import Crowd, of_a_face
from edge.faces.doorway import Doorway
from edge.faces.shortcut import Shortcut
from edge.faces.usual import Usual

BACKLOG = 128


class ListenFailed(EdgeError):
    """The address or the interface cannot be used; the text says which."""


def bound_socket(address: Address, device: str) -> socket.socket:
    """A listening-ready TCP socket on ``address`` and, if named, on ``device`` alone.

    Raises:
        ListenFailed: address in use or not ours, no such interface, or no right to bind to it.
    """
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ListenFailed(f"{address.host} is no address of this machine") from error
    sock = socket.socket(family, kind, protocol)
    try:
        platform.listen_alone(sock)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if device:
            platform.bind_to_device(sock, device)
        sock.bind(target)
    except OSError as error:
        sock.close()
        where = f"{address.host}:{address.port}" + (f" on {device}" if device else "")
        raise ListenFailed(f"cannot listen on {where}: {error.strerror}") from error
    return sock


CLOSE_S_MAX = 2.0
"""How long closing waits for a connection: the calls have ended before, so what is left has come just now and said nothing, as browsers do."""


class Listener:
    """The faces' application on one socket. ``crowd``: whom it lets in; none: :func:`of_a_face`."""

    def __init__(
        self,
        app: web.Application,
        address: Address,
        device: str,
        tls: ssl.SSLContext | None,
        shortcut: Shortcut | None = None,
        crowd: Crowd | None = None,
    ) -> None:
        self._crowd = crowd or of_a_face()
        self._shortcut = shortcut
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=CLOSE_S_MAX)
        self._address = address
        self._device = device
        self._tls = tls
        self._server: asyncio.Server | Doorway | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen; ``url`` is then where.

        Raises:
            ListenFailed: see :func:`bound_socket`; also when plain HTTP is asked for off loopback.
        """
        if self._tls is None and not self._address.loopback:
            raise ListenFailed("off loopback the face is HTTPS: plain HTTP is refused")
        await self._runner.setup()
        server = self._runner.server
        assert server is not None  # it was set up
        try:
            sock = bound_socket(self._address, self._device)
        except ListenFailed:
            await self._runner.cleanup()
            raise
        port = sock.getsockname()[1]

        def usual() -> Usual:
            return Usual(server)

        made = self._shortcut.before(usual) if self._shortcut is not None else usual
        self._server = await self._served(made, sock)
        self.url = Address(self._address.host, port).url("https" if self._tls else "http")

    async def refuse_connections(self) -> None:
        """Take no new connection; those that are open live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def stop(self) -> None:
        """Close everything."""
        await self.refuse_connections()
        if self._shortcut is not None:
            await self._shortcut.close(CLOSE_S_MAX)
        await self._runner.cleanup()

    async def _served(self, made: Callable[[], asyncio.BaseProtocol], sock: socket.socket) -> asyncio.Server | Doorway:
        if not platform.ACCEPTS_BY_SOCKET:
            door = Doorway(sock, self._crowd, made, self._tls, BACKLOG)
            await door.start()
            return door
        loop = asyncio.get_running_loop()
        return await loop.create_server(made, sock=self._crowd.bounds(sock), ssl=self._tls, backlog=BACKLOG)
