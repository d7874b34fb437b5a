"""An agent that is played by the test, and what it plays with."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from central_sync.wire.refusals import Refused
from edge.readers import ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.remote import codec
from tests.edge.agent.office import NUMBER, SEEN_S_MAX, Office

WANTED = Wanted()
CARD = ReaderState(name="card", driver="simulated", connected=True, card_present=True)
WHO = CardIdentity(kind="ir_national_code", number=NUMBER, card="simulated", photo=b"face")


class Played:
    """An agent that is played by the test, message by message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, *messages: codec.FromAgent) -> None:
        for message in messages:
            await self.socket.send_bytes(codec.frame(message))

    async def hear(self) -> codec.FromEdge:
        async with asyncio.timeout(SEEN_S_MAX):
            return codec.from_edge(await self.socket.receive_bytes())

    async def asked(self) -> codec.ReadAsked:
        said = await self.hear()
        assert isinstance(said, codec.ReadAsked)
        return said

    async def cut_off(self) -> bool:
        async with asyncio.timeout(SEEN_S_MAX):
            while (await self.socket.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
        return self.socket.closed


def read(office: Office, deadline_s: float = SEEN_S_MAX, wanted: Wanted = WANTED) -> asyncio.Task[CardIdentity]:
    return asyncio.create_task(office.readers.read("pc-1/card", deadline_s, wanted))


async def refused(reading: asyncio.Task[CardIdentity]) -> str:
    with pytest.raises(Refused) as raised:
        await reading
    return raised.value.code
