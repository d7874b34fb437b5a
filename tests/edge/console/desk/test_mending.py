"""A line of the bill is changed: another one comes in its place, nothing is missing meanwhile, and nothing of it is done twice."""

from __future__ import annotations

import re
from types import SimpleNamespace

from central_sync.terms.languages import Language
from central_sync.wire import packets as p
from central_sync.wire.desk_sentences import desk_sentence
from edge.calls import Call, Reply
from edge.console.desk.foresight import of_answer
from edge.replies import refused
from tests.edge.console.desk.hospital import NUMBER, Hospital, Person
from tests.edge.journal.drafts import applied, declined
from tests.edge.rulebook_hub import whole as rulebook
from tests.edge.world import Edge, until
from tests.sim.hub import SimHub


async def serial_of(hospital: Hospital, hid: str) -> str:
    steps = await hospital.clerks._casebook.steps(hid, hospital.now())
    return next(step.request.lines[0].serial for step in reversed(steps) if isinstance(step.request, p.Fees))


async def mending(hospital: Hospital, clerk: Person) -> str:
    """A visit with one line, which the clerk is about to change; its HID."""
    hid = await clerk.visit()
    await clerk.charge("A1", "10")
    await clerk.get(f"/desk/case/{hid}?mend={await serial_of(hospital, hid)}")
    return hid


async def line_down(edge: Edge, hub: SimHub) -> None:
    await hub.stop()
    await until(lambda: not edge.uplink.up)


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


async def test_the_row_of_the_line_that_is_changed_says_so_and_alone_has_nothing_that_takes_it_off(
    hospital: Hospital, clerk: Person
) -> None:
    hid = await mending(hospital, clerk)
    mended = await serial_of(hospital, hid)
    await clerk.get(f"/desk/case/{hid}")
    await clerk.charge("B2", "20")
    other = await serial_of(hospital, hid)
    for place, current, taken_off in (("", [], [mended, other]), (f"?mend={mended}", ["A1"], [other])):
        await clerk.get(f"/desk/case/{hid}{place}")
        rows = re.findall(r'<tr[^>]* aria-current="true"[^>]*>(.*?)</tr>', clerk.page, re.DOTALL)
        assert [re.findall(r"<bdi class=.code.>(\w+)", row)[0] for row in rows] == current
        assert ["being changed" in row for row in rows] == [True] * len(current)
        assert clerk.page.count("being changed") == len(current)
        assert re.findall(r'<button name="serial" value="([^"]+)"', clerk.page) == taken_off


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
    hid = await mending(hospital, clerk)
    old = await serial_of(hospital, hid)
    whole, form = clerk.form("/fees")
    await clerk.post(whole, {**form, "price": "x"})
    assert "the price" in clerk.main
    assert clerk.form("/fees")[1]["instead"] == old, "it is still that line"
    await clerk.get(f"/desk/case/{hid}")
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


async def test_a_line_stays_when_the_one_in_its_place_was_refused_however_often_the_form_is_sent(
    hospital: Hospital, clerk: Person, edge: Edge, hub: SimHub
) -> None:
    hid = await mending(hospital, clerk)
    whole, form = clerk.form("/fees")
    await line_down(edge, hub)
    line = {"serial": "new", "item": "B2", "unit_price": "10", "quantity": "1", "amount": 1000,
            "service_date": hospital.now().date().isoformat()}  # fmt: skip
    await edge.call("2204", {"hid": hid, "currency": "CNY", "lines": [line]}, form["msgid"])
    standing = await edge.journal.find("H1", form["msgid"])
    await edge.journal.receive(declined(standing.seq, "item_unknown", "2204"), None, hospital.now())
    await clerk.post(whole, {**form, "item": "B2"})
    assert ": refused." in clerk.main
    assert await hospital.numbers(hid) == ["2201", "2204", "2204"]


async def lost(hospital: Hospital, clerk: Person, edge: Edge, hub: SimHub) -> tuple[str, str]:
    """A visit whose one line was changed without a line; the change was refused later. Its HID, and the serial of the line."""
    hid = await mending(hospital, clerk)
    old = await serial_of(hospital, hid)
    await line_down(edge, hub)
    await clerk.send("/fees", item="B2")
    assert ": refused." not in clerk.main
    assert "No longer on the bill" not in clerk.main
    changed, off = (await hospital.clerks._casebook.steps(hid, hospital.now()))[-2:]
    await refuse(hospital, edge, changed.msgid)
    standing = await edge.journal.find("H1", off.msgid)
    await edge.journal.receive(applied(standing.seq, "2205"), None, hospital.now())
    await clerk.get(f"/desk/case/{hid}")
    return hid, old


async def refuse(hospital: Hospital, edge: Edge, msgid: str) -> None:
    standing = await edge.journal.find("H1", msgid)
    await edge.journal.receive(declined(standing.seq, "item_unknown", "2204"), None, hospital.now())


