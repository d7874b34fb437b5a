"""Interim settlements at a desk, the choosing of an item that is no code, and the forecast of deductions, over HTTP without a script."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from central_sync.terms.languages import Language
from central_sync.wire import packets as p
from central_sync.wire.packets import PricedLine
from edge.accounts import Role
from edge.console.desk import foresight
from edge.console.desk.case import Case, Line
from edge.console.lobby import BASE
from edge.forecast import Forecaster
from tests.edge.console.desk.hospital import NUMBER, Hospital, Person
from tests.edge.rulebook_hub import whole
from tests.edge.world import Edge, until
from tests.sim import hub as sim
from tests.sim.hub import SimHub


async def stay(clerk: Person) -> str:
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    await clerk.send("/open", 1, diagnosis="j18.9", department="ward")
    await clerk.charge()
    return clerk.path.rpartition("/")[2]


async def test_a_part_of_a_stay_is_settled_booked_taken_back_and_the_stay_goes_on(clerk: Person, hub: SimHub) -> None:
    hid = await stay(clerk)
    assert "Settle a part of the stay" in clerk.main
    await clerk.get(f"/desk/case/{hid}/bill?until=")
    assert "Part of the stay, until" in clerk.main
    await clerk.send("/settle-part")
    assert "Settled in part, until" in clerk.main
    assert "It is settled. Take the patient's part, then say that it is booked." in clerk.main
    await clerk.send("/booked")
    assert clerk.has("/fees"), "the stay goes on"
    assert clerk.has("/cancel")
    of = clerk.form("/cancel")[1]["of"]
    await clerk.get(f"/desk/case/{hid}/slip?of={of}")
    assert "Settled and booked." in clerk.main
    assert "Part of the stay" in clerk.main
    await clerk.get(f"/desk/case/{hid}")
    await clerk.send("/cancel")
    assert "Settled in part" not in clerk.main
    assert await clerk.hospital.numbers(hid) == ["2401", "2301", "2304", "49", "2305"]


async def test_a_part_that_is_below_zero_is_given_back_to_the_patient(
    clerk: Person, hub: SimHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it makes good an earlier part."""
    hid, made = await stay(clerk), sim.settlement
    monkeypatch.setattr(sim, "settlement", lambda *told: msgspec.structs.replace(made(*told), patient=-400))
    await clerk.get(f"/desk/case/{hid}/bill?until=")
    await clerk.send("/settle-part")
    assert "The patient gets back 4.00 CNY" in clerk.main
    assert "Give the patient back what stands there" in clerk.main
    assert "Take the patient's part" not in clerk.main
    await clerk.send("/booked")
    of = clerk.form("/cancel")[1]["of"]
    await clerk.get(f"/desk/case/{hid}/slip?of={of}")
    assert "The patient gets back 4.00 CNY" in clerk.main


