"""Reading a site from the disk, and what it says of the edge's own settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import config
from edge.config import Config
from edge.firmware.reading import read_site
from edge.firmware.render import render
from edge.firmware.render.settings import PATH
from edge.firmware.site import SiteWrong
from tests.edge.firmware import sites


def written(folder: Path, **changes: object) -> Path:
    path = folder / "site.toml"
    path.write_bytes(sites.text(**changes))
    return path


def test_a_site_is_read_with_its_digest(tmp_path: Path) -> None:
    one, mark = read_site(written(tmp_path))
    assert (one.name, len(mark)) == ("example-hospital", 64)
    assert read_site(written(tmp_path, name="other"))[1] != mark


@pytest.mark.parametrize(
    ("edge", "word"),
    [
        ({"colour": "red"}, "edge.colour: this is no setting"),
        ({"listen": "0.0.0.0:7001"}, "edge.listen: another table of this file decides it"),
        ({"backups_kept_days": 0}, "edge.backups_kept_days: "),
        ({"photo": "yes"}, "edge.photo: "),
    ],
)
def test_what_the_edge_would_not_take_is_told_here(tmp_path: Path, edge: dict[str, object], word: str) -> None:
    with pytest.raises(SiteWrong, match=r"site\.toml:\d+: ") as caught:
        read_site(written(tmp_path, edge=edge))
    assert word in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SiteWrong, match="there is none: begin with a copy of"):
        read_site(tmp_path / "site.toml")


def test_the_edge_reads_the_settings_that_are_rendered(tmp_path: Path) -> None:
    found, _ = read_site(written(tmp_path, edge={"backups": 'a "quoted" \\ \u007f name', "photo": True}))
    (tmp_path / config.FILE).write_text(render(found)[PATH].text, encoding="utf-8")
    taken = config.load(tmp_path)
    assert (taken.listen, taken.listen_device, taken.sync_device) == ("10.81.0.2:7001", "lan0", "hub0")
    assert (taken.backups, taken.photo, taken.languages) == ('a "quoted" \\ \u007f name', True, ("fa", "en", "zh"))
    assert [reader.name for reader in taken.readers] == ["desk-1", "cards-2"]
    assert taken.journal_kept_days == Config().journal_kept_days
