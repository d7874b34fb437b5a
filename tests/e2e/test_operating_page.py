"""The examples of docs/operating.md are what the programs read."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from central_sync import config as hub_config
from central_sync.members.lifecycle import described
from central_sync.rulebook import load
from edge import config as edge_config
from edge.agent import settings as agent_settings
from tests.tidy import tree

PAGE = (tree.ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_member_on_the_page_can_be_imported() -> None:
    (line,) = examples("json")
    member = described(line.strip().encode(), load.load(), date(2026, 1, 1))
    assert (member.region, member.covers[0].layer) == ("ir", "base")


def test_the_settings_on_the_page_are_read(tmp_path: Path) -> None:
    of_hub, of_edge, of_agent = examples("toml")
    (tmp_path / "hub.toml").write_text(of_hub, encoding="utf-8")
    (tmp_path / "edge.toml").write_text(of_edge, encoding="utf-8")
    (tmp_path / "agent.toml").write_text(of_agent, encoding="utf-8")
    assert agent_settings.load(tmp_path).listen == "127.0.0.1:7011"
    hub, edge = hub_config.load(tmp_path), edge_config.load(tmp_path)
    assert (hub.sync.device, hub.enrol.device) == ("wan0", "wan0")
    assert (edge.listen_device, edge.sync_device) == ("lan0", "wan0")
