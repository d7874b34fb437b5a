"""What there is to say of the site file."""

from __future__ import annotations

from edge.firmware.difference import digest, wanted
from edge.firmware.notices import WORDS, Notice, SiteState, differing, told
from edge.firmware.render import Target

TARGETS = {"etc/a": Target("a"), "etc/b": Target("b")}


def test_only_files_that_would_change_differ() -> None:
    placed = {path: digest(standing) for path, standing in wanted(TARGETS).items()}
    assert differing(TARGETS, placed) == ()
    assert differing(TARGETS, {**placed, "etc/b": "other", "etc/c": "gone"}) == ("etc/b", "etc/c")


def test_each_state_has_its_words() -> None:
    assert set(WORDS) == set(SiteState) - {SiteState.IN_PLACE}
    assert told(Notice()) == ""
    changed = told(Notice(SiteState.CHANGED, ("etc/a", "etc/b", "etc/c", "etc/d")))
    assert "Files that would change: 4. (/etc/a, /etc/b, /etc/c, …)" in changed
    assert "firmware diff" in changed
    assert "site.toml:3: x: wrong" in told(Notice(SiteState.WRONG, fault="site.toml:3: x: wrong"))
    assert "firmware confirm" in told(Notice(SiteState.UNCONFIRMED))
