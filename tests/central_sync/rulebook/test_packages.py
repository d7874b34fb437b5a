"""A table of fixed prices: each item its own, by day and kind of hospital; and each mistake with its line."""

from __future__ import annotations

from datetime import date

import pytest

from central_sync.rulebook.load import load
from central_sync.rulebook.strict import RulebookError
from central_sync.terms.languages import Language
from tests.central_sync.rulebook.mistakes import STAY, change, copied

HEAD = "item,from,text,price,price.tier_3,reference,illustrative\n"
GOOD = HEAD + (
    "SS0001,2024-01-01,fixed price one,5000,6000.50,illustrative_cn,true\n"
    "SS0001,2025-01-01,fixed price one,5500,,illustrative_cn,true\n"
    "SS0001,2026-01-01,fixed price one,,,illustrative_cn,true\n"
    "SS0002,2024-01-01,fixed price two,,900,illustrative_cn,true\n"
)
FILE = "schemes/cn_employee/fixed.csv"


def with_table(folder, text):
    copied(folder)
    change(folder, STAY, "takes:", "packages: fixed.csv\ntakes:")
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_each_item_has_a_price_of_its_own_by_day_and_tier(tmp_path):
    [stay] = load(with_table(tmp_path, GOOD)).schemes["cn_employee"].benefits["inpatient"]
    one = stay.package.prices["SS0001"]
    assert (one.rule, one.text, one.unit) == ("cn_employee.inpatient.packages.SS0001", "fixed price one", "CNY")
    assert one.at(date(2024, 5, 1), "tier_1").value == 500_000
    assert one.at(date(2024, 5, 1), "tier_3").value == 600_050
    assert one.at(date(2025, 5, 1), "tier_1").value == 550_000
    assert one.at(date(2026, 5, 1), "tier_1") is None
    assert stay.package.prices["SS0002"].at(date(2026, 5, 1), "tier_1") is None


def test_a_price_is_called_in_every_language_or_in_english_alone(tmp_path):
    head = "item,from,text,text.fa,text.zh,price,reference,illustrative\n"
    row = "SS0001,2024-01-01,fixed price,قیمت ثابت,定额,5000,illustrative_cn,true\n"

    book = load(with_table(tmp_path, head + row))

    rule = "cn_employee.inpatient.packages.SS0001"
    assert (book.called(rule, Language.FA), book.called(rule, Language.ZH)) == ("قیمت ثابت", "定额")
    (tmp_path / FILE).write_text(head + row.replace("定额", ""), encoding="utf-8")
    with pytest.raises(RulebookError, match=r"fixed\.csv:2: .*in every language"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("SS0002,", "NO0002,", ":5: "),
        ("fixed price two", "", ":5: "),
        (",900,illustrative_cn", ",900,nobody", ":5: "),
        (",900,illustrative_cn,true", ",900,illustrative_cn,perhaps", ":5: "),
        (",,900,", ",,,", "no price, and none before"),
        ("SS0002,2024-01-01", "SS0002,2024-13-01", "from is not a day"),
        ("2025-01-01,fixed price one", "2024-01-01,fixed price one", ":3: "),
        ("2025-01-01,fixed price one", "2025-01-01,another name", ":3: "),
        ("SS0002,2024-01-01", "SS0002,20240101", "from is not a day"),
        ("SS0002,2024-01-01", "SS0002,2024-W01-1", "from is not a day"),
        ("6000.50", "6000.505", "more decimals"),
        ("6000.50", "-6000.50", "not a number without a sign"),
        ("6000.50", "NaN", "not a number"),
        ("6000.50", "1e400", "not a number"),
        ("6000.50", "06000.50", "not a number"),
        ("6000.50", "six", "not a number"),
        (GOOD[len(HEAD) :], "", "there is no price"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path, old, new, problem):
    assert old in GOOD
    with pytest.raises(RulebookError) as caught:
        load(with_table(tmp_path, GOOD.replace(old, new, 1)))
    assert caught.value.file == FILE
    assert problem in str(caught.value)


def test_a_table_that_no_benefit_names_is_refused(tmp_path):
    copied(tmp_path)
    (tmp_path / FILE).write_text(GOOD, encoding="utf-8")
    with pytest.raises(RulebookError, match="no benefit names this table"):
        load(tmp_path)


def test_a_table_and_a_package_together_are_refused(tmp_path):
    with_table(tmp_path, GOOD)
    package = "package: {text: one, unit: CNY, items: [SS0001], values: [{from: 2024-01-01, value: '5', reference: illustrative_cn}]}"
    change(tmp_path, STAY, "takes:", package + "\ntakes:")
    with pytest.raises(RulebookError, match="not both"):
        load(tmp_path)


def test_a_table_for_each_line_is_refused(tmp_path):
    with_table(tmp_path, GOOD)
    change(tmp_path, STAY, "takes:", "each: line\ntakes:")
    with pytest.raises(RulebookError, match="whole bill"):
        load(tmp_path)
