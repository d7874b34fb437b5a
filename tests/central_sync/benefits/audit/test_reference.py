"""Reference data: the tariff of a day, and the range of a diagnosis."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from central_sync.benefits.audit.reference import DiagnosisLimit
from central_sync.benefits.facts import BillLine, CaseFacts
from central_sync.benefits.prices import price
from central_sync.rulebook.load import load
from tests.central_sync.benefits.audit.cases import shipped


@pytest.mark.parametrize(
    ("day", "ceiling"), [("2023-03-20", None), ("2023-03-21", 20_000), ("2026-03-20", 20_000), ("2026-03-21", 25_000)]
)
def test_a_tariff_holds_from_its_day_on(day, ceiling):
    tariff = shipped().places["ir"].items["D0004"].tariff(date.fromisoformat(day))

    assert (tariff.ceilings[""] if tariff else None) == ceiling


def test_what_the_audit_holds_against_a_price_is_what_the_engine_pays():
    """Two readers of one catalogue: the unit prices here, and the engine's own pricing."""
    rulebook = load()
    for code, region in rulebook.regions.items():
        for tier in region.tiers:
            for day in (date(2024, 5, 1), date(2025, 3, 20), date(2025, 3, 21), date(2026, 6, 1)):
                facts = CaseFacts("m", code, tier, "inpatient", day, date(1980, 1, 1), ())
                for item in region.items.values():
                    tariff = shipped().places[code].items[item.code].tariff(day)
                    if item.at(day) is None:
                        assert tariff is None
                        continue
                    line = BillLine("1", item.code, Decimal(1), Decimal(0), 10**12, day)
                    priced = price(rulebook, facts, [line])[0]
                    assert tariff.catalogue_class == priced.catalogue_class
                    ceiling = tariff.ceilings.get(tier) or tariff.ceilings.get("")
                    if ceiling is not None and priced.catalogue_class != "C":
                        assert priced.amount - (priced.over_tariff or priced.over_ceiling) == round(ceiling)


@pytest.mark.parametrize(
    ("code", "inside"), [("C51", True), ("C56.9", True), ("C58.900x001", True), ("C50.9", False), ("C60", False)]
)
def test_a_range_of_codes_holds_what_lies_under_its_ends(code, inside):
    assert DiagnosisLimit(first="C51", last="C58").covers(code) is inside
