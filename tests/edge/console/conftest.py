"""Fixtures of the technician's pages: a place with a journal, and a browser that has signed in there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge.faces.door import Door
from edge.journal import Block, Journal
from tests.edge.console.place import PAPERS, Place
from tests.edge.console.test_routes import sign_in
from tests.edge.journal.papers import enrolled


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    folder = enrolled(tmp_path / "edge", PAPERS)
    journal = Journal(folder / "journal.db")
    await journal.open()
    await journal.add_block(Block(1, 500))
    yield Place(folder, journal)
    await journal.close()


@pytest.fixture
async def client(place: Place) -> AsyncIterator[TestClient]:
    app = web.Application(middlewares=[Door([], []).middleware], client_max_size=64 * 1024)
    app.add_routes(place.console.routes())
    async with TestClient(TestServer(app)) as made:
        await sign_in(made)
        yield made
    await place.technicians.stop()
    await place.console.stop()