async def test_a_line_whose_change_was_refused_later_is_told_to_be_missing_and_is_put_on_the_bill_again(
    hospital: Hospital, clerk: Person, edge: Edge, hub: SimHub
) -> None:
    hid, old = await lost(hospital, clerk, edge, hub)
    for _ in range(2):
        assert "No longer on the bill: A1" in clerk.main
        assert desk_sentence("item_unknown", Language.EN) in clerk.main
        await clerk.charge("C3", "5")  # whatever else is done does not hide it
    await clerk.get(f"/desk/case/{hid}/bill")
    assert "No longer on the bill: A1" in clerk.main
    for refused_again in (True, False):
        await clerk.get(f"/desk/case/{hid}?mend={old}")
        assert "This line is put on the bill again: A1" in clerk.main
        assert "being changed" not in clerk.main
        before = len(await hospital.numbers(hid))
        whole, form = clerk.form("/fees")
        assert (form["item"], form["price"]) == ("A1", "10")
        for _ in range(2):
            await clerk.post(whole, form)
            assert "No longer on the bill" not in clerk.main
        assert (await hospital.numbers(hid))[before:] == ["2204"], "once, and nothing is taken off"
        if refused_again:
            await refuse(hospital, edge, form["msgid"])
            await clerk.get(f"/desk/case/{hid}")
            assert "No longer on the bill: A1" in clerk.main
    await clerk.post(whole, {**form, "msgid": "another"})
    assert "The case has moved on meanwhile." in clerk.main, "a form of before, for a line that is no longer missing"


async def test_a_missing_line_is_put_on_again_by_a_form_of_its_own_alone_also_where_an_item_has_to_be_chosen(
    hospital: Hospital, clerk: Person, edge: Edge, hub: SimHub
) -> None:
    hid, old = await lost(hospital, clerk, edge, hub)
    await clerk.get(f"/desk/case/{hid}?mend={old}")
    whole, form = clerk.form("/fees")
    await clerk.post(whole, {**form, "msgid": "another"})
    assert "The case has moved on meanwhile." in clerk.main
    await clerk.post(whole, {**form, "price": "x"})
    assert "the price" in clerk.main
    assert clerk.form("/fees")[1]["msgid"] == form["msgid"]
    accepted = SimpleNamespace(told=SimpleNamespace(region="cn"), whole=rulebook())
    hospital.clerks._law._current = lambda: accepted
    await clerk.send("/fees", item="床位费", price="30")
    assert "Which one is meant?" in clerk.main
    await clerk.send("/fees", 0)
    assert "No longer on the bill" not in clerk.main
    assert "30.00 CNY" in clerk.main


async def test_a_line_that_could_not_be_taken_off_is_told_beside_the_one_in_its_place(
    hospital: Hospital, clerk: Person, edge: Edge
) -> None:
    await mending(hospital, clerk)

    class Refuses:
        """What is told when another desk has taken the line off meanwhile."""

        async def handle(self, call: Call) -> Reply:
            if call.number == "2205":
                return refused(call.msgid, call.number, "fee_unknown")
            return await edge.intake.handle(call)

    hospital.clerks._counter._desk.teller._intake = Refuses()
    await clerk.send("/fees", price="11")
    assert "taking off the one before it was refused" in clerk.main
    assert desk_sentence("fee_unknown", Language.EN) in clerk.main


async def test_another_item_has_neither_the_name_nor_the_code_of_the_one_before(
    hospital: Hospital, clerk: Person, edge: Edge
) -> None:
    hid = await clerk.visit()
    for typed, told in (({}, ("", "")), ({"name": "new", "relative_value_code": "9"}, ("new", "9"))):
        serial = f"his-{len(typed)}"
        line = {"serial": serial, "item": "A1", "name": "old", "unit_price": "10", "quantity": "1", "amount": 1000,
                "service_date": hospital.now().date().isoformat(), "facts": {"relative_value_code": "101"}}  # fmt: skip
        await edge.call("2204", {"hid": hid, "currency": "CNY", "lines": [line]}, serial)
        await clerk.get(f"/desk/case/{hid}?mend={serial}")
        await clerk.send("/fees", item="B2", doctor="", **typed)
        new = (await hospital.clerks._casebook.steps(hid, hospital.now()))[-2].request.lines[0]
        assert (new.name, new.facts.relative_value_code if new.facts else "") == told


async def test_a_change_without_a_code_is_none_and_not_the_way_to_the_shares(clerk: Person, hospital: Hospital) -> None:
    await mending(hospital, clerk)
    await clerk.send("/fees", item=" ")
    assert "the code of the item" in clerk.main
    assert "instead" in clerk.form("/fees")[1]


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
