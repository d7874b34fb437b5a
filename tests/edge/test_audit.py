"""The audit file: who did what, without a person's name in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge import audit
from edge.audit import Audit

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / audit.FILE).read_text().splitlines()]


def test_an_operator_is_the_same_mark_each_time_and_never_a_name(tmp_path: Path) -> None:
    kept = Audit(tmp_path)
    kept.start()
    kept.note("signed_in", NOW, workstation="desk-1", operator="Zahra Ahmadi")
    again = Audit(tmp_path)
    again.start()
    again.note("signed_out", NOW, workstation="desk-1", operator="Zahra Ahmadi")
    first, second = lines(tmp_path)
    assert first["operator"] == second["operator"] == again.mark("Zahra Ahmadi")
    assert "Zahra" not in (tmp_path / audit.FILE).read_text()
    assert (tmp_path / audit.FILE).stat().st_mode & 0o777 == 0o600


def test_a_full_file_is_turned_over_and_the_oldest_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "FILE_BYTES_MAX", 200)
    kept = Audit(tmp_path)
    kept.start()
    for number in range(40):
        kept.note("act", NOW, code=str(number))
    names = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    assert names == ["audit.1.jsonl", "audit.2.jsonl", "audit.3.jsonl", "audit.4.jsonl", "audit.jsonl"]
    assert lines(tmp_path)[-1]["code"] == "39"


def test_a_disk_that_refuses_stops_nobody(tmp_path: Path) -> None:
    kept = Audit(tmp_path)
    kept.start()
    (tmp_path / audit.FILE).mkdir()
    kept.note("act", NOW)
