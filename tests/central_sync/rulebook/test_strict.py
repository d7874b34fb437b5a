"""YAML and CSV are read without forgiving anything."""

from __future__ import annotations

import re

import pytest

from central_sync.rulebook import strict
from central_sync.rulebook.load import load
from central_sync.rulebook.strict import RulebookError, plain, said, table
from tests.central_sync.rulebook.mistakes import EMPLOYEE, STAY, TARIFF, Mistake, change, copied, refused

MISTAKES = {
    "unknown_key": Mistake(STAY, "takes: [in_scope]", "takes: [in_scope]\ntaken: 1", "taken"),
    "unknown_key_in_a_value": Mistake(STAY, "tier: tier_1, from", "teir: tier_1, from", "$.deductible.values[0]"),
    "missing_key": Mistake(STAY, "cares: [inpatient]\n", "", "cares"),
    "duplicate_key": Mistake(STAY, "takes: [in_scope]", "takes: [in_scope]\ntakes: [own_pay]", "line 3"),
    "bad_day": Mistake(STAY, "from: 2025-01-01", "from: 2025-02-30", "$.deductible.values[3].from"),
    "no_day": Mistake(STAY, "from: 2025-01-01", "from: next year", "$.deductible.values[3].from"),
    "ratio_that_is_no_number": Mistake(STAY, 'ratio: "0.90"', "ratio: ninety", "$.bands.values[0].value"),
    "negative_amount": Mistake(STAY, 'value: "300"', 'value: "-300"', "$.deductible.values[0].value"),
    "missing_source": Mistake(STAY, ", reference: illustrative_cn", "", "$.deductible.values[0]"),
    "unknown_rounding": Mistake(EMPLOYEE, "rounding: half_up", "rounding: nearest", "$.rounding"),
    "not_yaml": Mistake(STAY, "takes: [in_scope]", "takes: [in_scope", "line"),
    "a_yes_that_is_no_truth": Mistake(
        STAY, "illustrative: true", "illustrative: yes", "$.deductible.values[0].illustrative"
    ),
    "unknown_calendar": Mistake("regions/cn.yaml", "calendar: gregorian", "calendar: mayan", "$.calendar"),
    "a_catalogue_that_is_not_there": Mistake(
        "regions/cn.yaml", "catalogue: cn.csv", "catalogue: zz.csv", "document", "tariffs/zz.csv"
    ),
    "a_source_without_a_title": Mistake("sources.yaml", "title:", "titel:", ""),
    "unknown_column": Mistake(TARIFF, "code,from,", "code,since,from,", "line 1"),
    "missing_column": Mistake(TARIFF, ",price,", ",", "line 1"),
    "a_column_twice": Mistake(TARIFF, ",kind,", ",price,", "line 1"),
    "a_row_too_long": Mistake(TARIFF, "CW0001,", "CW0001,CW0001,", "line 2"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_file_and_key(tmp_path, name):
    refused(tmp_path, MISTAKES[name])


def test_plain_words_stay_text_but_three(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [no, on, 0.90, 0x10, 2025-01-01, 1_000, ~, '', true, false, null]")
    assert plain(tmp_path, "a.yaml") == {
        "a": ["no", "on", "0.90", "0x10", "2025-01-01", "1_000", "~", "", True, False, None]
    }


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "a: {b: 1, b: 2}", "? [a]\n: 1", "a: !!python/object:os.system {}", "a: [", "\x00"]
)
def test_what_is_not_plain_yaml_is_refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(RulebookError):
        plain(tmp_path, "a.yaml")


def test_bytes_that_are_not_utf_8_and_a_file_that_is_not_there_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"a: \xff")
    for file in ("a.yaml", "b.yaml"):
        with pytest.raises(RulebookError):
            plain(tmp_path, file)
        with pytest.raises(RulebookError):
            list(table(tmp_path, file, frozenset(), frozenset()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from: 2025-01-01", "from: 2025-02-30"),
        ("tier: tier_3, from: 2025", "teir: tier_3, from: 2025"),
        ('value: "900", reference: illustrative_cn', 'value: "900", reference: nobody'),
        ('{over: "20000", ratio: "0.88"}', '{over: "0", ratio: "0.88"}'),
        ("takes: [in_scope]", "takes: [in_scope, nothing]"),
        ("caps: [pool]", "caps: [pond]"),
    ],
)
def test_the_error_names_the_line_that_is_wrong(tmp_path, old, new):
    change(copied(tmp_path), STAY, old, new)
    wrong = next(
        number for number, line in enumerate((tmp_path / STAY).read_text("utf-8").splitlines(), 1) if new in line
    )
    with pytest.raises(RulebookError) as caught:
        load(tmp_path)
    assert caught.value.line == wrong


