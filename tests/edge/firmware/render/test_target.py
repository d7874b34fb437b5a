"""Rendered files say that they are."""

from __future__ import annotations

from edge.firmware.render import render
from edge.firmware.render.target import MARK, written
from tests.edge.firmware import sites


def test_a_file_begins_with_the_mark_and_ends_with_a_line_end() -> None:
    assert written("a", "b", comment="//").text == f"// {MARK}\na\nb\n"


def test_every_file_that_can_carry_it_has_the_mark_and_none_holds_a_secret() -> None:
    for path, target in render(sites.site()).items():
        assert MARK in target.text or path == "etc/hostname"
        assert target.text.endswith("\n")
        assert target.mode == 0o644