async def test_the_slip_of_the_rest_has_no_line_that_a_part_settled(
    clerk: Person, hub: SimHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hid = await stay(clerk)
    opened = await clerk.hospital.clerks._casebook.steps(hid, clerk.hospital.now())
    settled = PricedLine(
        serial=opened[1].request.lines[0].serial, amount=1000, catalogue_class="", own_pay=0, over_ceiling=0, first_self_pay=0,
        in_scope=1000,
    )  # fmt: skip
    made = sim.settlement
    monkeypatch.setattr(sim, "settlement", lambda *told: msgspec.structs.replace(made(*told), lines=[settled]))
    await clerk.get(f"/desk/case/{hid}/bill?until=")
    await clerk.send("/settle-part")
    await clerk.send("/booked")
    of = clerk.form("/cancel")[1]["of"]
    assert "Together 10.00 CNY Settled before 10.00 CNY Not settled yet 0.00 CNY" in clerk.main
    await clerk.charge("B77", "25")
    assert "Together 35.00 CNY Settled before 10.00 CNY Not settled yet 25.00 CNY" in clerk.main
    await clerk.send("/discharge", way="recovered", diagnosis="J18.9")
    for step in ("", "/settle", "/booked"):
        if step:
            await clerk.get(f"/desk/case/{hid}/bill" if step == "/settle" else f"/desk/case/{hid}")
            await clerk.send(step)
        await clerk.get(f"/desk/case/{hid}/slip")
        assert ("B77" in clerk.main, "A1" in clerk.main) == (True, False)
        monkeypatch.setattr(sim, "settlement", made)
    await clerk.get(f"/desk/case/{hid}/slip?of={of}")
    assert ("B77" in clerk.main, "A1" in clerk.main) == (False, True)


async def test_a_part_in_doubt_stops_every_other_settlement_until_it_is_certain(
    clerk: Person, hub: SimHub, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    hid = await stay(clerk)
    await clerk.get(f"/desk/case/{hid}/bill?until=")
    monkeypatch.setattr("edge.console.desk.teller.DEADLINE_MS", 2_000)
    hub.faults.frozen = True
    await clerk.send("/settle-part")
    assert "Nobody can say yet whether this was settled." in clerk.main
    assert clerk.has("/reverse")
    await clerk.get(f"/desk/case/{hid}/bill?until=")
    assert clerk.path == f"/desk/case/{hid}", "no other settlement is offered"
    hub.faults.frozen = False
    await until(lambda: edge.journal.open_count == 0)
    await clerk.get(f"/desk/case/{hid}")
    assert clerk.has("/booked")


async def test_a_part_until_no_day_or_one_to_come_or_without_a_line_is_none(hospital: Hospital, clerk: Person) -> None:
    hid = await stay(clerk)
    tomorrow = (hospital.now() + timedelta(days=2)).date().isoformat()
    for day in ("2026-13-40", "x", "%00", tomorrow):
        await clerk.get(f"/desk/case/{hid}/bill?until={day}")
        assert "the day" in clerk.main
    await clerk.get(f"/desk/case/{hid}/bill?until=2020-01-01")
    assert clerk.path == f"/desk/case/{hid}"
    whole_, form = clerk.form("/fees")
    for total in ("1", "1000"):
        settle = {**form, "total": total, "bill": "x", "until": "2020-01-01"}
        await clerk.post(whole_.replace("/fees", "/settle-part"), settle)
        assert "The bill has changed meanwhile." in clerk.main
    visit = await clerk.visit()
    await clerk.charge()
    await clerk.get(f"/desk/case/{visit}/bill?until=")
    assert clerk.path == f"/desk/case/{visit}", "visits are not settled in part"


@pytest.fixture
def law(hospital: Hospital) -> None:
    """A rulebook is in use: that of China, whose money the hospital has."""
    accepted = SimpleNamespace(told=SimpleNamespace(region="cn"), whole=whole())
    hospital.clerks._law._current = lambda: accepted


@pytest.mark.usefixtures("law")
async def test_what_is_no_code_is_asked_about_and_taken_with_what_else_was_typed(clerk: Person) -> None:
    await clerk.visit()
    await clerk.send("/fees", item="床位费", price="30", quantity="2")
    assert "Which one is meant?" in clerk.main
    assert "CW0001" in clerk.main
    assert "30" not in clerk.main.partition("What happened")[2]
    await clerk.send("/fees", 0)
    assert "60.00 CNY" in clerk.main
    assert clerk.main.count("普通床位费") == 1
    await clerk.send("/fees", item="床位费", price="30")
    last = clerk.page.count('/fees"') - 2
    await clerk.send("/fees", last)
    assert "the code of the item" in clerk.main, "as it was typed it is no code at all"
    await clerk.send("/fees", item="HIS-77", price="1")
    assert "HIS-77" in clerk.main, "what no name has in it is taken as a code of the hospital's own"


@pytest.mark.usefixtures("law")
async def test_items_are_found_as_they_are_typed_and_nothing_typed_can_be_markup(
    hospital: Hospital, clerk: Person
) -> None:
    await clerk.get("/desk/items?q=cw0")
    assert clerk.page.count('role="option"') == 5
    for typed in ("", "%3Cscript%3E", "%00", "x" * 3000):
        await clerk.get(f"/desk/items?q={typed}")
        assert (clerk.status, clerk.page.strip()) == (200, "")
    stranger = await hospital.person("tech", role=Role.TECHNICIAN)
    await stranger.get("/desk/items?q=cw0")
    assert "option" not in stranger.page


@pytest.mark.parametrize(("language", "words"), [(Language.EN, "A review would take off"), (Language.ZH, "审核会从")])
async def test_what_a_review_would_take_off_is_told_before_the_settlement_line_or_no_line(
    hospital: Hospital, edge: Edge, hub: SimHub, tmp_path: Path, language: Language, words: str
) -> None:
    edge.intake._forecaster = Forecaster("Asia/Shanghai")
    clerk = await hospital.clerk(language=language.value)
    hid = await clerk.visit()
    await clerk.charge("NOSUCH", "10")
    await clerk.get(f"/desk/case/{hid}/bill")
    assert words in clerk.main
    assert clerk.has("/settle"), "it holds up nothing"
    assert clerk.page.count(f'href="{BASE}/desk/case/{hid}?write=diagnosis"') == 2, (
        "there is none: it leads to where one is written, beside it and first of all that can be done"
    )
    focused = re.findall(r"<(?:a|button)[^>]* autofocus[^>]*>", clerk.page)
    assert ["?write=diagnosis" in one for one in focused] == [True], (
        "nothing of it would be left: Enter settles nothing"
    )
    await clerk.get(f"/desk/case/{hid}?write=diagnosis")
    assert re.search(r'<details open><summary>[^<]+</summary>\s*<form[^>]+/diagnosis"', clerk.page)
    assert re.findall(r'<input name="(\w+)"[^>]* autofocus', clerk.page) == ["diagnosis"]
    await hub.stop()
    await until(lambda: not edge.uplink.up)
    await clerk.get(f"/desk/case/{hid}/bill")
    assert words in clerk.main
    assert not clerk.has("/settle")


async def test_what_a_review_asks_for_can_be_said_with_a_line(hospital: Hospital, clerk: Person) -> None:
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    await clerk.send("/open", doctor="Dr. Example")
    await clerk.charge("A1", "10", relative_value_code="900100")
    await clerk.charge("B1", "10", doctor="")
    hid = clerk.path.rpartition("/")[2]
    first, second = (
        step.request.lines[0].facts for step in (await hospital.clerks._casebook.steps(hid, hospital.now()))[1:]
    )
    assert (first.doctor, first.relative_value_code) == ("Dr. Example", "900100")
    assert second is None, "what is empty is not said"


async def test_what_the_catalogue_knows_of_a_line_is_said_with_it_unless_the_clerk_says_another(
    hospital: Hospital, clerk: Person
) -> None:
    accepted = SimpleNamespace(told=SimpleNamespace(region="ir"), whole=whole())
    hospital.clerks._law._current = lambda: accepted
    hid = await clerk.visit()
    await clerk.charge("A0001", "10")
    await clerk.charge("a0001", "10", relative_value_code="900100")
    await clerk.charge("D0001", "10")
    await clerk.charge("HIS-77", "10")
    steps = await hospital.clerks._casebook.steps(hid, hospital.now())
    relative, typed, drug, own = (step.request.lines[0].facts for step in steps[1:])
    assert (relative.relative_value_code, relative.national_code) == ("A0001", "")
    assert typed.relative_value_code == "900100"
    assert (drug.relative_value_code, drug.national_code) == ("", "2500000000000101")
    assert own is None


@pytest.mark.usefixtures("law")
async def test_a_review_foretold_knows_whose_bill_it_is_also_without_a_line(
    hospital: Hospital, edge: Edge, hub: SimHub, clerk: Person
) -> None:
    edge.intake._forecaster = Forecaster("Asia/Shanghai")
    hid = await clerk.visit()
    await clerk.charge("SS0010", "10")
    await hub.stop()
    await until(lambda: not edge.uplink.up)
    await clerk.get(f"/desk/case/{hid}/bill")
    assert "This item is not for this sex. Check the person and the item." in clerk.main


def test_a_draft_says_what_is_known_and_nothing_that_rules_do_not_know() -> None:
    line = Line(
        p.FeeLine(
            serial="1", item="A1", unit_price="1", service_date=date(2026, 3, 20), quantity="1", amount=1,
            facts=p.LineFacts(doctor="D"),
        ),
        provisional=False,
    )  # fmt: skip
    person = p.PersonRef(kind="ir_national_code", number=NUMBER)
    case: Case = SimpleNamespace(
        care="outpatient", day=date(2026, 3, 20), discharged=False, person=person, diagnoses=()
    )  # type: ignore[assignment]
    told = foresight.About("cn", "tier_3", "other", date(1990, 5, 4))
    draft = foresight.draft(case, (line,), "CNY", told, Language.EN, None)
    asked = msgspec.convert(draft, p.Forecast, strict=False)
    assert (asked.region, asked.tier, asked.sex, asked.birth_date) == ("cn", "tier_3", "", date(1990, 5, 4))
    assert asked.lines[0].doctor == "D"
    female = foresight.draft(case, (line,), "CNY", told._replace(sex="female"), Language.EN, None)
    assert female is not None
    assert female["sex"] == "female"


async def test_without_rules_nothing_is_told_of_a_review(clerk: Person) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    await clerk.get(f"/desk/case/{hid}/bill")
    assert "review" not in clerk.main
    assert clerk.has("/settle")


def test_a_line_that_takes_something_back_is_no_draft() -> None:
    line = SimpleNamespace(fee=SimpleNamespace(amount=-1))
    case: Case = SimpleNamespace(lines=(line,))  # type: ignore[assignment]
    about = foresight.About()
    assert foresight.draft(case, (line,), "CNY", about, Language.EN, None) is None  # type: ignore[arg-type]
    assert foresight.draft(case, (), "CNY", about, Language.EN, None) is None
