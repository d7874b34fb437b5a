"""A line of the bill is changed: another one comes in its place, nothing is missing meanwhile, and nothing of it is done twice."""

from __future__ import annotations

import re
from types import SimpleNamespace

from central_sync.wire import packets as p
from edge.console.desk.foresight import of_answer
from tests.edge.console.desk.hospital import NUMBER, Hospital, Person
from tests.edge.world import Edge


async def serial_of(hospital: Hospital, hid: str) -> str:
    steps = await hospital.clerks._casebook.steps(hid, hospital.now())
    return next(step.request.lines[0].serial for step in reversed(steps) if isinstance(step.request, p.Fees))


async def test_a_line_is_changed_by_another_in_its_place_however_often_the_form_is_sent(
    hospital: Hospital, clerk: Person
) -> None:
    hid = await clerk.visit()
    await clerk.charge("A1", "10", quantity="3", name="thing")
    old = await serial_of(hospital, hid)
    await clerk.get(f"/desk/case/{hid}?mend={old}&field=doctor")
    whole, form = clerk.form("/fees")
    assert {name: form[name] for name in ("item", "quantity", "price", "name")} == {
        "item": "A1", "quantity": "3", "price": "10", "name": "thing",
    }  # fmt: skip
    assert re.findall(r'<input name="(\w+)"[^>]* autofocus', clerk.page) == ["doctor"]
    for _ in range(2):
        await clerk.post(whole, {**form, "doctor": "Dr. Example"})
        assert clerk.main.count("30.00 CNY") == 2, "one line, and the sum"
    assert await hospital.numbers(hid) == ["2201", "2204", "2204", "2205"]
    steps = await hospital.clerks._casebook.steps(hid, hospital.now())
    assert steps[2].request.lines[0].facts.doctor == "Dr. Example"
    assert steps[3].request.serials == [old]


async def test_what_a_line_says_besides_stays_with_it_unless_it_becomes_another_item(
    hospital: Hospital, clerk: Person, edge: Edge
) -> None:
    hid = await clerk.visit()
    for item, kept in (("A1", "G7"), ("B2", "")):
        line = {"serial": f"his-{item}", "item": "A1", "unit_price": "10", "quantity": "1", "amount": 1000,
                "service_date": hospital.now().date().isoformat(), "facts": {"group": "G7", "doctor": "old"}}  # fmt: skip
        await edge.call("2204", {"hid": hid, "currency": "CNY", "lines": [line]}, f"his-{item}")
        await clerk.get(f"/desk/case/{hid}?mend=his-{item}")
        await clerk.send("/fees", item=item, doctor="")
        facts = (await hospital.clerks._casebook.steps(hid, hospital.now()))[-2].request.lines[0].facts
        assert (facts.group if facts else "", facts.doctor if facts else "") == (kept, "")


async def test_a_line_that_is_gone_or_was_mistyped_is_not_changed(hospital: Hospital, clerk: Person) -> None:
    hid = await clerk.visit()
    await clerk.charge("A1", "10")
    old = await serial_of(hospital, hid)
    await clerk.get(f"/desk/case/{hid}?mend={old}")
    whole, form = clerk.form("/fees")
    await clerk.post(whole, {**form, "price": "x"})
    assert "the price" in clerk.main
    assert clerk.form("/fees")[1]["instead"] == old, "it is still that line"
    await clerk.send("/drop")
    await clerk.post(whole, form)
    assert "The case has moved on meanwhile." in clerk.main
    assert await hospital.numbers(hid) == ["2201", "2204", "2205"]
    await clerk.get(f"/desk/case/{hid}?mend=<b>")
    assert "instead" not in clerk.form("/fees")[1]


async def test_a_day_that_is_not_today_stays_the_lines_day(hospital: Hospital, clerk: Person) -> None:
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    await clerk.send("/open")
    hid = clerk.path.rpartition("/")[2]
    await clerk.charge("A1", "10", day="2024-02-29")
    await clerk.get(f"/desk/case/{hid}?mend={await serial_of(hospital, hid)}")
    await clerk.send("/fees", price="11")
    changed = (await hospital.clerks._casebook.steps(hid, hospital.now()))[-2]
    assert changed.request.lines[0].service_date.isoformat() == "2024-02-29"


def test_a_finding_leads_to_the_field_that_mends_it() -> None:
    def finding(serial: str, reason: str) -> dict[str, object]:
        return {"serial": serial, "reason": reason, "text": "", "desk": "", "takes": 5, "severity": "reject"}

    reasons = ["doctor_missing", "relative_value_missing", "day_quantity_over_limit", "amount_wrong", "duplicate"]
    findings = [*(finding("1", reason) for reason in reasons), finding("", "diagnosis_missing")]
    answer = {"findings": findings, "deduction": 25, "total": 30, "currency": "CNY", "open": []}
    line = SimpleNamespace(fee=SimpleNamespace(serial="1", name="", item="A1"))
    told = of_answer(answer, [line])  # type: ignore[list-item]
    fields = ["doctor", "relative_value_code", "quantity", "price", "item", ""]
    assert [row.field for row in told.rows] == fields
    assert not told.takes_all
    assert told.mended_first == told.rows[-1], "the diagnosis before any line"
    assert told._replace(rows=told.rows[:-1]).mended_first == told.rows[0]
    assert told._replace(rows=()).mended_first is None
    assert of_answer({**answer, "deduction": 30}, []).takes_all
    assert not of_answer({**answer, "deduction": 0, "total": 0}, []).takes_all
