"""Files of the pages: a table made once."""

from __future__ import annotations

from central_sync.pages.assets import TYPES, assets


def test_the_address_of_a_file_changes_with_its_content() -> None:
    found = assets()
    assert {"console.css", "console.js", "icon.svg"} <= set(found)
    assert len({one.version for one in found.values()}) == len(found)
    assert {one.content_type for one in found.values()} <= set(TYPES.values())


def test_a_page_weighs_little() -> None:
    assert sum(len(one.content) for one in assets(("edge.console",)).values()) < 150 * 1024


def test_nothing_but_what_lies_in_the_folder_has_a_name() -> None:
    assert not {name for name in assets() if "/" in name or name.endswith((".py", ".html", ".po"))}
