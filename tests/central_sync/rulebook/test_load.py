"""The loader holds the files together, and says in which file and at which key they do not fit."""

from __future__ import annotations

import re

import pytest

from central_sync.benefits import bundle
from central_sync.rulebook.changes import parameters
from central_sync.rulebook.load import load
from central_sync.rulebook.strict import RulebookError
from central_sync.terms.languages import Language
from tests.central_sync.rulebook.mistakes import EMPLOYEE, ILLNESS, STAY, VISIT, Mistake, change, copied, refused

MONEY = "{text: x, unit: CNY, values: [{from: 2023-01-01, value: '2', reference: illustrative_cn}]}"

MISTAKES = {
    "unknown_cap": Mistake(STAY, "caps: [pool]", "caps: [pond]", "caps"),
    "unused_cap": Mistake(VISIT, "caps: [outpatient, pool]", "caps: [pool]", "caps.outpatient", EMPLOYEE),
    "unknown_part": Mistake(STAY, "takes: [in_scope]", "takes: [everything]", "takes"),
    "unknown_care": Mistake(STAY, "cares: [inpatient]", "cares: [dental]", "cares"),
    "a_care_twice": Mistake(VISIT, "cares: [outpatient]", "cares: [outpatient, inpatient]", "cares"),
    "a_yearly_counter_without_a_name": Mistake(ILLNESS, "  counter: burden_above_threshold\n", "", "bands.counter"),
    "a_counter_of_one_bill": Mistake(
        STAY, "bands:\n  per: bill", "bands:\n  per: bill\n  counter: banded", "bands.counter"
    ),
    "a_counter_named_as_a_cap": Mistake(VISIT, "counter: outpatient_in_scope", "counter: pool", "counter"),
    "unknown_layer": Mistake(EMPLOYEE, "layer: base", "layer: bottom", "layer"),
    "unknown_required_layer": Mistake(
        "schemes/cn_critical_illness/scheme.yaml",
        "requires: base",
        "requires: bottom",
        "requires",
    ),
    "unknown_region": Mistake(EMPLOYEE, "region: cn", "region: xx", "region"),
    "another_code_than_the_folder": Mistake(EMPLOYEE, "code: cn_employee", "code: cn_other", "code"),
    "unknown_currency": Mistake("regions/cn.yaml", "currency: CNY", "currency: XXX", "currency"),
    "unknown_zone": Mistake("regions/cn.yaml", "Asia/Shanghai", "Asia/Nowhere", "zone"),
    "unknown_identifier": Mistake("regions/cn.yaml", "cn_resident_number", "cn_number", "identifier_kind"),
    "an_unknown_language": Mistake(STAY, "    zh: 每次住院起付线", "    de: 每次住院起付线", "deductible.text"),
    "a_missing_language": Mistake(STAY, "    zh: 每次住院起付线\n", "", "deductible.text"),
    "an_empty_translation": Mistake(STAY, "    zh: 每次住院起付线", '    zh: ""', "deductible.text.zh"),
    "a_region_of_an_unknown_language": Mistake("regions/cn.yaml", "language: zh", "language: de", "language"),
    "an_insured_tier_that_is_none": Mistake(
        "regions/cn.yaml", "rounding:", "insured_tier: tier_9\nrounding:", "insured_tier"
    ),
    "a_modifier_that_changes_nothing": Mistake(
        "regions/cn.yaml", "rounding:", "modifiers: {'7': {}}\nrounding:", "modifiers.7"
    ),
    "a_modifier_of_an_unknown_kind": Mistake(
        "regions/cn.yaml", "rounding:", "modifiers: {'7': {kinds: [magic]}}\nrounding:", "modifiers.7.kinds"
    ),
    "a_modifier_in_money": Mistake(
        "regions/cn.yaml", "rounding:", f"modifiers: {{'7': {{price: {MONEY}}}}}\nrounding:", "modifiers.7.price.unit"
    ),
    "unknown_diagnosis_list": Mistake("regions/cn.yaml", "icd10_cn", "icd9", "diagnosis_list"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_file_and_key(tmp_path, name):
    refused(tmp_path, MISTAKES[name])


@pytest.mark.parametrize("file", ["tariffs/old.csv", "schemes/cn_new/notes.yaml"])
def test_a_file_that_nothing_names_is_refused(tmp_path, file):
    copied(tmp_path)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("", encoding="utf-8")
    with pytest.raises(RulebookError):
        load(tmp_path)


def test_a_folder_that_is_no_rulebook_is_refused(tmp_path):
    with pytest.raises(RulebookError):
        load(tmp_path)


def test_a_comment_changes_no_version_and_a_value_does(tmp_path):
    shipped = load().version
    change(copied(tmp_path), STAY, "cares:", "# a remark\ncares:")
    assert load(tmp_path).version == shipped
    change(tmp_path, STAY, 'value: "900"', 'value: "899"')
    assert load(tmp_path).version != shipped


def test_what_the_shipped_rulebook_calls_things_is_known_in_the_language_of_their_region():
    book = load()

    rules = {parameter.rule for parameter, _ in parameters(book)}

    for key in (
        "cn_employee.inpatient.deductible",
        "ir_supplementary.caps.contract",
        "ir.coefficients.surgery.technical",
    ):
        assert key in rules
        assert book.called(key, Language.FA) != book.called(key, Language.ZH) != ""
    assert all(book.called(f"region.{code}", region.language) for code, region in book.regions.items())
    assert book.called("cn_employee", Language.ZH) == "职工基本医疗保险统筹基金"
    assert book.called("source.illustrative_cn", Language.FA).startswith("ساختگی")


def test_everything_that_the_shipped_rulebook_says_it_says_in_three_languages():
    book = load()
    said = {parameter.rule for parameter, _ in parameters(book)} | book.schemes.keys()
    said |= {f"source.{code}" for code in book.sources} | {f"region.{code}" for code in book.regions}

    for language, letters in ((Language.FA, "[\u0600-\u06ff]"), (Language.ZH, "[\u4e00-\u9fff]")):
        missing = [key for key in sorted(said) if not re.search(letters, book.called(key, language))]
        assert missing == [], f"no {language} text: write `text: {{en: …, fa: …, zh: …}}`"
        foreign = {key: text for key, text in book.texts[language].items() if re.search("[A-Za-z]{2}", text)}
        assert foreign == {}


def test_another_translation_is_another_version_and_survives_the_bundle(tmp_path):
    shipped = load()
    change(copied(tmp_path), STAY, "zh: 每次住院起付线", "zh: 每次住院的起付线")

    other = load(tmp_path)

    assert other.version != shipped.version
    assert bundle.unpacked(bundle.packed(other)) == other


def test_a_region_says_which_tiers_prices_are_insured_and_what_modifiers_do(tmp_path):
    double = MONEY.replace("CNY", "factor")
    more = MONEY.replace("CNY", "units")
    change(
        copied(tmp_path),
        "regions/cn.yaml",
        "rounding:",
        f"insured_tier: tier_2\nmodifiers: {{'90': {{kinds: [visit], professional: {double}, units: {more}}}}}\nrounding:",
    )
    region = load(tmp_path).regions["cn"]
    modifier = region.modifiers["90"]
    assert (region.insured_tier, modifier.kinds, modifier.technical) == ("tier_2", ("visit",), None)
    assert (modifier.professional.rows[0].value, modifier.units.rule) == (2, "cn.modifiers.90.units")
