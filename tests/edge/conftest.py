"""Fixtures of the edge's tests."""

from __future__ import annotations

import pytest

from edge.retry import Backoff
from edge.uplink import answers, loading, sending, suspicion


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window, and readings, that are far smaller than what waits."""
    monkeypatch.setattr(loading, "WINDOW_ENTRIES_MAX", 32)
    monkeypatch.setattr(loading, "WINDOW_READ_ENTRIES", 16)
    monkeypatch.setattr(loading, "LANE_WINDOW_MAX", 8)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other quickly, so that a test need not last."""
    for place in (answers, sending):
        monkeypatch.setattr(place, "_BACKOFF", Backoff(0.02, 0.05))
    monkeypatch.setattr(suspicion, "PARK_TRIES_MAX", 4)
