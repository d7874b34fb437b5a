"""The agent's settings: defaults, and what is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.agent.settings import FILE, Settings, load
from edge.config import ConfigError


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_readers_are_written_as_in_the_edges_settings(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[[readers]]\nname = "card"\ndriver = "simulated"\naddress = "x"\n')
    assert [row.name for row in load(tmp_path).readers] == ["card"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('listen = "0.0.0.0:7011"', "loopback only"),
        ('listen = "7011"', "HOST:PORT"),
        ('edge_url = "http://edge:7002"', "https://HOST:PORT"),
        ("colour = 1", "colour"),
        ("[[readers]]\n", "name"),
        ("x", "TOML"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ConfigError, match=said):
        load(tmp_path)


def test_the_address_that_is_typed_counts_and_is_held_to_the_same(tmp_path: Path) -> None:
    assert load(tmp_path, "127.0.0.1:0").listen == "127.0.0.1:0"
    with pytest.raises(ConfigError, match="loopback only"):
        load(tmp_path, "192.168.1.5:7011")
