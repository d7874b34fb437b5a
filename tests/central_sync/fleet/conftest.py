"""A fleet on both databases, with its authority and the packaged rulebook."""

from datetime import UTC, datetime

import pytest

from central_sync.fleet.authority import Authority
from central_sync.fleet.service import Fleet
from central_sync.rulebook.load import load

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def rulebook():
    return load()


@pytest.fixture
def authority(tmp_path):
    authority = Authority(tmp_path / "authority")
    authority.create(["hub.example"], NOW)
    return authority


@pytest.fixture
def fleet(store, authority, rulebook):
    fleet = Fleet(store, authority, rulebook)
    fleet.add_hospital("H01", "First Hospital", "cn", rulebook.regions["cn"].tiers[0], NOW)
    return fleet
