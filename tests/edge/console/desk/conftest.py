"""A hub, an edge, a hospital and a clerk at her desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.console.desk.hospital import Hospital, Person
from tests.edge.world import Edge


@pytest.fixture
async def hospital(edge: Edge, tmp_path: Path) -> AsyncIterator[Hospital]:
    async with Hospital(tmp_path, edge) as made:
        yield made


@pytest.fixture
async def clerk(hospital: Hospital) -> Person:
    return await hospital.clerk()
