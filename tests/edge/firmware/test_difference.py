"""What applying a site would change."""

from __future__ import annotations

from edge.firmware.difference import Standing, changes, digest, shown, wanted
from edge.firmware.render import Target

NEW = wanted({"etc/a": Target("one\ntwo\n"), "etc/b": Target("x\n", 0o600)})


def test_only_what_differs_is_a_change() -> None:
    there = {"etc/a": Standing(b"one\ntwo\n", 0o644), "etc/b": Standing(b"y\n", 0o600)}
    assert [(change.path, change.verb) for change in changes(NEW, there, frozenset())] == [("etc/b", "change")]


def test_a_file_of_an_earlier_set_goes_and_a_strangers_stays() -> None:
    there = {**NEW, "etc/old": Standing(b"", 0o644), "etc/strange": Standing(b"", 0o644)}
    found = changes(NEW, there, frozenset({"etc/old", "etc/gone"}))
    assert [(change.path, change.verb) for change in found] == [("etc/old", "remove")]


def test_a_difference_is_shown_line_by_line_and_so_is_a_mode() -> None:
    [one] = changes(NEW, {"etc/a": Standing(b"one\n2\n", 0o644), "etc/b": NEW["etc/b"]}, frozenset())
    assert shown(one).splitlines()[:2] == ["--- /etc/a", "+++ /etc/a"]
    assert "-2\n+two\n" in shown(one)
    [mode] = changes(NEW, {"etc/a": NEW["etc/a"], "etc/b": Standing(b"x\n", 0o644)}, frozenset())
    assert shown(mode) == "mode of /etc/b: 0644 becomes 0600\n"
    [added] = changes({"etc/b": NEW["etc/b"]}, {}, frozenset())
    assert shown(added).startswith("--- /dev/null\n+++ /etc/b\n")


def test_a_digest_knows_content_and_mode() -> None:
    assert len({digest(Standing(b"a", 0o644)), digest(Standing(b"a", 0o600)), digest(Standing(b"b", 0o600))}) == 3
