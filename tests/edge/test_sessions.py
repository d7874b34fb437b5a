"""A client that is retired ends with what still uses it, and not before."""

from __future__ import annotations

import aiohttp
import pytest

from edge.sessions import Session, bound_to


async def test_a_retired_client_is_closed_with_its_last_user() -> None:
    client = aiohttp.ClientSession()
    session = Session(client)
    async with session.used():
        async with session.used():
            await session.retire()
        assert not client.closed
    assert client.closed


async def test_a_retired_client_that_nobody_uses_is_closed_at_once() -> None:
    client = aiohttp.ClientSession()
    await Session(client).retire()
    assert client.closed


def test_a_socket_for_an_interface_that_is_not_there_is_not_made() -> None:
    import socket

    with pytest.raises(OSError, match="No such device"):
        bound_to("nosuchdev0")((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1)))
