"""The rulebook and the terms that every test of the plan shares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from central_sync.benefits.parameters import Rulebook
from central_sync.rulebook import load
from simulator.terms import terms_of
from simulator.world import Terms

DAY = date(2026, 6, 1)


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load.load()


@pytest.fixture(scope="session")
def terms(rulebook: Rulebook) -> Mapping[str, Terms]:
    return terms_of(rulebook, DAY)
