"""The compiler of audit rules: strict about everything that an officer may get wrong."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from msgspec import structs

from central_sync.benefits.audit.bundle import Takes, Telling, unpacked
from central_sync.rulebook.audit_rules import build, compiled
from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.strict import RulebookError, line_of
from central_sync.terms.languages import Language

RULEBOOK = load()
IDENTITY = "rules/identity.yaml"
PERSIAN = re.compile(r"[\u0600-\u06ff]")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]+")


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(PACKAGED / "rules", tmp_path / "rules")
    return tmp_path


def _change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_building_twice_gives_the_same_bytes():
    assert build() == build()
    assert unpacked(build()).version


WRONG = [
    (IDENTITY, "table: identity", "table: persons", "table"),
    (IDENTITY, "over: case", "over: bill", "over"),
    (IDENTITY, "IDN-02", "IDN-01", "rules[1].rule"),
    (IDENTITY, "rule: IDN-01", "rule: IDN1", "$.rules[0].rule"),
    (IDENTITY, "severity: reject", "severity: fatal", "$.rules[0].severity"),
    (IDENTITY, "    desk:\n", "    desks:\n", "$.rules[0]"),
    (IDENTITY, "      zh: 证件", "      de: 证件", "$.rules[0].text"),
    (IDENTITY, "      zh: 证件号码有误\n", "", "$.rules[0].text"),
    (IDENTITY, "      fa: شمارهٔ", "      fa: ا\n      fb: شمارهٔ", "$.rules[0].text"),
    (IDENTITY, "source: form", "source: hearsay", "rules[0].wordings[0].source"),
    (IDENTITY, "identifier_wrong: yes", "identifier_odd: yes", "rules[0].wordings[0].when.identifier_odd"),
    (IDENTITY, "identifier_wrong: yes", "identifier_wrong: no", "rules[0].wordings[0].when.identifier_wrong"),
    (IDENTITY, "above 120", "over 120", "rules[2].wordings[0].when.age_years"),
    (IDENTITY, 'openimis: "9"', "openimis: nine", "rules[8].openimis"),
    (IDENTITY, "    severity: reject\n", "    severity: reject\n    takes: all\n", "rules[0].takes"),
    ("rules/items.yaml", "takes: coins over_tariff", "takes: coins kind", "rules[3].takes"),
    ("rules/items.yaml", "takes: coins over_tariff", "takes: some", "rules[3].takes"),
    ("rules/items.yaml", "takes: coins over_tariff", 'takes: "1.5"', "rules[3].takes"),
    ("rules/items.yaml", "    takes: coins over_tariff\n", "", "rules[3].takes"),
    ("rules/stays.yaml", "from: 2025-01-01", "from: 2019-01-01", "rules[9].wordings[1].from"),
    ("rules/stays.yaml", "from: 2025-01-01", "from: 2025-13-01", "$.rules[9].wordings[1].from"),
    ("rules/stays.yaml", "{from: 2025-01-01", "{from: 2025-01-01, to: 2024-01-01", "rules[9].wordings[1].to"),
    ("rules/sources.yaml", "practice:", "custom:", "rules[9].wordings[0].source"),
    ("rules/sources.yaml", "practice:", 'rumour:\n  title: "x"\npractice:', "rumour"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "key"), WRONG, ids=[f"{row[1]} → {row[2]}".replace("\n", " ") for row in WRONG]
)
def test_a_mistake_is_named_by_its_key(folder, file, old, new, key):
    _change(folder, file, old, new)

    with pytest.raises(RulebookError) as caught:
        compiled(folder, RULEBOOK)

    assert caught.value.key == key


def test_a_missing_language_and_an_unknown_one_are_told_with_their_line(folder):
    plain = (folder / IDENTITY).read_text(encoding="utf-8")
    for old, new, line in (("      zh: 证件号码有误\n", "", 6), ("      zh: 证件", "      de: 证件", 9)):
        (folder / IDENTITY).write_text(plain, encoding="utf-8")
        _change(folder, IDENTITY, old, new)

        with pytest.raises(RulebookError) as caught:
            compiled(folder, RULEBOOK)

        assert line_of(folder, caught.value) == line


def test_every_rule_speaks_three_languages_each_in_its_own_letters():
    rules = unpacked(build()).rules.values()

    assert len({rule.rule for rule in rules}) == 90
    for rule in rules:
        assert rule.told(Language.EN) == Telling(rule.text, rule.desk, rule.reviewer)
        for text in structs.astuple(rule.told(Language.FA)):
            assert PERSIAN.search(text), (rule.rule, text)
            assert not CHINESE.search(text), (rule.rule, text)
            assert not set("يك") & set(text), f"{rule.rule}: Arabic letters in Persian"
        for text in structs.astuple(rule.told(Language.ZH)):
            assert CHINESE.search(text), (rule.rule, text)
            assert not PERSIAN.search(text), (rule.rule, text)
        for text in (*structs.astuple(rule.told(Language.FA)), *structs.astuple(rule.told(Language.ZH))):
            assert set(LATIN.findall(text)) <= {"ICD", "C", "V", "Y"}, f"{rule.rule}: {text}"


def test_a_rule_in_english_alone_is_read_in_english(folder):
    file = "rules/plain.yaml"
    (folder / file).write_text(
        "table: plain\nover: case\ntext: x\nrules:\n"
        "  - {rule: XXX-01, text: A name, severity: warn, reason: odd, desk: Do this now., reviewer: It is odd.,\n"
        "     wordings: [{from: 2020-01-01, source: practice, when: {diagnoses: '0'}}]}\n",
        encoding="utf-8",
    )

    rule = compiled(folder, RULEBOOK).rules["XXX-01@2020-01-01"]

    assert rule.told(Language.FA) == Telling("A name", "Do this now.", "It is odd.")

    _change(folder, file, "text: A name", "text: {en: A name, fa: نام, zh: 名}")
    with pytest.raises(RulebookError, match="in English alone"):
        compiled(folder, RULEBOOK)


def test_a_wording_ends_the_day_before_the_next_one_begins(folder):
    wordings = [rule for rule in compiled(folder, RULEBOOK).rules.values() if rule.rule == "STA-10"]

    assert [(str(rule.from_day), str(rule.to_day)) for rule in wordings] == [
        ("2020-01-01", "2024-12-31"),
        ("2025-01-01", "None"),
    ]


def test_an_officer_changes_a_threshold_by_changing_one_number(folder):
    _change(folder, "rules/stays.yaml", "idle_percent: above 50", "idle_percent: above 70")

    rows = compiled(folder, RULEBOOK).model["nodes"][2]["content"]["rules"]

    assert next(row for row in rows if row["_id"].startswith("STA-02"))["in-idle_percent"] == "> 70"


def test_a_rejection_takes_all_and_a_deduction_what_it_says(folder):
    rules = {rule.rule: rule for rule in compiled(folder, RULEBOOK).rules.values()}

    assert rules["ITM-01"].takes is Takes.ALL
    assert (rules["ITM-04"].takes, rules["ITM-04"].measure) == (Takes.COINS, "over_tariff")
    assert (rules["OPR-01"].takes, str(rules["OPR-01"].ratio)) == (Takes.RATIO, "0.10")
    assert rules["IDN-07"].takes is Takes.NOTHING


def test_what_rests_on_an_invented_figure_says_so(folder):
    rules = compiled(folder, RULEBOOK).rules.values()

    assert all(rule.illustrative for rule in rules if rule.rule in ("STA-01", "STA-02", "STA-10", "DRG-01"))
