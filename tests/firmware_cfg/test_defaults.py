"""The page of defaults says what the code does, with a unit and a reason for each."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from edge.config import Config
from edge.firmware import defaults
from edge.firmware.reading import read_site
from edge.firmware.render import render
from tests.tidy import tree

PAGE: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(
    (tree.ROOT / "firmware_cfg/edge_defaults.toml").read_text("utf-8")
)
CODE: dict[str, dict[str, Any]] = {
    "appliance": {name.lower(): value for name, value in vars(defaults).items() if name.isupper()},
    "edge": {name: getattr(Config(), name) for name in Config.__struct_fields__},
}
SITES = sorted((tree.ROOT / "firmware_cfg/sites").glob("*.toml"))


@pytest.mark.parametrize("table", ["appliance", "edge"])
def test_every_default_stands_there_with_its_value(table: str) -> None:
    code = {name: list(value) if isinstance(value, tuple) else value for name, value in CODE[table].items()}
    assert {name: row["value"] for name, row in PAGE[table].items()} == code


def test_every_default_has_a_unit_and_a_reason() -> None:
    for table in PAGE.values():
        for name, row in table.items():
            assert set(row) == {"value", "unit", "reason"}, name
            assert row["unit"], name
            assert len(row["reason"]) > 15, name


def test_every_site_that_ships_can_be_rendered() -> None:
    assert SITES
    for path in SITES:
        assert "etc/nftables.conf" in render(read_site(path)[0])
