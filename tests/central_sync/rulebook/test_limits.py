"""Limits of items and diagnoses: joined with the catalogue, and strict."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest

from central_sync.rulebook.limits import places
from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.strict import RulebookError

RULEBOOK = load()
LIMITS = "rules/limits"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(PACKAGED / LIMITS, tmp_path / LIMITS)
    return tmp_path


def _row(folder, region, code, column, value):
    path = folder / LIMITS / f"{region}.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    place = head.split(",").index(column)
    for number, row in enumerate(rows):
        cells = row.split(",")
        if cells[0] == code:
            cells[place] = value
            rows[number] = ",".join(cells)
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def test_every_item_of_the_catalogue_is_there_with_or_without_a_limit(folder):
    found = places(folder, LIMITS, RULEBOOK)

    for code, region in RULEBOOK.regions.items():
        assert set(found[code].items) == set(region.items)
    assert found["ir"].items["D0014"].quantity_max == Decimal(20)
    assert found["ir"].items["D0009"].quantity_max is None


def test_an_item_may_act_as_another_kind_than_the_catalogue_gives_it(folder):
    assert RULEBOOK.regions["cn"].items["ZL0001"].kind != "visit"
    assert places(folder, LIMITS, RULEBOOK)["cn"].items["ZL0001"].kind == "visit"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("code", "NOT-THERE"),
        ("code", "D0001"),
        ("sex", "both"),
        ("antibiotic", "strong"),
        ("counts_as", "guess"),
        ("tiers", "village"),
        ("cares", "home"),
        ("includes", "NOT-THERE"),
        ("approval", "true"),
        ("quantity_max", "many"),
        ("quantity_max", "-1"),
        ("quantity_max", "NaN"),
        ("every_days", "1.5"),
    ],
)
def test_a_wrong_limit_is_named_by_its_line(folder, column, value):
    _row(folder, "ir", "D0014", column, value)

    with pytest.raises(RulebookError, match=r"limits/ir\.csv: line \d+: "):
        places(folder, LIMITS, RULEBOOK)


def test_a_range_of_diagnoses_that_ends_before_it_begins_is_an_error(folder):
    path = folder / LIMITS / "diagnoses.csv"
    path.write_text(path.read_text().replace("C51,C58", "C58,C51"))

    with pytest.raises(RulebookError, match="range"):
        places(folder, LIMITS, RULEBOOK)


def test_a_region_without_limits_has_its_tariffs_alone(folder):
    (folder / LIMITS / "ir.yaml").unlink()
    (folder / LIMITS / "ir.csv").unlink()

    place = places(folder, LIMITS, RULEBOOK)["ir"]

    assert not any(item.limited for item in place.items.values())
    assert place.items["D0009"].tariffs
    assert place.session_percents == (100,)


def test_limits_of_a_region_that_there_is_not_are_an_error(folder):
    shutil.copy(folder / LIMITS / "ir.csv", folder / LIMITS / "atlantis.csv")

    with pytest.raises(RulebookError, match="atlantis"):
        places(folder, LIMITS, RULEBOOK)


def test_what_restricts_a_chinese_item_reaches_the_audit_with_its_dated_prices(folder):
    items = places(folder, LIMITS, RULEBOOK)["cn"].items
    assert (items["YP0029"].sex, items["YP0029"].indications) == ("male", ("N40",))
    assert (items["YP0028"].age_to, items["YP0104"].age_from) == (12, 18)
    assert (items["YP0026"].cares, items["YP0026"].tiers) == (("inpatient",), ("tier_2", "tier_3"))
    assert (items["YP0026"].antibiotic, items["YP0026"].approval) == ("special", True)
    assert (items["YP0101"].supply_days_max, items["HC0008"].quantity_max) == (30, Decimal(2))
    assert [(str(one.from_day), one.ceilings[""]) for one in items["YP0101"].tariffs] == [
        ("2023-01-01", Decimal(558000)),
        ("2026-01-01", Decimal(498000)),
    ]
    assert items["HY0013"].tariffs[0].ceilings == {"tier_1": 11000, "tier_2": 12500, "tier_3": 14000}
