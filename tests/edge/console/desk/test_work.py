"""What an older page, another page or somebody else's word does at a case: nothing that was not shown."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from central_sync.terms.days import civil_day
from edge.console.lobby import BASE
from tests.edge.console.desk.hospital import NUMBER, Hospital, Person
from tests.edge.journal.drafts import declined
from tests.edge.world import Edge, until
from tests.patience import HUNG_S
from tests.sim.hub import SimHub


async def test_another_bill_of_the_same_total_is_not_settled_unseen(hospital: Hospital, clerk: Person) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    other = await hospital.clerk("desk-2", "clerk-2")
    await other.get(f"/desk/case/{hid}/bill")
    await clerk.send("/drop")
    await clerk.charge("B2")
    await other.send("/settle")
    assert "The bill has changed meanwhile." in other.main
    assert "2207" not in await hospital.numbers(hid)


async def test_a_page_of_an_earlier_settlement_says_and_takes_back_nothing_of_a_later_one(
    hospital: Hospital, clerk: Person
) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    await clerk.get(f"/desk/case/{hid}/bill")
    await clerk.send("/settle")
    older = Person(hospital, clerk.client, "en")
    await older.get(f"/desk/case/{hid}")
    await clerk.send("/not-booked")
    await clerk.charge("B2", "99")
    await clerk.get(f"/desk/case/{hid}/bill")
    await clerk.send("/settle")
    done = await hospital.numbers(hid)
    for act in ("/booked", "/not-booked"):
        whole, form = older.form(act)
        await older.post(whole, form)
        assert "The case has moved on meanwhile." in older.main
        await older.get(f"/desk/case/{hid}")
        older.page = older.page.replace(older.form("/booked")[1]["of"], form["of"])
    assert await hospital.numbers(hid) == done


async def test_a_page_that_listens_ends_with_the_desks_key_and_with_the_day(hospital: Hospital, clerk: Person) -> None:
    async def news(path: str) -> str:
        answer = await clerk.client.get(BASE + path)
        async with asyncio.timeout(HUNG_S):
            return (await answer.content.read()).decode()

    hid = await clerk.visit()
    for path in ("/desk/live", f"/desk/case/{hid}/live"):
        listening = asyncio.create_task(news(path))
        await asyncio.sleep(0.2)
        assert not listening.done()
        if path == "/desk/live":
            hospital.workstations.add("desk-1", hospital.now())
            hospital.put()
        else:
            cycle = hospital.cycles.today("desk-1", "clerk", hospital.now())
            await hospital.cycles.close(cycle)
        told = await listening
        assert "event: over" in told
        assert "zahra" not in told.lower()
        if path == "/desk/live":
            hospital.take()
            await clerk.sit("desk-1")
            await clerk.get("/desk")


async def test_an_admission_whose_end_is_not_known_is_sent_again_as_the_same_one(clerk: Person) -> None:
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    _, form = clerk.form("/open", 1)
    await clerk.send("/open", 1, diagnosis="", department="ward")
    assert clerk.form("/open", 1)[1]["msgid"] == form["msgid"]
    assert clerk.form("/open")[1]["msgid"] != form["msgid"]


async def test_the_msgid_of_anothers_case_gives_that_case_no_name(
    hospital: Hospital, clerk: Person, edge: Edge
) -> None:
    await edge.call(
        "2201",
        {
            "person": {"kind": "ir_national_code", "number": "0084575948"},
            "service_date": hospital.now().date().isoformat(),
            "department": "eye",
        },
        "his-1",
    )
    step = (await hospital.clerks._casebook.opened(hospital.now() - timedelta(hours=1)))[0]
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    await clerk.send("/open", msgid="his-1")
    assert clerk.path == f"/desk/case/{step.hid}"
    assert hospital.clerks._casebook.known(step.hid) is None


async def test_a_share_that_is_another_than_was_shown_is_told_before_money_is_taken(clerk: Person) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    for shown, told in (("1", True), (None, False)):
        await clerk.get(f"/desk/case/{hid}/bill")
        await clerk.send("/settle", **({"patient": shown} if shown else {}))
        assert "Take the patient's part" in clerk.main
        assert ("the patient's part is another than was shown" in clerk.main) is told
        await clerk.send("/not-booked")


async def test_an_opening_that_was_refused_is_listed_as_refused(
    hospital: Hospital, clerk: Person, edge: Edge, hub: SimHub
) -> None:
    await hub.stop()
    await until(lambda: not edge.uplink.up)
    hid = await clerk.visit()
    (opening,) = await hospital.clerks._casebook.steps(hid, hospital.now())
    standing = await edge.journal.find("H1", opening.msgid)
    await edge.journal.receive(declined(standing.seq, "person_unknown", "2201"), None, hospital.now())
    await clerk.get("/desk")
    assert "Visit opened: refused" in clerk.main


async def stay(clerk: Person) -> str:
    """An admission with one line on its bill; the case's page."""
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    whole, form = clerk.form("/open", 1)
    await clerk.post(whole, {**form, "diagnosis": "J06.9"})
    await clerk.charge()
    return clerk.path


async def test_what_was_typed_into_one_form_of_a_case_comes_back_in_that_form_and_stands_in_no_other(
    hospital: Hospital, clerk: Person
) -> None:
    page = await stay(clerk)
    await clerk.charge("A1", "ten", day="2026-11-20")
    assert (clerk.form("/fees")[1]["day"], clerk.form("/discharge")[1]["day"]) == ("2026-11-20", "")
    await clerk.get(page)
    whole, form = clerk.form("/discharge")
    await clerk.post(whole, {**form, "way": "died", "day": "yesterday", "diagnosis": "K35"})
    written = civil_day(hospital.now(), "Asia/Shanghai").isoformat()
    assert f"There is no such day. Write it like {written} ." in clerk.main
    left = clerk.form("/discharge")[1]
    assert (left["day"], left["diagnosis"], clerk.form("/fees")[1]["day"]) == ("yesterday", "K35", "")
    assert '<option value="died" selected' in clerk.page
    assert re.findall(r"<details open><summary>([^<]+)", clerk.page) == ["Discharge"]
    await clerk.get(page)
    await clerk.send("/diagnosis", diagnosis="no code")
    assert (clerk.form("/diagnosis")[1]["diagnosis"], clerk.form("/discharge")[1]["diagnosis"]) == ("no code", "J06.9")
    assert re.findall(r"<details open><summary>([^<]+)", clerk.page) == ["Write the diagnosis"]
    await clerk.get(f"{page}/bill?until=1404/13/01")
    assert f"Write it like {written} , today or before." in clerk.main
    assert clerk.form("/bill")[1]["until"] == "1404/13/01"
    assert re.findall(r"<details open><summary>([^<]+)", clerk.page) == ["Settle a part of the stay"]
