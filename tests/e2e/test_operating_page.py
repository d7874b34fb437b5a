"""The examples of docs/operating.md are what the programs read."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from central_sync import config as hub_config
from central_sync.members.lifecycle import described
from central_sync.rulebook import load
from edge import config as edge_config
from edge import drivers as edge_drivers
from edge.agent import settings as agent_settings
from edge.readers.troubles import TROUBLES
from tests.tidy import tree

PAGE = (tree.ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_member_on_the_page_can_be_imported() -> None:
    (line,) = examples("json")
    member = described(line.strip().encode(), load.load(), date(2026, 1, 1))
    assert (member.region, member.covers[0].layer) == ("ir", "base")


def settings(beginning: str) -> str:
    """The one example of settings whose first line is that."""
    (found,) = [one for one in examples("toml") if one.startswith(beginning)]
    return found


def test_the_settings_on_the_page_are_read(tmp_path: Path) -> None:
    of_hub = (settings(line) for line in ("database", "[console]", "[fleet]", "[alerts]", "[[payers]]"))
    (tmp_path / "hub.toml").write_text("\n".join(of_hub), encoding="utf-8")
    (tmp_path / "edge.toml").write_text(settings('listen = "10.'), encoding="utf-8")
    (tmp_path / "agent.toml").write_text(settings('listen = "127.'), encoding="utf-8")
    assert agent_settings.load(tmp_path).listen == "127.0.0.1:7011"
    hub, edge = hub_config.load(tmp_path), edge_config.load(tmp_path)
    assert (hub.sync.device, hub.enrol.device) == ("wan0", "wan0")
    assert (hub.console.device, hub.console.zone) == ("ops0", "Asia/Tehran")
    assert [row.code for row in hub.payers] == ["supplementary_insurer"]
    assert (edge.listen_device, edge.sync_device) == ("lan0", "wan0")


def test_the_reader_on_the_page_belongs_to_its_desk(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text(settings("photo"), encoding="utf-8")
    read = edge_config.load(tmp_path)
    [row] = read.readers
    assert (row.driver, row.desk, row.card_must_stay) == ("pcsc", "desk-3", True)
    assert edge_drivers.reader(row, tmp_path, lambda _: None).states()
    assert read.photo is False


def test_the_readers_on_serial_ports_on_the_page_are_understood(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text(settings("[[readers]]"), encoding="utf-8")
    rows = edge_config.load(tmp_path).readers
    assert [row.name for row in rows] == ["cards-1", "scanner-1"]
    for row in rows:
        assert edge_drivers.reader(row, tmp_path, lambda _: None).states()


def test_every_trouble_of_a_reader_stands_on_the_page() -> None:
    rows = PAGE.partition("| what `readers` says |")[2].partition("\n\n")[0].count("\n| ") - 1
    told_as_broken = 1  # "the reader answers with errors" says itself what to do
    assert rows == len(TROUBLES) - told_as_broken