def test_a_line_of_a_table_is_told_as_it_stands(tmp_path):
    change(copied(tmp_path), TARIFF, "CW0002,2023-01-01", "CW0002,2023-99-01")
    with pytest.raises(RulebookError) as caught:
        load(tmp_path)
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("takes: [in_scope]", "takes: [in_scope]\ntaken: 1", f"{STAY}:3: unknown key `taken`"),
        ("cares: [inpatient]\n", "", "the key `cares` is missing"),
        ("from: 2025-01-01", "from: 2025-02-30", "not a day, as 2025-01-31"),
        ('value: "300"', 'value: "-300"', "not a number without a sign, as 100 or 0.05"),
        ('value: "300"', "value: 0300", "not a number without a sign, as 100 or 0.05"),
        ('value: "300"', "value: .nan", "not a number without a sign, as 100 or 0.05"),
        ('value: "300"', "value: 1e400", "not a number without a sign, as 100 or 0.05"),
        ("takes: [in_scope]", "takes: " + 2_000 * "[", "stand too deep in each other"),
        ("takes: [in_scope]", "takes: " + 2_000 * "{a: ", "stand too deep in each other"),
        ("caps: [pool]", "caps: pool", "caps: a list is expected here, not a word or number"),
        ("caps: [pool]", "caps: [[pool]]", "a word or number is expected here, not a list"),
        ("cares: [inpatient]", "cares: []", "cares: the list is empty"),
        ("takes: [in_scope]", "takes: [in_scope", "a comma is missing, or a bracket is never closed"),
        ("takes: [in_scope]", "takes: in_scope: all", "a colon too many, or the line is set in wrongly"),
        ("cares: [inpatient]\n", "cares: [inpatient]\n\ttakes: x\n", "a tab: lines are set in with spaces"),
    ],
)
def test_a_mistake_is_told_in_an_officers_words_and_with_its_own_line(tmp_path, old, new, said):
    change(copied(tmp_path), STAY, old, new)
    with pytest.raises(RulebookError) as caught:
        load(tmp_path)
    assert said in str(caught.value)


def test_a_wrong_source_is_told_with_its_own_line(tmp_path):
    (copied(tmp_path) / "sources.yaml").write_text("one:\n  title: a\ntwo:\n  titel: b\n", encoding="utf-8")
    with pytest.raises(RulebookError, match=r"sources\.yaml:4: two: unknown key `titel`"):
        load(tmp_path)


def test_a_table_from_a_spreadsheet_is_read_with_its_mark_and_told_of_its_semicolons(tmp_path):
    table = copied(tmp_path) / TARIFF
    text = table.read_text(encoding="utf-8")
    before = load(tmp_path)
    table.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load(tmp_path) == before
    table.write_text(text.replace(",", ";"), encoding="utf-8")
    with pytest.raises(RulebookError, match=r"\.csv:1: .*commas, not by semicolons"):
        load(tmp_path)


def test_a_file_that_is_too_large_or_elsewhere_is_not_read(tmp_path, monkeypatch):
    region = "regions/cn.yaml"
    change(copied(tmp_path), region, "catalogue: cn.csv", "catalogue: ../../cn.csv")
    with pytest.raises(RulebookError, match="outside the rulebook's folder"):
        load(tmp_path)
    change(tmp_path, region, "catalogue: ../../cn.csv", "catalogue: cn.csv")
    monkeypatch.setattr(strict, "YAML_BYTES_MAX", 1 << 20)
    (tmp_path / region).write_bytes(b"#" * (1 << 20) + b"\n" + (tmp_path / region).read_bytes())
    with pytest.raises(RulebookError, match=r"regions/cn\.yaml: .*is larger than 1 MB"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["sources.yaml", "regions", "tariffs", "schemes"])
def test_what_a_folder_lacks_is_named(tmp_path, name):
    copied(tmp_path)
    (tmp_path / name).rename(tmp_path / "elsewhere")
    with pytest.raises(RulebookError, match=f"{name}: .*: is not there"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["schemes/cn_employee/stay.yml", "schemes/cn_employee/stay.YAML", "regions/xx.yml"])
def test_a_file_that_would_be_passed_over_in_silence_is_refused(tmp_path, name):
    (copied(tmp_path) / name).write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(RulebookError, match=f"{name}: .*: its name does not end with"):
        load(tmp_path)
    (tmp_path / name).rename((tmp_path / name).with_name(".stay.yaml.swp"))
    load(tmp_path)


@pytest.mark.parametrize(
    "problem",
    [
        "Expected `str`, got `int`",
        "Expected `array`, got `object`",
        "Expected `object | null`, got `str`",
        "Expected `bool`, got `str`",
        "Expected `array` of length 2, got 1",
        "Expected `str` of length >= 1",
    ],
)
def test_nothing_of_the_programs_own_words_is_left_in_what_an_officer_reads(problem):
    assert not re.search(r"`|Expected|array|object|null|\bstr\b|\bint\b", said(problem))
