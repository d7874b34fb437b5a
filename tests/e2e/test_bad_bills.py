"""Bills and covers that are wrong, by HTTP through a real edge and hub: each is refused by name, or its line says why; nothing half-applied."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite

from central_sync.wire.limits import LINES_PER_FEES_MAX
from tests import programs
from tests.e2e.test_bad_input import refused_at_the_edge, refused_by_the_hub
from tests.e2e.town import COVER, MEMBER, PERSON, VISIT, Town, settle

LINES, LONG_BILL_S_MAX = 5_000, 120
DIAGNOSES = [{"code": "J18.9", "main": True}]


def person(body: str) -> dict[str, str]:
    """Somebody whose national code begins with these nine digits."""
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
    return {"kind": "ir_national_code", "number": f"{body}{rest if rest < 2 else 11 - rest}"}


BARE, DOUBLE, GONE = person("049937001"), person("049937002"), person("049937003")
"""Without covers; with two of one layer; with one of a scheme that the rulebook has no longer."""
BEFORE = {**COVER, "scheme": "ir_health_insurance", "from_day": "2024-01-01", "to_day": "2024-12-31"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        covers = {BARE["number"]: [], DOUBLE["number"]: [COVER, BEFORE]}
        covers[GONE["number"]] = [COVER]
        file = made.folder / "more.jsonl"
        members = [{**MEMBER, "number": number, "covers": held} for number, held in covers.items()]
        file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in members), encoding="utf-8")
        programs.hub_command(made.hub_folder, "members", "import", str(file))
        with sqlite.connect(made.hub_folder / "hub.db", timeout=30) as hub:
            hub.execute(
                "update cover set scheme = 'ir_gone' where member = (select id from member where number = ?)",
                (GONE["number"],),
            )
            hub.execute(  # a member file in which both hold on one day is refused
                "update cover set to_day = null where scheme = 'ir_health_insurance' and"
                " member = (select id from member where number = ?)",
                (DOUBLE["number"],),
            )
        made.sign_in()
        made.handle("1101", {"person": PERSON})  # the line is up
        yield made


def opened(town: Town, who: dict[str, str] = PERSON) -> str:
    body = town.handle("2201", {**town.registration(), "person": who})
    assert body["outcome"] == "final", body
    return body["answer"]["hid"]


def fees(town: Town, hid: str, *lines: dict[str, Any]) -> dict[str, Any]:
    rows = [{"serial": str(n), "service_date": town.today, **VISIT, **line} for n, line in enumerate(lines)]
    return {"hid": hid, "currency": "IRR", "lines": rows}


def settled(town: Town, who: dict[str, str]) -> dict[str, Any]:
    hid = opened(town, who)
    assert town.handle("2204", fees(town, hid, {}))["outcome"] == "final"
    answer = town.handle("2207", settle(hid))["answer"]
    assert answer["total"] == answer["patient"] + sum(share["amount"] for share in answer["shares"])
    return answer


def test_an_empty_bill_is_refused(town: Town) -> None:
    hid = opened(town)
    refused_at_the_edge(town, "2204", fees(town, hid), "packet_invalid")
    refused_by_the_hub(town, "2206", settle(hid, 0), "no_fees")
    refused_by_the_hub(town, "2207", settle(hid, 0), "no_fees")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"item": "NOPE1"}, "item_unknown"),
        ({"service_date": "2019-01-01"}, "date_out_of_range"),
        ({"service_date": "2090-01-01"}, "date_out_of_range"),
    ],
)
def test_one_wrong_line_leaves_none_of_the_others(town: Town, line: dict[str, Any], code: str) -> None:
    hid = opened(town)
    refused_by_the_hub(town, "2204", fees(town, hid, {}, line, {}), code)
    refused_by_the_hub(town, "2207", settle(hid, 0), "no_fees")


def test_a_quantity_of_nothing_costs_nothing_and_one_below_is_refused(town: Town) -> None:
    hid = opened(town)
    refused_at_the_edge(town, "2204", fees(town, hid, {"quantity": "0"}), "amounts_do_not_add_up")
    refused_at_the_edge(town, "2204", fees(town, hid, {"quantity": "-1", "amount": -920_000}), "packet_invalid")
    refused_at_the_edge(town, "2204", fees(town, hid, {"quantity": "-1", "amount": 920_000}), "packet_invalid")
    assert town.handle("2204", fees(town, hid, {}, {"quantity": "0", "amount": 0}))["outcome"] == "final"
    answer = town.handle("2207", settle(hid))["answer"]
    assert [line["amount"] for line in answer["lines"]] == [920_000, 0]


def test_a_refund_without_an_original_is_refused(town: Town) -> None:
    hid = opened(town)
    town.handle("2204", fees(town, hid, {}))
    refused_by_the_hub(town, "2205", {"hid": hid, "serials": ["0", "99"]}, "fee_unknown")
    refused_by_the_hub(town, "2208", {"hid": hid, "settlement_id": "SNOTHING"}, "settlement_unknown")
    assert town.handle("2207", settle(hid))["outcome"] == "final", "the bill is as it was"


def test_a_visit_in_the_future_or_long_ago_is_refused(town: Town) -> None:
    for day in ("2090-01-01", "1990-01-01"):
        body = town.handle("2201", {**town.registration(), "service_date": day})
        assert (body["return_code"], body["error"]["code"]) == (-2, "date_out_of_range")


def test_a_discharge_before_the_admission_or_in_the_future_is_refused(town: Town) -> None:
    stay = {"person": PERSON, "admitted_on": town.today, "department": "surgery", "diagnoses": DIAGNOSES}
    hid = town.handle("2401", stay)["answer"]["hid"]
    today = date.fromisoformat(town.today)
    for day in (today - timedelta(days=1), today + timedelta(days=2)):
        ended = {"hid": hid, "discharged_on": day.isoformat(), "way": "recovered", "diagnoses": DIAGNOSES}
        refused_by_the_hub(town, "2402", ended, "date_out_of_range")
    town.handle("2301", fees(town, hid, {}))
    ended = {"hid": hid, "discharged_on": town.today, "way": "recovered", "diagnoses": DIAGNOSES}
    assert town.handle("2402", ended)["outcome"] == "final"
    assert town.handle("2304", settle(hid))["outcome"] == "final"


@pytest.mark.timeout(180)
def test_a_bill_of_five_thousand_lines_is_settled_in_time(town: Town) -> None:
    hid, begun = opened(town), time.monotonic()
    rows = [{"serial": f"L{n}", "service_date": town.today, **VISIT} for n in range(LINES + 1)]
    refused_at_the_edge(town, "2204", {**fees(town, hid), "lines": rows[: LINES_PER_FEES_MAX + 1]}, "packet_invalid")
    for first in range(0, LINES, LINES_PER_FEES_MAX):
        packet = {**fees(town, hid), "lines": rows[first : first + LINES_PER_FEES_MAX]}
        assert town.handle("2204", packet)["outcome"] == "final"
    answer = town.handle("2207", settle(hid, LINES * VISIT["amount"]))["answer"]
    assert len(answer["lines"]) == LINES
    assert answer["patient"] + sum(share["amount"] for share in answer["shares"]) == answer["total"]
    assert time.monotonic() - begun < LONG_BILL_S_MAX


def test_who_has_no_cover_pays_all_and_is_told_why(town: Town) -> None:
    answer = settled(town, BARE)
    assert (answer["patient"], answer["shares"]) == (920_000, [])
    assert [step["kind"] for step in answer["patient_trace"]] == ["catalogue.in_scope"]


def test_a_cover_of_a_scheme_that_there_is_no_longer_pays_nothing_and_says_so(town: Town) -> None:
    answer = settled(town, GONE)
    (share,) = answer["shares"]
    assert (answer["patient"], share["scheme"], share["amount"]) == (920_000, "ir_gone", 0)
    assert [step["kind"] for step in share["trace"]] == ["no_such_scheme"]


def test_two_schemes_of_one_layer_and_rank_are_refused_by_name_and_nothing_is_settled(town: Town) -> None:
    check = {"person": DOUBLE, "care": "outpatient", "service_date": town.today}
    benefits = town.handle("2001", check)["answer"]
    assert (benefits["entitled"], benefits["reason"]) == (False, "schemes_clash")
    hid = opened(town, DOUBLE)
    assert town.handle("2204", fees(town, hid, {}))["outcome"] == "final"
    refused_by_the_hub(town, "2206", settle(hid), "schemes_clash")
    refused_by_the_hub(town, "2207", settle(hid), "schemes_clash")
    assert town.handle("2205", {"hid": hid})["answer"]["cancelled"] == 1


@pytest.mark.timeout(180)
def test_a_hub_whose_rulebook_is_wrong_does_not_start_and_says_where(town: Town, tmp_path: Path) -> None:
    shutil.copytree(
        programs.ROOT / "central_sync", tmp_path / "central_sync", ignore=shutil.ignore_patterns("__pycache__")
    )
    file = "schemes/ir_social_security/scheme.yaml"
    broken = tmp_path / "central_sync" / "rulebook" / file
    lines = broken.read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("layer:"))
    lines[at] = "layer: bsae"
    broken.write_text("\n".join(lines), "utf-8")
    hub = tmp_path / "hub"
    shutil.copytree(town.hub_folder, hub)
    done = subprocess.run(
        [sys.executable, "-m", "central_sync", "--data", hub, "run", "--sync-listen", "127.0.0.1:0"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr[-2000:]
    assert f"{file}:{at + 1}: " in done.stderr
    assert "listening" not in done.stdout
    assert "Traceback" not in done.stderr
