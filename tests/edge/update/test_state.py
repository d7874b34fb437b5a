"""What the updater remembers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.update import state as kept
from edge.update.limits import FAILED_KEPT_MAX
from edge.update.state import State, Told, Trial, UpdateFailed

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_what_is_remembered_comes_back_and_nothing_is_no_mistake(tmp_path):
    assert kept.load(tmp_path) == State()
    whole = State("1.1", Trial("1.2", "1.1", NOW), {"1.0": "it does not answer"}, Told(NOW, "ok", "1.1 runs.", "1.1"))
    kept.save(tmp_path, whole)
    assert kept.load(tmp_path) == whole


def test_only_the_latest_failures_are_kept(tmp_path):
    kept.save(tmp_path, State(failed={f"1.{n}": "why" for n in range(FAILED_KEPT_MAX + 5)}))
    failed = kept.load(tmp_path).failed
    assert len(failed) == FAILED_KEPT_MAX
    assert "1.0" not in failed


def test_a_damaged_file_is_told_and_not_taken_for_none(tmp_path):
    (tmp_path / kept.FILE).write_text('{"running": ')
    with pytest.raises(UpdateFailed) as caught:
        kept.load(tmp_path)
    assert caught.value.code == "state_damaged"
