"""`pishkhan-edge forecast FILE`: for a person with a draft, without a running edge, a line or an enrolment."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edge.__main__ import main
from edge.shelf import Shelf
from tests.edge.rulebook_hub import NUMBER, RulebookHub, whole, without
from tests.edge.test_forecast import draft


def run(folder: Path, packet: Any, *options: str) -> Result:
    file = folder / "draft.json"
    file.write_bytes(packet if isinstance(packet, bytes) else json.dumps(packet).encode())
    return CliRunner().invoke(main, ["--data", str(folder), "forecast", str(file), *options])


def test_findings_are_shown_with_the_sum_and_end_with_status_1(tmp_path: Path) -> None:
    told = run(tmp_path, draft())

    assert told.exit_code == 1
    assert "DRG-01" in told.output
    assert "10.80 CNY of 30.80 CNY would be taken off" in told.output


def test_a_right_draft_ends_with_status_0(tmp_path: Path) -> None:
    told = run(tmp_path, draft(lines=[draft()["lines"][1] | {"unit_price": "20", "amount": 2000}]))

    assert told.exit_code == 0
    assert told.output.startswith("0 findings; 0.00 CNY")


def test_json_is_the_answer_of_3101(tmp_path: Path) -> None:
    answer = json.loads(run(tmp_path, draft(), "--json").output)

    assert answer["deduction"] == 1_080
    assert {finding["rule"] for finding in answer["findings"]} == {"DRG-01", "ITM-04"}


def test_findings_are_read_in_the_language_asked_for(tmp_path: Path) -> None:
    persian = run(tmp_path, draft(), "--language", "fa").output
    chinese = run(tmp_path, draft(language="zh")).output

    assert "دارو بدون اندیکاسیون" in persian
    assert "۱۰٫۸۰" in persian
    assert "یوان" in persian
    assert "药品无适应症" in chinese
    assert "30.80元中将扣减10.80元" in chinese
    assert not re.findall("[a-z]{3,}", re.sub("[0-9a-f]{12}", "", chinese + persian))


def test_standard_input_is_read_too(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        main, ["--data", str(tmp_path), "forecast", "-", "--json"], input=json.dumps(draft()).encode()
    )

    assert json.loads(told.output)["total"] == 3_080


def test_a_file_that_is_no_draft_is_told_by_its_field_and_never_quoted(tmp_path: Path) -> None:
    for packet in (b"", b"\xff", b"[]", b"x" * 9_000_000, draft(birth_date="0499370899")):
        told = run(tmp_path, packet)

        assert told.exit_code == 2
        assert "0499370899" not in told.output
    assert "$.birth_date" in told.output


def test_a_currency_of_no_region_is_told(tmp_path: Path) -> None:
    told = run(tmp_path, draft(currency="THB"))

    assert told.exit_code == 2
    assert "forecast_unavailable" in told.output


def test_a_file_is_judged_by_the_rulebook_that_is_in_use_here_else_by_the_shipped_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = RulebookHub(tmp_path / "hub")
    who = SimpleNamespace(evidence=hub.authority_file, institution="H1", zone="Asia/Shanghai")
    monkeypatch.setattr("edge.verbs.forecast.identity.load", lambda _folder: who)
    shelf = Shelf(tmp_path, hub.authority_file, "H1")
    shelf.keep(NUMBER, hub.bundle(NUMBER, without("DRG-01")))
    answer = json.loads(run(tmp_path, draft(), "--json").stdout)
    assert answer["rules"] == without("DRG-01").audit.version
    shelf.keep(NUMBER, hub.bundle(NUMBER)[:-5])
    told = run(tmp_path, draft(), "--json")
    assert json.loads(told.stdout)["rules"] == whole().audit.version
    assert "cannot be used: the file ends too early" in told.stderr
