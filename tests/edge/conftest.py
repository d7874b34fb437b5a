"""Fixtures of the edge's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.readers import registry
from edge.retry import Backoff
from edge.uplink import answers, loading, sending, suspicion
from tests.edge.world import Edge
from tests.patience import HUNG_S
from tests.sim.hub import SimHub


@pytest.fixture
async def hub() -> AsyncIterator[SimHub]:
    """The simulator's hub, which ends unfrozen."""
    hub = SimHub()
    await hub.start()
    yield hub
    hub.faults.frozen, hub.faults.frozen_lanes = False, frozenset()
    await hub.stop()


@pytest.fixture
async def edge(hub: SimHub, tmp_path: Path) -> AsyncIterator[Edge]:
    """A core on its line to ``hub``."""
    async with Edge(tmp_path, hub.url) as edge:
        yield edge


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window, and readings, that are far smaller than what waits."""
    monkeypatch.setattr(loading, "WINDOW_ENTRIES_MAX", 32)
    monkeypatch.setattr(loading, "WINDOW_READ_ENTRIES", 16)
    monkeypatch.setattr(loading, "LANE_WINDOW_MAX", 8)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver of readers is late only if it hangs: all of this machine may stand still for longer than a desk allows it."""
    monkeypatch.setattr(registry, "DRIVER_LATE_S_MAX", HUNG_S)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other quickly, so that a test need not last."""
    for place in (answers, sending):
        monkeypatch.setattr(place, "_BACKOFF", Backoff(0.02, 0.05))
    monkeypatch.setattr(suspicion, "PARK_TRIES_MAX", 4)
