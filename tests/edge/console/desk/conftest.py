"""A hub, an edge, a hospital and a clerk at her desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.console.desk.hospital import Hospital, Person
from tests.edge.world import Edge
from tests.sim.hub import SimHub


@pytest.fixture
async def hub() -> AsyncIterator[SimHub]:
    hub = SimHub()
    await hub.start()
    yield hub
    hub.faults.frozen = False
    await hub.stop()


@pytest.fixture
async def edge(hub: SimHub, tmp_path: Path) -> AsyncIterator[Edge]:
    async with Edge(tmp_path, hub.url) as edge:
        yield edge


@pytest.fixture
async def hospital(edge: Edge, tmp_path: Path) -> AsyncIterator[Hospital]:
    async with Hospital(tmp_path, edge) as made:
        yield made


@pytest.fixture
async def clerk(hospital: Hospital) -> Person:
    return await hospital.clerk()
