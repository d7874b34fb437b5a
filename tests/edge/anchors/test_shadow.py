"""The shadow slot on the disk: private, whole, and what is told of it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central_sync.wire.handovers import PASSED, name_of
from central_sync.wire.messages import Handover
from edge.anchors.shadow import FILE, Shadow, ShadowDamaged, slot

WORD = Handover(
    number=3, state="announced", present=b"old", following=b"new", issued_at=datetime(2026, 1, 1, tzinfo=UTC), signature=b"s"
)  # fmt: skip


def test_an_empty_slot_says_nothing(tmp_path: Path) -> None:
    found = slot(tmp_path).content()
    assert (found.said, found.trouble, found.following) == (("", ""), "", "")


def test_what_is_kept_is_read_again_and_its_owners_alone(tmp_path: Path) -> None:
    kept = Shadow(word=WORD, drill="drill_wrong_name", drilled_at=WORD.issued_at)
    with slot(tmp_path).changing():
        slot(tmp_path).write(kept)
    assert slot(tmp_path).content() == kept
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert (kept.trouble, kept.said) == ("drill_wrong_name", (name_of(b"new"), "drill_wrong_name"))


def test_a_drill_that_passed_is_no_trouble_and_a_refused_word_is() -> None:
    assert Shadow(word=WORD, drill=PASSED).trouble == ""
    refused = Shadow(word=WORD, drill=PASSED, refused="handover_unsigned", refused_next="ab")
    assert (refused.trouble, refused.said) == ("handover_unsigned", ("ab", "handover_unsigned"))


def test_a_damaged_slot_says_so(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(ShadowDamaged):
        slot(tmp_path).content()
