"""An edge's agents' port with one agent that the test plays message by message."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from edge.agent import pairing
from edge.agents_port import ensure
from edge.readers.remote import codec
from edge.readers.remote.pairing import LINE_PATH
from tests.edge.agent.office import Office, clock
from tests.edge.readers.remote.played import CARD, Played


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Office(tmp_path) as made:
        yield made


@pytest.fixture
async def played(office: Office) -> AsyncIterator[Played]:
    """A paired agent that has said that it has one reader with a card on it."""
    paired = pairing.load(office.pair("pc-1"))
    assert paired is not None
    pin = aiohttp.Fingerprint(hashlib.sha256(ensure(office.folder, clock())).digest())
    token = {"Authorization": f"Bearer pc-1:{paired.key}"}
    async with (
        aiohttp.ClientSession(office.port.url) as client,
        client.ws_connect(LINE_PATH, headers=token, ssl=pin, max_msg_size=0) as socket,
    ):
        agent = Played(socket)
        assert isinstance(await agent.hear(), codec.Welcome)
        await agent.say(codec.ReadersAre(readers=[CARD]))
        assert [await office.next(), await office.next()] == ["reader_back", "inserted"]
        yield agent
