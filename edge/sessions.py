"""SHELL: a client of the hub with its connections under one certificate, and sockets that leave by one interface only."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from edge import platform


class Session:
    """A client and its connections, under one certificate; closed when it is retired and nothing uses it any more."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client
        self._users = 0
        self._retired = False

    @asynccontextmanager
    async def used(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The client, which is not closed inside the block."""
        self._users += 1
        try:
            yield self._client
        finally:
            self._users -= 1
            if self._retired and not self._users:
                await self._client.close()

    async def retire(self) -> None:
        """Close it as soon as nothing uses it any more."""
        self._retired = True
        if not self._users:
            await self._client.close()

    async def close(self) -> None:
        """Close it now."""
        await self._client.close()


def bound_to(device: str) -> Callable[[aiohttp.connector.AddrInfoType], socket.socket]:
    """Sockets that leave by one interface only, whatever the routes say (Linux)."""

    def make(address: aiohttp.connector.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        try:
            platform.bind_to_device(made, device)
            made.setblocking(False)
        except OSError:
            made.close()
            raise
        return made

    return make
