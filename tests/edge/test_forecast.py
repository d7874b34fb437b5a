"""The deduction forecast at the edge: answered by itself, line or no line, and nothing of it is kept or sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from central_sync.benefits.audit.auditor import Auditor
from central_sync.benefits.audit.bundle import packed, unpacked, versioned
from central_sync.terms.languages import Language
from central_sync.wire import packets as p
from central_sync.wire.refusals import Refused
from edge.drafts import claim_of
from edge.forecast import Forecaster, shipped
from edge.outcome import Outcome
from tests.edge.world import Edge, call
from tests.sim.hub import SimHub

NOW = datetime(2025, 6, 20, 21, 30, tzinfo=UTC)
"""The 21st in Shanghai."""


def draft(**changes: Any) -> dict[str, Any]:
    """Pneumonia, an outpatient: metformin without its indication, and a drug above its ceiling."""
    line = {"service_date": "2025-06-10", "quantity": "1"}
    return {
        "care": "outpatient",
        "currency": "CNY",
        "from_day": "2025-06-10",
        "tier": "tier_2",
        "send_on": "2025-06-11",
        "diagnoses": [{"code": "J18.900", "main": True}],
        "lines": [
            {**line, "serial": "1", "item": "YP0004", "unit_price": "9.80", "amount": 980},
            {**line, "serial": "2", "item": "HY0001", "unit_price": "21", "amount": 2100},
        ],
        **changes,
    }


@pytest.fixture
async def edge(hub: SimHub, tmp_path: Path) -> AsyncIterator[Edge]:
    async with Edge(tmp_path, hub.url, forecaster=Forecaster("Asia/Shanghai")) as edge:
        yield edge


async def test_the_draft_names_the_language_of_its_findings(edge: Edge) -> None:
    answers = {
        language: (await edge.call("3101", draft(language=language), f"L-{language}")).answer
        for language in ("en", "fa", "zh")
    }

    texts = {name: answer["findings"][0]["text"] for name, answer in answers.items() if answer}
    assert texts == {"en": "A drug without an indication", "fa": "دارو بدون اندیکاسیون", "zh": "药品无适应症"}
    assert (await edge.call("3101", draft(language="de"), "L-de")).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("called", "packet", "header", "text"),
    [
        ("zh", "fa", "en", "药品无适应症"),
        ("", "fa", "zh", "دارو بدون اندیکاسیون"),
        ("", "", "zh", "药品无适应症"),
        ("", "en", "zh", "A drug without an indication"),
        ("", "", "", "A drug without an indication"),
    ],
)
async def test_findings_are_told_in_the_language_of_the_call_else_of_the_draft_else_of_the_header(
    edge: Edge, called: str, packet: str, header: str, text: str
) -> None:
    asked = call("3101", draft(**({"language": packet} if packet else {})), "f1")
    spoken = {"language": Language(called) if called else None, "accepts": Language(header) if header else None}
    reply = await edge.intake.handle(structs.replace(asked, **spoken))
    assert reply.answer is not None
    assert reply.answer["findings"][0]["text"] == text


async def test_a_draft_is_judged_by_the_insurers_own_rules(edge: Edge) -> None:
    reply = await edge.call("3101", draft(), "f1")

    assert reply.outcome is Outcome.FINAL
    assert reply.answer is not None
    assert [(f["rule"], f["serial"], f["takes"]) for f in reply.answer["findings"]] == [
        ("DRG-01", "1", 980),
        ("ITM-04", "2", 100),
    ]
    assert (reply.answer["total"], reply.answer["deduction"]) == (3_080, 1_080)
    assert "COV-02" in reply.answer["open"]
    assert reply.answer["rules"] == unpacked(shipped()).version


async def test_nothing_of_a_draft_is_kept_or_sent(edge: Edge, hub: SimHub) -> None:
    await edge.call("3101", draft(), "f1")

    assert await edge.journal.find("H1", "f1") is None
    assert (await edge.journal.stats()).entries == {}
    assert "3101" not in str(vars(hub))


async def test_a_line_that_is_down_changes_nothing(tmp_path: Path) -> None:
    async with Edge(tmp_path, "http://127.0.0.1:9", forecaster=Forecaster("Asia/Shanghai")) as edge:
        reply = await edge.call("3101", draft(), "f1")

    assert reply.outcome is Outcome.FINAL


async def test_a_draft_may_be_wrong_in_every_way_but_its_shape(edge: Edge) -> None:
    wrong = draft(
        patient={"kind": "cn_resident_number", "number": "1"},
        diagnoses=[{"code": "J18.900"}, {"code": "??"}],
        total=1,
        lines=[
            {"serial": "1", "item": "?", "service_date": "2030-01-01", "quantity": "0", "unit_price": "1", "amount": 5}
        ],
    )

    reply = await edge.call("3101", wrong, "f1")

    assert reply.answer is not None
    assert {"IDN-01", "DIA-02", "DIA-03", "TOT-01", "ITM-01", "ITM-05", "ITM-06", "ITM-10", "ITM-11"} <= {
        finding["rule"] for finding in reply.answer["findings"]
    }


def test_the_largest_numbers_that_a_packet_may_hold_are_judged() -> None:
    largest = "999999999.9999"
    line = {
        "serial": "1", "item": "YP0004", "service_date": "2025-06-10", "quantity": largest, "daily_dose": largest,
        "unit_price": "9999999999999.999999", "amount": 10**15, "days": 10_000, "percent": 1_000,
    }  # fmt: skip
    answer = Forecaster("UTC").judge(_typed(draft(lines=[line], total=0)), NOW)

    assert {"TOT-01", "ITM-05", "ITM-18", "DRG-06"} <= {finding.rule for finding in answer.findings}
    assert answer.deduction == answer.total == 10**15


async def test_a_draft_of_another_shape_or_currency_is_refused(edge: Edge) -> None:
    assert (await edge.call("3101", {"care": "outpatient"}, "f1")).code == "packet_invalid"
    assert (await edge.call("3101", draft(currency="EUR"), "f2")).code == "currency_wrong"
    assert (await edge.call("3101", draft(sex="?"), "f3")).code == "packet_invalid"


async def test_an_edge_without_rules_says_so(tmp_path: Path, hub: SimHub) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        assert (await edge.call("3101", draft(), "f1")).code == "forecast_unavailable"


@pytest.mark.parametrize("rules", [b"", b"{}", shipped().replace(b"DRG-01", b"DRG-99")])
def test_rules_that_are_damaged_are_not_used(rules: bytes) -> None:
    forecaster = Forecaster("Asia/Shanghai", rules)

    with pytest.raises(Refused) as caught:
        forecaster.judge(_typed(draft()), NOW)

    assert caught.value.code == "forecast_unavailable"


def test_a_currency_of_no_region_is_refused() -> None:
    with pytest.raises(Refused, match="forecast_unavailable"):
        Forecaster("Asia/Shanghai").judge(_typed(draft(currency="THB")), NOW)


def test_a_region_may_be_named_and_must_have_the_currency() -> None:
    forecaster = Forecaster("Asia/Shanghai")

    assert forecaster.judge(_typed(draft(region="cn")), NOW) == forecaster.judge(_typed(draft()), NOW)
    with pytest.raises(Refused, match="forecast_unavailable"):
        forecaster.judge(_typed(draft(region="ir")), NOW)


def test_of_two_regions_with_one_currency_none_is_guessed() -> None:
    rules = unpacked(shipped())
    two = versioned(structs.replace(rules, places={**rules.places, "cn_second": rules.places["cn"]}))
    forecaster = Forecaster("Asia/Shanghai", packed(two))

    with pytest.raises(Refused, match="forecast_unavailable"):
        forecaster.judge(_typed(draft()), NOW)
    assert forecaster.judge(_typed(draft(region="cn_second")), NOW).deduction == 1_080


def test_today_is_the_institutions_own_day() -> None:
    future = [
        {
            "serial": "1",
            "item": "HY0001",
            "service_date": "2025-06-21",
            "quantity": "1",
            "unit_price": "20",
            "amount": 2000,
        }
    ]
    told = draft(send_on=None, from_day="2025-06-21", lines=future)

    here, west = (Forecaster(zone).judge(_typed(told), NOW) for zone in ("Asia/Shanghai", "UTC"))

    assert [f.rule for f in here.findings] == []
    assert [f.rule for f in west.findings] == ["IDN-09", "ITM-11"]


def test_the_edge_says_what_the_engine_says() -> None:
    typed = _typed(draft())
    audit = Auditor(unpacked(shipped())).judge(claim_of(typed, "cn", NOW.date()))

    answer = Forecaster("Asia/Shanghai").judge(typed, NOW)

    assert [(f.rule, f.serial, f.takes) for f in answer.findings] == [
        (f.rule.rule, f.serial, f.takes) for f in audit.findings
    ]
    assert answer.deduction == audit.deduction


def _typed(packet: dict[str, Any]) -> p.Forecast:
    import msgspec

    return msgspec.convert({key: value for key, value in packet.items() if value is not None}, p.Forecast)
