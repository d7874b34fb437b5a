"""What a benefits officer types to know what other rules would have cost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from central_sync.__main__ import main
from tests.central_sync.rulebook.month import COUNTRIES, lower, month


@pytest.fixture
def files(tmp_path):
    return month(tmp_path / "month.jsonl", 50), lower(tmp_path / "new")


def typed(*words):
    return CliRunner().invoke(main, ["rulebook", "simulate", "--rulebook", str(COUNTRIES), *map(str, words)])


def test_the_table_tells_before_after_and_who_is_better_off(files):
    file, new = files
    done = typed(file, "--other", new)
    assert done.exit_code == 0
    for said in ("layer aid", "payer au_safety_net", "scheme au_medicare", "patients", "better off in", "moves most"):
        assert said in done.output
    assert "50 cases; before: " in done.output


def test_json_holds_the_same_as_numbers(files):
    file, new = files
    done = typed(file, "--other", new, "--json", "--processes", 2)
    found = json.loads(done.stdout)
    assert found["cases"] == 50
    rows = {(row["of"], row["name"]): row for row in found["currencies"]["AUD"]}
    saved = -rows["patients", ""]["difference"]
    assert saved == rows["scheme", "au_safety_net"]["difference"] > 0
    assert rows["patients", ""]["less_in"] > 0 == rows["patients", ""]["more_in"]
    assert found["movers"][0]["case"].startswith("S")
    assert found["rulebooks"]["before"] != found["rulebooks"]["after"]
    assert json.loads(typed(file, "--other", new, "--json").stdout) == found


def test_earlier_cases_fill_the_accumulators_and_are_not_counted(files):
    file, new = files
    whole = json.loads(typed(file, "--other", new, "--json").stdout)
    late = json.loads(typed(file, "--other", new, "--json", "--from", "2025-06-16", "--to", "2025-06-29").stdout)
    assert 0 < late["cases"] < whole["cases"]
    lines = [line for line in file.read_text("utf-8").splitlines() if json.loads(line)["day"] >= "2025-06-16"]
    file.write_text("\n".join(lines), "utf-8")
    alone = json.loads(typed(file, "--other", new, "--json", "--to", "2025-06-29").stdout)
    assert alone["cases"] == late["cases"]
    assert alone["currencies"] != late["currencies"], "without the first half the thresholds are met later"


def test_rules_that_begin_later_are_tried_on_the_past(files, tmp_path):
    file, new = files[0], lower(tmp_path / "later", since="2027-01-01")
    words = (file, "--other", new, "--json")
    assert json.loads(typed(*words).stdout)["movers"] == []
    then = json.loads(typed(*words, "--other-day", "2027-01-01").stdout)
    at_once = json.loads(typed(file, "--other", files[1], "--json").stdout)
    assert then["currencies"] == at_once["currencies"]
    assert typed(file, "--other-day", "2027-01-01").exit_code == 0


def test_bars_and_a_drawing(files, tmp_path):
    file, new = files
    assert "████" in typed(file, "--other", new, "--chart").output
    drawing = tmp_path / "chart.svg"
    assert typed(file, "--other", new, "--chart", drawing).exit_code == 0
    ET.fromstring(drawing.read_text("utf-8"))


def test_a_case_that_cannot_be_settled_is_named_and_left_out(files):
    file, new = files
    text = file.read_text("utf-8").splitlines()
    text[7] = text[7].replace("VISITF", "NOTHING")
    file.write_text("\n".join(text), "utf-8")
    done = typed(file, "--other", new)
    assert done.exit_code == 1
    assert "left out: line 8, case S7: before: the catalogue has no item NOTHING on that day" in done.output
    assert "49 cases;" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("FILE",), "--other"),
        (("--other", "NEW"), "FILE"),
        (("FILE", "--other", "NEW", "--from-hub"), "not both"),
        (("FILE", "--other", "NEW", "--chart", "chart.png"), ".svg"),
        (("--other", "NEW", "--from-hub"), "--data DIR"),
        (("FILE", "--other", "/nowhere"), "/nowhere"),
        (("FILE", "--other", "."), "document"),
        (("FILE", "--other", "NEW", "--from", "tomorrow"), "--from"),
        (("FILE", "--other", "NEW", "--chart", "/nowhere/chart.svg"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence(files, words, said):
    named = {"FILE": files[0], "NEW": files[1]}
    done = typed(*(named.get(word, word) for word in words))
    assert (done.exit_code, said in done.output) == (2, True), done.output
    assert "Traceback" not in done.output


def test_a_wrong_case_is_told_with_file_line_and_name(files):
    file, new = files
    file.write_text(file.read_text("utf-8").replace('"case": "S1", ', '"case": "S1", "sex": "f", ', 1), "utf-8")
    done = typed(file, "--other", new)
    assert done.exit_code == 2
    assert "month.jsonl:2: case S1: unknown key `sex`" in done.output


@pytest.mark.timeout(120)
def test_ctrl_c_ends_it_with_a_sentence_and_no_processes(tmp_path):
    file, new = month(tmp_path / "month.jsonl", 12_000), lower(tmp_path / "new")
    words = ["rulebook", "simulate", str(file), "--rulebook", str(COUNTRIES), "--other", str(new), "--processes", "2"]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background has it ignored
    command = [sys.executable, "-m", "central_sync", *words]
    ran = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    children = Path(f"/proc/{ran.pid}/task/{ran.pid}/children")
    until = time.monotonic() + 60
    while ran.poll() is None and len(children.read_text().split()) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert ran.poll() is None, "it was done before it could be broken off"
    os.killpg(ran.pid, signal.SIGINT)
    out, err = ran.communicate(timeout=60)
    assert ran.returncode == 130, err
    assert "Broken off. Nothing was changed." in err
    assert "Traceback" not in out + err
