"""The edge's own errors: few, typed, and silent about what came from outside."""

from __future__ import annotations

import pytest

from edge import errors


@pytest.mark.parametrize("kind", [errors.JournalDamaged, errors.JournalUnavailable])
def test_whoever_guards_against_the_journal_catches_each_of_its_errors(kind: type[errors.JournalError]) -> None:
    with pytest.raises(errors.JournalError, match="disk"):
        raise kind("disk")


@pytest.mark.parametrize("left", [True, False])
def test_a_broken_line_says_whether_anything_may_have_left(left: bool) -> None:
    broken = errors.LineBroken("reset", left=left)
    assert broken.left is left
    assert isinstance(broken, errors.EdgeError)


def test_a_refusing_hub_is_known_by_its_code() -> None:
    assert errors.LineRefused("clock_wrong").code == "clock_wrong"
