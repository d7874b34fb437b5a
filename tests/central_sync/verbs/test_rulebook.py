"""What a benefits officer types: check, diff, explain; with no hub anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from central_sync.__main__ import main
from central_sync.rulebook.load import load
from tests.central_sync.rulebook.mistakes import STAY, change, copied

COUNTRIES = Path(__file__).parents[2] / "rulebook_cases" / "countries"
FRANCE = COUNTRIES / "cases" / "fr.yaml"


def typed(*words):
    return CliRunner().invoke(main, ["rulebook", *map(str, words)])


def test_the_shipped_rulebook_is_well_and_needs_no_hub():
    done = typed("check")
    assert done.exit_code == 0
    assert "cn_employee" in done.output
    assert f"{len(load().schemes)} schemes, 2 regions" in done.output


def test_a_mistake_is_told_with_file_and_line(tmp_path):
    change(copied(tmp_path), STAY, "from: 2025-01-01", "from: 2025-13-01")
    done = typed("check", tmp_path)
    assert done.exit_code == 2
    assert f"{STAY}:14: deductible.values[3].from" in done.output


def test_cases_are_tried_and_those_that_do_not_hold_are_named(tmp_path):
    done = typed("check", COUNTRIES / "rulebook", "--cases", FRANCE)
    assert (done.exit_code, "every case holds" in done.output) == (0, True)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(FRANCE.read_text("utf-8").replace('patient: "11.00"', 'patient: "12.00"', 1), "utf-8")
    done = typed("check", COUNTRIES / "rulebook", "--cases", wrong)
    assert done.exit_code == 1
    assert "fr: a visit: patient : 11, expected 12.00" in done.output
    assert "1 case does not hold" in done.output


def test_diff_tells_what_another_day_says_otherwise():
    done = typed("diff", "--from", "2024-12-31", "--to", "2025-01-01", "--under", "cn_employee")
    assert done.exit_code == 0
    assert "1,000.00 CNY" in done.output
    assert "900.00 CNY" in done.output
    assert "1 value differs" in done.output


def test_diff_tells_what_another_rulebook_says_otherwise(tmp_path):
    change(copied(tmp_path), STAY, 'value: "300"', 'value: "350"')
    done = typed("diff", "--from", "2025-06-10", "--to", "2025-06-10", "--other", tmp_path)
    assert "350.00 CNY" in done.output
    assert "1 value differs" in done.output


def test_explain_names_rule_day_and_source_of_each_coin():
    done = typed("explain", FRANCE, "--case", "complementary", "--rulebook", COUNTRIES / "rulebook")
    assert done.exit_code == 0
    for said in ("19.00 EUR", "-2.00 EUR", "fr_compulsory.visit.deductible", "2020-01-01", "Social Security Code"):
        assert said in done.output
    assert done.output.count("fr: ") == 1


def test_explain_tells_the_hospitals_part_of_a_fixed_price():
    done = typed("explain", COUNTRIES / "cases" / "in.yaml", "--rulebook", COUNTRIES / "rulebook")
    assert "the hospital" in done.output
    assert "4,400.00 INR" in done.output


IRAN = Path(__file__).parents[2] / "rulebook_cases" / "ir_layers.yaml"


def test_a_settlement_is_explained_to_the_patient_in_the_language_asked_for():
    persian = typed("explain", IRAN, "--language", "fa", "--lines")
    chinese = typed("explain", IRAN, "--language", "zh", "--case", "old K")

    assert persian.exit_code == chinese.exit_code == 0
    assert "سهم سازمان" in persian.output
    assert "ردیف" in persian.output
    assert chinese.output.count("合计") == 1
    assert "does not hold" not in persian.output + chinese.output


def test_the_document_as_data_carries_the_trace_that_a_machine_can_check(tmp_path):
    made = json.loads(typed("explain", IRAN, "--language", "zh", "--json", "--case", "old K").output)

    assert [one["mistakes"] for one in made] == [[]]
    assert made[0]["document"]["adds_up"] is True
    assert made[0]["document"]["language"] == "zh"
    reasons = made[0]["document"]["patient"]["reasons"]
    assert {"rule", "from_day", "source", "text", "money"} <= reasons[0].keys()

    file = tmp_path / "answer.json"
    file.write_text(json.dumps({"return_code": 0, "answer": made[0]["settlement"]}), encoding="utf-8")
    assert typed("audit-trace", file).output == "every step holds\n"
    assert f"个人支付{made[0]['document']['patient']['money']}" in typed("explain", file, "--language", "zh").output

    made[0]["settlement"]["shares"][0]["trace"][1]["from_day"] = "2024-01-01"
    file.write_text(json.dumps(made[0]["settlement"]), encoding="utf-8")
    told = typed("audit-trace", file)
    assert told.exit_code == 1
    assert "ir_social_security[1]: the rulebook has not this value from that day and source" in told.output
    assert typed("explain", file, "--language", "fa").exit_code == 1

    file.write_text("{}", encoding="utf-8")
    assert typed("audit-trace", file).exit_code == 2


def test_worked_cases_are_audited_too():
    assert typed("audit-trace", IRAN).output == "every step holds\n"
    other = typed("audit-trace", FRANCE, "--rulebook", COUNTRIES / "rulebook")
    assert (other.exit_code, other.output) == (0, "every step holds\n")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("explain", FRANCE, "--case", "no such case", "--rulebook", COUNTRIES / "rulebook"), 1),
        (("explain", FRANCE), 2),
        (("diff", "--from", "2025-02-30", "--to", "2025-03-01"), 2),
        (("check", "/nowhere"), 2),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence(words, status):
    done = typed(*words)
    assert done.exit_code == status
    assert "Traceback" not in done.output


def test_every_other_verb_still_needs_the_hubs_folder():
    done = CliRunner(env={"PISHKHAN_HUB_DATA": None}).invoke(main, ["status"])
    assert done.exit_code == 2
    assert "--data" in done.output
