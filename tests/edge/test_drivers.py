"""The table of drivers, and what a wrong row is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import drivers
from edge.config import ConfigError, ReaderConfig


def test_a_driver_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    row = ReaderConfig(name="desk-1", driver="magic", address="x")
    with pytest.raises(ConfigError, match=r"desk-1.*'magic'.*simulated"):
        drivers.reader(row, tmp_path, lambda _: None)


def test_every_driver_is_made_from_its_row(tmp_path: Path) -> None:
    row = ReaderConfig(name="desk-1", driver="simulated", address="x")
    assert [state.name for state in drivers.reader(row, tmp_path, lambda _: None).states()] == ["desk-1"]
